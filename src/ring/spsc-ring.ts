// data plane
import { assert } from '../base/assert.ts';
import { isPowerOfTwo } from '../base/bits.ts';
import {
  CONSUMER_POSITION_BYTE,
  FRAME_DATA,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_BYTE,
  FRAME_PADDING,
  FRAME_TYPE_BYTE,
  MAX_RING_CAPACITY_BYTES,
  MIN_RING_CAPACITY_BYTES,
  PRODUCER_POSITION_BYTE,
  RING_HEADER_BYTES,
} from './ring-layout.ts';

/** `tryClaim`: the consumer has not given enough space back yet. */
export const INSUFFICIENT_CAPACITY = -2;
/** `poll`: nothing published that was not polled. */
export const EMPTY = -1;

/**
 * A byte ring for one producer thread and one consumer thread; each side makes its own instance over the same memory and
 * calls only its own half.
 *
 * Producer: `tryClaim`, write the payload, `commit` or `abort`; after a batch one `publish`. Only one claim is open at
 * a time. Consumer: `poll`, read, `release`, poll …; after a batch one `acknowledge`. A payload may be read until then.
 *
 * Both words are Lamport's (1977): each is written by one side only, so no operation needs a compare-and-swap. Each side
 * keeps what it last saw of the other's word and looks again only when that says full, or empty.
 */
export class SpscRing {
  readonly capacity: number;
  /** The longest payload that is certain to fit into an empty ring wherever its positions stand. */
  readonly maxMessageLength: number;
  /** Views of the data; index 0 is its first byte. */
  readonly u8: Uint8Array;
  readonly buffer: Buffer;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  /** Length of the payload that the last `poll` found. */
  polledLength: number;

  readonly #words: Int32Array;
  readonly #mask: number;

  /** Producer: end of what is committed; end of what is published; the consumer's word when last read. */
  #committed: number;
  #published: number;
  #consumerSeen: number;
  /** Producer: where the open claim's frame begins, and how much payload it has room for; -1 without a claim. */
  #claimStart: number;
  #claimLength: number;

  /** Consumer: what is read; what is given back; the producer's word when last read. */
  #read: number;
  #acknowledged: number;
  #producerSeen: number;

  /**
   * @param capacityBytes a power of two.
   * @param startPosition where the positions begin; anything but 0 is for tests of the counters' wrap.
   */
  static allocate(capacityBytes: number, startPosition = 0): SharedArrayBuffer {
    assertCapacity(capacityBytes);
    assert((startPosition & 7) === 0, `ring startPosition=${startPosition} not a multiple of 8`);
    const memory = new SharedArrayBuffer(RING_HEADER_BYTES + capacityBytes);
    const words = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
    Atomics.store(words, PRODUCER_WORD, startPosition | 0);
    Atomics.store(words, CONSUMER_WORD, startPosition | 0);
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - RING_HEADER_BYTES;
    assertCapacity(this.capacity);
    this.maxMessageLength = this.capacity / 2 - FRAME_HEADER_BYTES;
    this.u8 = new Uint8Array(memory, RING_HEADER_BYTES, this.capacity);
    this.buffer = Buffer.from(memory, RING_HEADER_BYTES, this.capacity);
    this.u32 = new Uint32Array(memory, RING_HEADER_BYTES, this.capacity >> 2);
    this.f64 = new Float64Array(memory, RING_HEADER_BYTES, this.capacity >> 3);
    this.polledLength = 0;
    this.#words = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
    this.#mask = this.capacity - 1;
    const producer = Atomics.load(this.#words, PRODUCER_WORD);
    const consumer = Atomics.load(this.#words, CONSUMER_WORD);
    this.#committed = producer;
    this.#published = producer;
    this.#consumerSeen = consumer;
    this.#claimStart = 0;
    this.#claimLength = NO_CLAIM;
    this.#read = consumer;
    this.#acknowledged = consumer;
    this.#producerSeen = producer;
  }

  // ------------------------------------------------------------------ producer

  /**
   * Room for a payload of up to `maxLength` bytes, in one piece.
   * @returns the byte index of the payload, a multiple of 8, or INSUFFICIENT_CAPACITY.
   */
  tryClaim(maxLength: number): number {
    assert(this.#claimLength === NO_CLAIM, 'ring claim while a claim is open');
    assert(maxLength >= 0 && maxLength <= this.maxMessageLength, 'ring claim longer than maxMessageLength');
    const frameLength = FRAME_HEADER_BYTES + ((maxLength + 7) & ~7);
    const start = this.#committed;
    const index = start & this.#mask;
    const toEnd = this.capacity - index;
    const paddingLength = toEnd < frameLength ? toEnd : 0;
    const required = paddingLength + frameLength;
    if (((start - this.#consumerSeen) | 0) + required > this.capacity) {
      // Pairs with the store in `acknowledge`: what the consumer has read is free to be written over.
      this.#consumerSeen = Atomics.load(this.#words, CONSUMER_WORD);
      if (((start - this.#consumerSeen) | 0) + required > this.capacity) return INSUFFICIENT_CAPACITY;
    }
    if (paddingLength !== 0) this.#writeFrameHeader(index, paddingLength - FRAME_HEADER_BYTES, FRAME_PADDING);
    const claimStart = (start + paddingLength) | 0;
    this.#claimStart = claimStart;
    this.#claimLength = maxLength;
    return (claimStart & this.#mask) + FRAME_HEADER_BYTES;
  }

  /** The claimed payload is complete with this length. The consumer sees it after `publish`. */
  commit(length: number): void {
    assert(length >= 0 && length <= this.#claimLength, 'ring commit beyond the claim');
    const start = this.#claimStart;
    this.#writeFrameHeader(start & this.#mask, length, FRAME_DATA);
    this.#committed = (start + FRAME_HEADER_BYTES + ((length + 7) & ~7)) | 0;
    this.#claimLength = NO_CLAIM;
  }

  /** The claim is given up; the ring is as it was before it. */
  abort(): void {
    assert(this.#claimLength !== NO_CLAIM, 'ring abort without a claim');
    this.#claimLength = NO_CLAIM;
  }

  /** Makes all committed messages visible. Publishes their frames; pairs with the load in `poll` and `isEmpty`. */
  publish(): void {
    if (this.#published === this.#committed) return;
    this.#published = this.#committed;
    Atomics.store(this.#words, PRODUCER_WORD, this.#committed);
  }

  /** Bytes that are committed and not given back, headers and padding included. Reads the consumer's word. */
  usedBytes(): number {
    this.#consumerSeen = Atomics.load(this.#words, CONSUMER_WORD);
    return (this.#committed - this.#consumerSeen) | 0;
  }

  /** A claim may fail although its frame would fit into this: space at the end of the data is padded away at the wrap. */
  freeBytes(): number {
    return this.capacity - this.usedBytes();
  }

  // ------------------------------------------------------------------ consumer

  /**
   * The next message. The same one again until `release`.
   * @returns the byte index of its payload, with its length in `polledLength`, or EMPTY.
   */
  poll(): number {
    if (this.#read === this.#producerSeen && this.isEmpty()) return EMPTY;
    let index = this.#read & this.#mask;
    if (this.u32[(index + FRAME_TYPE_BYTE) >> 2] === FRAME_PADDING) {
      // A padding is published together with the frame behind it, which begins at index 0.
      this.#read = (this.#read + this.capacity - index) | 0;
      index = 0;
    }
    const length = this.u32[(index + FRAME_LENGTH_BYTE) >> 2] as number;
    assert(this.u32[(index + FRAME_TYPE_BYTE) >> 2] === FRAME_DATA, 'ring frame type unknown');
    assert(
      length <= ((this.#producerSeen - this.#read) | 0) - FRAME_HEADER_BYTES,
      'ring frame beyond what is published',
    );
    this.polledLength = length;
    return index + FRAME_HEADER_BYTES;
  }

  /** Done with the polled message; `poll` goes on to the next. Its space is given back by `acknowledge`. */
  release(): void {
    this.#read = (this.#read + FRAME_HEADER_BYTES + ((this.polledLength + 7) & ~7)) | 0;
  }

  /** Gives the space of all released messages back. Publishes that they were read; pairs with the load in `tryClaim`. */
  acknowledge(): void {
    if (this.#acknowledged === this.#read) return;
    this.#acknowledged = this.#read;
    Atomics.store(this.#words, CONSUMER_WORD, this.#read);
  }

  /** Whether nothing is left to poll. Reads the producer's word. */
  isEmpty(): boolean {
    return this.unreadBytes() === 0;
  }

  /** Bytes that are published and not released, headers and padding included. Reads the producer's word. */
  unreadBytes(): number {
    // Pairs with the store in `publish`: the frames before this position are complete.
    this.#producerSeen = Atomics.load(this.#words, PRODUCER_WORD);
    return (this.#producerSeen - this.#read) | 0;
  }

  #writeFrameHeader(index: number, length: number, type: number): void {
    this.u32[(index + FRAME_LENGTH_BYTE) >> 2] = length;
    this.u32[(index + FRAME_TYPE_BYTE) >> 2] = type;
  }
}

const PRODUCER_WORD = PRODUCER_POSITION_BYTE >> 2;
const CONSUMER_WORD = CONSUMER_POSITION_BYTE >> 2;
const NO_CLAIM = -1;

function assertCapacity(capacity: number): void {
  assert(
    isPowerOfTwo(capacity) && capacity >= MIN_RING_CAPACITY_BYTES && capacity <= MAX_RING_CAPACITY_BYTES,
    `ring capacityBytes=${capacity} not a power of two in range`,
  );
}
