import { describe, expect, it } from 'vitest';
import {
  ACK_ACCEPTED,
  ACK_FIRST_OFFSET,
  ACK_HEADER_BYTES,
  ACK_LEVEL,
  ACK_REPLY_SLOT,
} from '../../src/record/ack-message.ts';
import { LEVEL_DURABLE } from '../../src/record/intake-message.ts';
import { EMPTY, SpscRing } from '../../src/ring/spsc-ring.ts';
import { PendingAcks } from '../../src/worker/pending-acks.ts';

function ring(): { lane: SpscRing; main: SpscRing } {
  const memory = SpscRing.allocate(4096);
  return { lane: new SpscRing(memory), main: new SpscRing(memory) };
}

function slots(main: SpscRing): number[] {
  const found: number[] = [];
  for (let at = main.poll(); at !== EMPTY; at = main.poll()) {
    found.push(main.u32[(at + ACK_REPLY_SLOT) >>> 2] as number);
    main.release();
  }
  main.acknowledge();
  return found;
}

describe('PendingAcks.release', () => {
  it('writes what the offset covers, in order, and keeps the rest', () => {
    const { lane, main } = ring();
    const acks = new PendingAcks(LEVEL_DURABLE);
    for (let n = 0; n < 5; n++) acks.add(n, 1, n * 10, 10, 0, 0, null, n * 10 + 9);
    expect(acks.release(29, lane)).toBe(3);
    lane.publish();
    expect(slots(main)).toEqual([0, 1, 2]);
    expect(acks.count).toBe(2);
  });

  it('lays every field down', () => {
    const { lane, main } = ring();
    const acks = new PendingAcks(LEVEL_DURABLE);
    acks.add(7, 3, 1234, 2, 1, 0, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), 1235);
    acks.release(1235, lane);
    lane.publish();
    const at = main.poll();
    expect(main.polledLength).toBe(ACK_HEADER_BYTES + 8);
    expect(main.f64[(at + ACK_FIRST_OFFSET) >>> 3]).toBe(1234);
    expect(main.u32[(at + ACK_ACCEPTED) >>> 2]).toBe(2);
    expect(main.u32[(at + ACK_LEVEL) >>> 2]).toBe(LEVEL_DURABLE);
    expect([...main.u8.subarray(at + ACK_HEADER_BYTES, at + ACK_HEADER_BYTES + 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('stops at a full ring and goes on where it stopped', () => {
    const { lane, main } = ring();
    const acks = new PendingAcks(LEVEL_DURABLE);
    for (let n = 0; n < 500; n++) acks.add(n, 1, n, 1, 0, 0, null, n);
    const found: number[] = [];
    while (acks.count > 0) {
      acks.release(1e9, lane);
      lane.publish();
      found.push(...slots(main));
    }
    expect(found).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it('grows across its own wrap without losing the order', () => {
    const { lane, main } = ring();
    const acks = new PendingAcks(LEVEL_DURABLE);
    const found: number[] = [];
    const drain = (through: number): void => {
      for (let written = 1; written > 0; ) {
        written = acks.release(through, lane);
        lane.publish();
        found.push(...slots(main));
      }
    };
    for (let n = 0; n < 1000; n++) acks.add(n, 1, n, 1, 0, 0, null, n);
    drain(899);
    for (let n = 1000; n < 4000; n++) acks.add(n, 1, n, 1, 0, 0, null, n);
    drain(1e9);
    expect(found).toEqual(Array.from({ length: 4000 }, (_, n) => n));
  });
});
