import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { RING_HEADER_BYTES } from '../../src/ring/ring-layout.ts';
import { EMPTY, INSUFFICIENT_CAPACITY, SpscRing } from '../../src/ring/spsc-ring.ts';

interface Sides {
  producer: SpscRing;
  consumer: SpscRing;
}

function ring(capacityBytes: number, startPosition = 0): Sides {
  const memory = SpscRing.allocate(capacityBytes, startPosition);
  return { producer: new SpscRing(memory), consumer: new SpscRing(memory) };
}

/** One message of `length` bytes, all of them `fill`. */
function send(producer: SpscRing, length: number, fill: number): number {
  const at = producer.tryClaim(length);
  if (at < 0) return at;
  producer.u8.fill(fill, at, at + length);
  producer.commit(length);
  producer.publish();
  return at;
}

/** The next message's bytes; released but not acknowledged. */
function receive(consumer: SpscRing): number[] | null {
  const at = consumer.poll();
  if (at === EMPTY) return null;
  const bytes = [...consumer.u8.subarray(at, at + consumer.polledLength)];
  consumer.release();
  return bytes;
}

describe('SpscRing.allocate', () => {
  it('makes room for the words and the data', () => {
    expect(SpscRing.allocate(4096).byteLength).toBe(RING_HEADER_BYTES + 4096);
  });

  it('refuses a capacity that is no power of two in range', () => {
    for (const capacity of [0, 32, 1000, 2 ** 31]) expect(() => SpscRing.allocate(capacity)).toThrow(AssertionError);
    expect(() => new SpscRing(new SharedArrayBuffer(RING_HEADER_BYTES + 1000))).toThrow(AssertionError);
  });
});

describe('SpscRing.poll', () => {
  it('returns EMPTY from a new ring', () => {
    const { consumer } = ring(64);
    expect(consumer.poll()).toBe(EMPTY);
    expect(consumer.isEmpty()).toBe(true);
    expect(consumer.unreadBytes()).toBe(0);
  });

  it('sees a message only once it is published', () => {
    const { producer, consumer } = ring(64);
    producer.tryClaim(3);
    expect(consumer.poll()).toBe(EMPTY);
    producer.commit(3);
    expect(consumer.poll()).toBe(EMPTY);
    producer.publish();
    expect(consumer.poll()).toBe(8);
    expect(consumer.polledLength).toBe(3);
    expect(consumer.unreadBytes()).toBe(16);
  });

  it('returns the same message until release', () => {
    const { producer, consumer } = ring(64);
    send(producer, 5, 1);
    send(producer, 6, 2);
    expect([consumer.poll(), consumer.poll(), consumer.polledLength]).toEqual([8, 8, 5]);
    consumer.release();
    expect([consumer.poll(), consumer.polledLength]).toEqual([24, 6]);
  });

  it('returns a batch of messages in order after one publish', () => {
    const { producer, consumer } = ring(256);
    for (let i = 0; i < 5; i++) {
      const at = producer.tryClaim(1);
      producer.u8[at] = i;
      producer.commit(1);
    }
    producer.publish();
    expect([0, 1, 2, 3, 4, 5].map(() => receive(consumer))).toEqual([[0], [1], [2], [3], [4], null]);
  });

  it('gives an empty message', () => {
    const { producer, consumer } = ring(64);
    send(producer, 0, 0);
    expect([consumer.poll(), consumer.polledLength]).toEqual([8, 0]);
  });

  it('gives an empty message whose header ends the data', () => {
    const { producer, consumer } = ring(64, 56);
    expect(send(producer, 0, 0)).toBe(64);
    expect([consumer.poll(), consumer.polledLength]).toEqual([64, 0]);
    consumer.release();
    consumer.acknowledge();
    expect(send(producer, 1, 7)).toBe(8);
    expect(receive(consumer)).toEqual([7]);
  });

  it('goes over the padding at the wrap', () => {
    const { producer, consumer } = ring(64);
    send(producer, 24, 1); // 0..32
    send(producer, 8, 2); // 32..48
    receive(consumer);
    receive(consumer);
    consumer.acknowledge();
    expect(send(producer, 16, 3)).toBe(8); // 16 bytes at the end are too few for a frame of 24
    expect(receive(consumer)).toEqual(new Array(16).fill(3));
    expect(receive(consumer)).toBeNull();
  });

  it('meets a frame that ends at the wrap and the one after it', () => {
    const { producer, consumer } = ring(64);
    send(producer, 24, 1);
    receive(consumer);
    consumer.acknowledge();
    expect(send(producer, 24, 2)).toBe(40); // 32..64, no padding
    expect(send(producer, 8, 3)).toBe(8);
    expect([receive(consumer), receive(consumer)]).toEqual([new Array(24).fill(2), new Array(8).fill(3)]);
  });

  it('asserts on memory that holds no frame', () => {
    const { producer, consumer } = ring(64);
    send(producer, 8, 1);
    producer.u32[1] = 9;
    expect(() => consumer.poll()).toThrow('ring frame type unknown');
    producer.u32[1] = 1;
    producer.u32[0] = 9;
    expect(() => consumer.poll()).toThrow('ring frame beyond what is published');
  });
});

describe('SpscRing.tryClaim', () => {
  it('gives an index that is a multiple of 8', () => {
    const { producer } = ring(256);
    expect([1, 8, 9, 3].map((length) => send(producer, length, 0))).toEqual([8, 24, 40, 64]);
  });

  it('returns INSUFFICIENT_CAPACITY one lap ahead', () => {
    const { producer, consumer } = ring(64);
    for (let i = 0; i < 4; i++) expect(send(producer, 8, i)).toBeGreaterThan(0);
    expect(send(producer, 0, 9)).toBe(INSUFFICIENT_CAPACITY);
    expect(receive(consumer)).toEqual(new Array(8).fill(0));
    expect(send(producer, 8, 9)).toBe(INSUFFICIENT_CAPACITY); // read, but not given back
    consumer.acknowledge();
    expect(send(producer, 8, 4)).toBe(8);
    expect(send(producer, 0, 9)).toBe(INSUFFICIENT_CAPACITY);
    expect([1, 2, 3, 4].map(() => receive(consumer)?.[0])).toEqual([1, 2, 3, 4]);
  });

  it('counts the padding at the wrap as used', () => {
    const { producer, consumer } = ring(64);
    send(producer, 24, 1);
    send(producer, 8, 2); // 16 bytes left at the end
    receive(consumer);
    consumer.acknowledge(); // 32 bytes free at the beginning
    expect(send(producer, 24, 3)).toBe(8);
    expect(producer.usedBytes()).toBe(64);
    expect(send(producer, 0, 4)).toBe(INSUFFICIENT_CAPACITY);
  });

  it('leaves the ring as it was when it fails', () => {
    const { producer, consumer } = ring(64);
    send(producer, 24, 1);
    send(producer, 8, 2);
    expect(send(producer, 24, 3)).toBe(INSUFFICIENT_CAPACITY);
    expect(send(producer, 8, 4)).toBe(56); // what is left at the end is still usable
    expect([receive(consumer)?.[0], receive(consumer)?.[0], receive(consumer)?.[0]]).toEqual([1, 2, 4]);
  });

  it('fits maxMessageLength into an empty ring at every position', () => {
    for (let start = 0; start < 128; start += 8) {
      const { producer, consumer } = ring(128, start);
      expect(producer.maxMessageLength).toBe(56);
      expect(send(producer, 56, 7)).toBeGreaterThan(0);
      expect(receive(consumer)).toEqual(new Array(56).fill(7));
    }
  });

  it('asserts on a longer message, a negative one and a second open claim', () => {
    const { producer } = ring(128);
    expect(() => producer.tryClaim(57)).toThrow(AssertionError);
    expect(() => producer.tryClaim(-1)).toThrow(AssertionError);
    producer.tryClaim(8);
    expect(() => producer.tryClaim(8)).toThrow('ring claim while a claim is open');
  });
});

describe('SpscRing.commit', () => {
  it('may be shorter than the claim and gives the rest back', () => {
    const { producer, consumer } = ring(64);
    producer.tryClaim(24);
    producer.commit(5);
    producer.publish();
    expect(producer.usedBytes()).toBe(16);
    expect([consumer.poll(), consumer.polledLength]).toEqual([8, 5]);
  });

  it('asserts without a claim and beyond it', () => {
    const { producer } = ring(64);
    expect(() => producer.commit(0)).toThrow('ring commit beyond the claim');
    producer.tryClaim(8);
    expect(() => producer.commit(9)).toThrow('ring commit beyond the claim');
  });
});

describe('SpscRing.abort', () => {
  it('leaves no trace, at the wrap either', () => {
    const { producer, consumer } = ring(64);
    send(producer, 24, 1);
    send(producer, 8, 2);
    receive(consumer);
    receive(consumer);
    consumer.acknowledge();
    expect(producer.tryClaim(16)).toBe(8);
    producer.abort();
    producer.publish();
    expect(consumer.poll()).toBe(EMPTY);
    expect(send(producer, 8, 3)).toBe(56);
    expect(receive(consumer)).toEqual(new Array(8).fill(3));
  });

  it('asserts without a claim', () => {
    expect(() => ring(64).producer.abort()).toThrow('ring abort without a claim');
  });
});

describe('SpscRing positions', () => {
  /** Just below the wrap of int32 to negative, and below the wrap of 32 bits to 0. */
  const starts = [2 ** 31 - 64, 2 ** 32 - 64];

  it('wrap without a message lost', () => {
    for (const start of starts) {
      const { producer, consumer } = ring(64, start);
      for (let i = 0; i < 40; i++) {
        expect(send(producer, i % 24, i)).toBeGreaterThan(0);
        expect(receive(consumer)).toEqual(new Array(i % 24).fill(i));
        consumer.acknowledge();
      }
      expect([producer.usedBytes(), producer.freeBytes(), consumer.unreadBytes()]).toEqual([0, 64, 0]);
    }
  });

  it('tell full from empty across the wrap', () => {
    for (const start of starts) {
      const { producer, consumer } = ring(64, start + 40);
      send(producer, 8, 1); // 40..56
      for (let i = 2; i < 5; i++) expect(send(producer, 0, i)).toBeGreaterThan(0);
      expect(send(producer, 16, 5)).toBeGreaterThan(0);
      expect(producer.usedBytes()).toBe(64);
      expect(send(producer, 0, 6)).toBe(INSUFFICIENT_CAPACITY);
      expect(consumer.isEmpty()).toBe(false);
      for (let i = 1; i < 6; i++) expect(receive(consumer)).not.toBeNull();
      expect(receive(consumer)).toBeNull();
      consumer.acknowledge();
      expect(producer.freeBytes()).toBe(64);
    }
  });

  it('are taken up by a side that begins later', () => {
    const memory = SpscRing.allocate(64, 2 ** 31 - 8);
    const producer = new SpscRing(memory);
    send(producer, 8, 1);
    const consumer = new SpscRing(memory);
    expect(receive(consumer)).toEqual(new Array(8).fill(1));
    expect(receive(consumer)).toBeNull();
  });
});

describe('SpscRing views', () => {
  it('all begin at the first byte of the data', () => {
    const { producer } = ring(64);
    producer.f64[1] = 1;
    expect([producer.u32[3], producer.u8[15], producer.buffer[15]]).toEqual([0x3ff00000, 0x3f, 0x3f]);
    expect([producer.u8.length, producer.buffer.length, producer.u32.length, producer.f64.length]).toEqual([
      64, 64, 16, 8,
    ]);
  });
});
