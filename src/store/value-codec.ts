// data plane
import { MokaError } from '../base/errors.ts';
import type { Upcasters } from './store-spec.ts';
import { ValueReader } from './value-reader.ts';
import { Shapes } from './value-shapes.ts';
import { ValueWriter } from './value-writer.ts';

export interface ValueCodecOptions {
  readonly isTimed?: boolean | undefined;
  readonly version?: number | undefined;
  readonly upcasters?: Upcasters | undefined;
  readonly maxShapes?: number;
}

/**
 * Values of one store as bytes (`value-format.ts`). The shapes of its objects are kept with the checkpoint.
 *
 * The last byte is the version of the value: one of an earlier version is brought up to date when it is read, and written
 * as what it has become when it is next written.
 *
 * Reading always makes a new value: whether a row was in the cache or in the environment cannot be told from it.
 */
export class ValueCodec {
  /** Where `encode` leaves its result, from the first byte on: valid until the next call. */
  readonly written: ValueWriter;
  /**
   * Of a timed store: the time that goes with the value, in ms. Set before `encode`, and by `decode`. Its eight bytes
   * stand behind those of the value.
   */
  time = 0;
  readonly #isTimed: boolean;
  readonly #version: number;
  readonly #upcasters: Upcasters;
  readonly #shapes: Shapes;
  readonly #reader: ValueReader;

  /** @param shapes as `shapes()` gave them */
  constructor(shapes: readonly (readonly string[])[] = [], options: ValueCodecOptions = {}) {
    this.#isTimed = options.isTimed ?? false;
    this.#version = options.version ?? FIRST_VERSION;
    this.#upcasters = options.upcasters ?? new Map();
    this.#shapes = new Shapes(shapes, options.maxShapes);
    this.written = new ValueWriter(this.#shapes);
    this.#reader = new ValueReader(this.#shapes);
  }

  /** For values that are read where nothing is known of those written before: objects carry their member names. */
  static selfDescribing(): ValueCodec {
    return new ValueCodec([], { maxShapes: 0 });
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a value that cannot be kept */
  encode(value: unknown): void {
    this.written.write(value);
    if (this.#isTimed) this.written.appendTime(this.time);
    this.written.appendByte(this.#version);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED, or ERR_OPERATOR_FAILED for an earlier version that cannot be read */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const version = bytes[end - 1] as number;
    let valueEnd = end - 1;
    if (this.#isTimed) {
      valueEnd -= TIME_BYTES;
      for (let i = 0; i < TIME_BYTES; i++) DOUBLE_BYTES[i] = bytes[valueEnd + i] as number;
      this.time = DOUBLE[0] as number;
    }
    const value = this.#reader.read(bytes, start, valueEnd);
    return version === this.#version ? value : this.#upcast(value, version);
  }

  #upcast(value: unknown, from: number): unknown {
    if (from < FIRST_VERSION || from > this.#version) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `value of version=${from}, known up to version=${this.#version}`);
    }
    if (readsAsStored) return value;
    let current = value;
    for (let version = from; version < this.#version; version++) {
      const upcaster = this.#upcasters.get(version) as ((value: unknown) => unknown) | undefined;
      try {
        if (upcaster === undefined) throw new TypeError(`there is no upcaster for version ${version}`);
        current = upcaster(current);
        if (current === undefined) throw new TypeError(`the upcaster for version ${version} returned undefined`);
      } catch (cause) {
        const detail = `stored value of version=${from} cannot be read as version=${this.#version}`;
        throw new MokaError('ERR_OPERATOR_FAILED', `${detail}: ${String(cause)}`, { cause });
      }
    }
    return current;
  }

  get shapeCount(): number {
    return this.#shapes.list.length;
  }

  /** Member names of every shape, in the order of their numbers. */
  shapes(): string[][] {
    return this.#shapes.list.map((shape) => [...shape.names]);
  }
}

/**
 * Has values of earlier versions read as they were written. For giving up what cannot be brought up to date: it is found by
 * its place, and nothing of it is used or written again.
 */
export function readAsStored<Result>(run: () => Result): Result {
  readsAsStored = true;
  try {
    return run();
  } finally {
    readsAsStored = false;
  }
}

let readsAsStored = false;

/** What is written where nobody says which version it is. */
export const FIRST_VERSION = 1;
const TIME_BYTES = 8;
const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);
