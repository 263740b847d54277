// data plane
import { Packr } from 'msgpackr/pack';
import { MokaError } from '../base/errors.ts';
import { MAX_ROW_VALUE_BYTES } from './store-limits.ts';

/**
 * Values of one store as msgpack. Objects of a shape seen before are written as the number of their shape and the values
 * of their members; the shapes are kept with the checkpoint and only ever added to, so old rows stay readable.
 *
 * Decoding always makes a new value: whether a row was in the cache or in the environment cannot be told from it.
 */
export class ValueCodec {
  /** Where `encode` left its result; valid until the next call of any codec. The start is a multiple of 8. */
  bytes: Buffer = EMPTY;
  words: Int32Array = EMPTY_WORDS;
  start = 0;
  length = 0;
  readonly #shapes: Shapes;
  readonly #packr: Packr;
  readonly #range = { start: 0, end: 0 };

  /** @param shapes as `shapes()` gave them */
  constructor(shapes: readonly (readonly string[])[] = []) {
    this.#shapes = shapes.map((names, number) => sharedShape(names, number));
    const options = { structures: this.#shapes, maxSharedStructures: MAX_SHAPES, copyBuffers: true };
    this.#packr = new Packr(options as ConstructorParameters<typeof Packr>[0]);
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a value that cannot be kept */
  encode(value: unknown): void {
    const packed = this.#pack(value);
    if (packed !== this.bytes) {
      this.bytes = packed;
      this.words = new Int32Array(packed.buffer, packed.byteOffset, packed.length >> 2);
    }
    this.start = packed.start;
    this.length = packed.end - packed.start;
    if (this.length > MAX_ROW_VALUE_BYTES) {
      throw new MokaError(
        'ERR_OPERATOR_FAILED',
        `store value too large bytes=${this.length} max=${MAX_ROW_VALUE_BYTES}`,
      );
    }
  }

  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const range = this.#range;
    range.start = start;
    range.end = end;
    return this.#packr.unpack(bytes, range as unknown as number);
  }

  get shapeCount(): number {
    return this.#shapes.sharedLength ?? this.#shapes.length;
  }

  /** Member names of every shape, in the order of their numbers. */
  shapes(): string[][] {
    return this.#shapes.slice(0, this.shapeCount).map((names) => [...names]);
  }

  #pack(value: unknown): PackedBuffer {
    try {
      return this.#packr.pack(value, REUSE_BUFFER | RESET_BUFFER) as PackedBuffer;
    } catch (cause) {
      throw new MokaError('ERR_OPERATOR_FAILED', `store value cannot be kept type=${typeof value}`, { cause });
    }
  }
}

/** msgpackr's own buffer, with the place of the result in it. */
interface PackedBuffer extends Buffer {
  start: number;
  end: number;
}

/** msgpackr's array of shapes, which it adds to as it meets new ones. */
interface Shapes extends Array<string[]> {
  sharedLength?: number;
}

/** As msgpackr marks those it loads itself: a number above 31 takes two bytes, and its reader asks for `highByte`. */
function sharedShape(names: readonly string[], number: number): string[] {
  return Object.assign([...names], { isShared: true, highByte: number < 32 ? -1 : (number - 32) >> 5 });
}

/** Options of msgpackr's `pack`: hand out its buffer without a view, and use the same place again next time. */
const REUSE_BUFFER = 512;
const RESET_BUFFER = 1024;
/** Objects used as dictionaries make a shape each; beyond this many, objects carry their member names. */
const MAX_SHAPES = 256;
const EMPTY = Buffer.alloc(0);
const EMPTY_WORDS = new Int32Array(0);
