// data plane
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { REGISTERS_STORE_ID } from './store-spec.ts';

/** Numbers that each store has beside its rows. */
export const REGISTERS_PER_STORE = 4;
/** A register that was never written. */
export const NEVER = Number.NEGATIVE_INFINITY;

/**
 * A few numbers per store, for what an operator must remember at every event and once per partition: the time it has
 * seen, when something is due next. A row would cost a look-up and an encoding each time; these cost a load and a store.
 * They are taken back with their event, and are one row of the checkpoint per store: four f64, little endian.
 */
export class Registers implements CutPart {
  readonly #values: Float64Array;
  readonly #undo: { index: number; before: number }[] = [];
  #isInEvent = false;
  #isDirty = false;
  // The open cut.
  #cut: Float64Array | null = null;
  #handed = 0;

  constructor(storeCount: number, reader: CheckpointReader | null) {
    this.#values = new Float64Array(storeCount * REGISTERS_PER_STORE).fill(NEVER);
    if (reader === null || reader.meta === null) return;
    for (let storeId = 0; storeId < storeCount; storeId++) this.#load(storeId, reader);
  }

  /** @param index 0 to 3 @returns NEVER if it was never written */
  read(storeId: number, index: number): number {
    return this.#values[storeId * REGISTERS_PER_STORE + index] as number;
  }

  write(storeId: number, index: number, value: number): void {
    const at = storeId * REGISTERS_PER_STORE + index;
    const before = this.#values[at] as number;
    if (before === value) return;
    if (this.#isInEvent) this.#undo.push({ index: at, before });
    this.#values[at] = value;
    this.#isDirty = true;
  }

  // ------------------------------------------------------------------ events

  beginEvent(): void {
    this.#isInEvent = true;
  }

  commitEvent(): void {
    this.#isInEvent = false;
    if (this.#undo.length !== 0) this.#undo.length = 0;
  }

  undoEvent(): void {
    this.#isInEvent = false;
    this.undoTo(0);
  }

  /** How much the event has written; to be given to `undoTo`. */
  get written(): number {
    return this.#undo.length;
  }

  /** Takes back what the event wrote since `written` was this; the event goes on. */
  undoTo(written: number): void {
    while (this.#undo.length > written) {
      const { index, before } = this.#undo.pop() as { index: number; before: number };
      this.#values[index] = before;
    }
  }

  // ------------------------------------------------------------------ cuts

  beginCut(): void {
    this.#cut = this.#isDirty ? this.#values.slice() : null;
    this.#isDirty = false;
    this.#handed = 0;
  }

  handOver(sink: RowSink, _maxBytes: number): number {
    const cut = this.#cut;
    if (cut === null) return 0;
    const bytes = new Uint8Array(cut.buffer);
    const count = cut.length / REGISTERS_PER_STORE;
    for (; this.#handed < count; this.#handed++) {
      const key = keyOf(this.#handed);
      const start = this.#handed * ROW_BYTES;
      if (!sink.tryRow(REGISTERS_STORE_ID, key, 0, key.length, bytes, start, ROW_BYTES)) return -1;
    }
    return bytes.length;
  }

  confirmCut(): void {
    this.#cut = null;
  }

  abandonCut(): void {
    if (this.#cut !== null) this.#isDirty = true;
    this.#cut = null;
  }

  #load(storeId: number, reader: CheckpointReader): void {
    const key = keyOf(storeId);
    const row = reader.get(REGISTERS_STORE_ID, key, key.length);
    if (row === null) return;
    if (row.length !== ROW_BYTES) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `registers row store=${storeId} bytes=${row.length}`);
    }
    const view = new DataView(row.buffer, row.byteOffset, ROW_BYTES);
    for (let i = 0; i < REGISTERS_PER_STORE; i++) {
      this.#values[storeId * REGISTERS_PER_STORE + i] = view.getFloat64(i * 8, true);
    }
  }
}

function keyOf(storeId: number): Uint8Array {
  return Uint8Array.of(storeId >>> 8, storeId & 0xff);
}

const ROW_BYTES = REGISTERS_PER_STORE * 8;
assert(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, 'rows of numbers are little endian');
