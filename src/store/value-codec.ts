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
  readonly #shapes: Shapes;
  readonly #reader: ValueReader;

  /** @param shapes as `shapes()` gave them */
  constructor(shapes: readonly (readonly string[])[] = []) {
    this.#shapes = new Shapes(shapes);
    this.written = new ValueWriter(this.#shapes);
    this.#reader = new ValueReader(this.#shapes);
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a value that cannot be kept */
  encode(value: unknown): void {
    this.written.write(value);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    return this.#reader.read(bytes, start, end);
  }

  get shapeCount(): number {
    return this.#shapes.list.length;
  }

  /** Member names of every shape, in the order of their numbers. */
  shapes(): string[][] {
    return this.#shapes.list.map((shape) => [...shape.names]);
  }
}
