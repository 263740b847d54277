// data plane
import { ValueReader } from './value-reader.ts';
import { Shapes } from './value-shapes.ts';
import { ValueWriter } from './value-writer.ts';

/**
 * Values of one store as bytes (`value-format.ts`). The shapes of its objects are kept with the checkpoint.
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
  readonly #shapes: Shapes;
  readonly #reader: ValueReader;

  /** @param shapes as `shapes()` gave them */
  constructor(shapes: readonly (readonly string[])[] = [], isTimed = false, maxShapes?: number) {
    this.#isTimed = isTimed;
    this.#shapes = new Shapes(shapes, maxShapes);
    this.written = new ValueWriter(this.#shapes);
    this.#reader = new ValueReader(this.#shapes);
  }

  /** For values that are read where nothing is known of those written before: objects carry their member names. */
  static selfDescribing(): ValueCodec {
    return new ValueCodec([], false, 0);
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a value that cannot be kept */
  encode(value: unknown): void {
    this.written.write(value);
    if (this.#isTimed) this.written.appendTime(this.time);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    if (!this.#isTimed) return this.#reader.read(bytes, start, end);
    const valueEnd = end - TIME_BYTES;
    for (let i = 0; i < TIME_BYTES; i++) DOUBLE_BYTES[i] = bytes[valueEnd + i] as number;
    this.time = DOUBLE[0] as number;
    return this.#reader.read(bytes, start, valueEnd);
  }

  get shapeCount(): number {
    return this.#shapes.list.length;
  }

  /** Member names of every shape, in the order of their numbers. */
  shapes(): string[][] {
    return this.#shapes.list.map((shape) => [...shape.names]);
  }
}

const TIME_BYTES = 8;
const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);
