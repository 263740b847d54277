import { MokaError } from '../base/errors.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import type { RowCache } from './row-cache.ts';
import { SHAPES_STORE_ID, SIZES_STORE_ID, type StoreSpec } from './store-spec.ts';
import { ValueCodec } from './value-codec.ts';

interface SummaryRow {
  readonly storeId: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * What is kept about each store besides its rows: how many there are, and the shapes of their values. Two rows of the
 * checkpoint per store; the key is the store's id, u16 big endian, the values are f64 little endian and JSON.
 */
export class StoreSummary implements CutPart {
  readonly #stores: readonly StoreSpec[];
  readonly #cache: RowCache;
  readonly #codecs: ValueCodec[] = [];
  /** Shapes that the last confirmed checkpoint has, per store. */
  readonly #savedShapes: number[] = [];
  // The open cut.
  #cutRows: SummaryRow[] = [];
  #cutSizes: Float64Array = new Float64Array(0);
  #cutShapes: number[] = [];
  #handed = 0;

  constructor(stores: readonly StoreSpec[], cache: RowCache, reader: CheckpointReader | null) {
    this.#stores = stores;
    this.#cache = cache;
    for (const { id, isTimed } of stores) {
      const key = keyOf(id);
      const size = reader?.get(SIZES_STORE_ID, key, key.length) ?? null;
      const rowCount = size === null ? 0 : readSize(size);
      cache.sizes[id] = rowCount;
      cache.rows.baseSizes[id] = rowCount;
      const shapes = reader?.get(SHAPES_STORE_ID, key, key.length) ?? null;
      const codec = new ValueCodec(shapes === null ? [] : readShapes(shapes), isTimed);
      this.#codecs[id] = codec;
      this.#savedShapes[id] = codec.shapeCount;
    }
  }

  codec(storeId: number): ValueCodec {
    return this.#codecs[storeId] as ValueCodec;
  }

  beginCut(): void {
    this.#cutSizes = this.#cache.sizes.slice();
    this.#cutShapes = this.#stores.map(({ id }) => this.codec(id).shapeCount);
    this.#cutRows = [];
    this.#handed = 0;
    for (const { id } of this.#stores) {
      const key = keyOf(id);
      const size = new Uint8Array(Float64Array.of(this.#cutSizes[id] as number).buffer);
      this.#cutRows.push({ storeId: SIZES_STORE_ID, key, value: size });
      if (this.codec(id).shapeCount === this.#savedShapes[id]) continue;
      const shapes = Buffer.from(JSON.stringify(this.codec(id).shapes()));
      this.#cutRows.push({ storeId: SHAPES_STORE_ID, key, value: shapes });
    }
  }

  handOver(sink: RowSink, _maxBytes: number): number {
    let cost = 0;
    for (; this.#handed < this.#cutRows.length; this.#handed++) {
      const { storeId, key, value } = this.#cutRows[this.#handed] as SummaryRow;
      if (!sink.tryRow(storeId, key, 0, key.length, value, 0, value.length)) return -1;
      cost += value.length;
    }
    return cost;
  }

  confirmCut(): void {
    for (let i = 0; i < this.#stores.length; i++) {
      const id = (this.#stores[i] as StoreSpec).id;
      this.#cache.rows.baseSizes[id] = this.#cutSizes[id] as number;
      this.#savedShapes[id] = this.#cutShapes[i] as number;
    }
    this.#cutRows = [];
  }

  abandonCut(): void {
    this.#cutRows = [];
  }
}

function keyOf(storeId: number): Uint8Array {
  return Uint8Array.of(storeId >>> 8, storeId & 0xff);
}

function readSize(bytes: Uint8Array): number {
  if (bytes.length !== 8) throw new MokaError('ERR_CHECKPOINT_DAMAGED', `size row bytes=${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
}

function readShapes(bytes: Uint8Array): string[][] {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as string[][];
  } catch (cause) {
    throw new MokaError('ERR_CHECKPOINT_DAMAGED', `shapes row bytes=${bytes.length}`, { cause });
  }
}
