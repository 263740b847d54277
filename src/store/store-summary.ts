import { MokaError } from '../base/errors.ts';
import { whyNotReadable } from '../record/schema-growth.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import type { RowCache } from './row-cache.ts';
import { type EventForm, SHAPES_STORE_ID, SIZES_STORE_ID, type StoreLayout, type StoreSpec } from './store-spec.ts';
import { FIRST_VERSION, ValueCodec } from './value-codec.ts';

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
  /** Versions that the values of each store may be of. */
  readonly #versions: (readonly number[])[] = [];
  /** Versions and events as text: what the last confirmed checkpoint has of them, and what the next one is to have. */
  readonly #savedForms: string[] = [];
  readonly #forms: string[] = [];
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
    for (const spec of stores) {
      const { id, isTimed, version, upcasters } = spec;
      const key = keyOf(id);
      const size = reader?.get(SIZES_STORE_ID, key, key.length) ?? null;
      const rowCount = size === null ? 0 : readSize(size);
      cache.sizes[id] = rowCount;
      cache.rows.baseSizes[id] = rowCount;
      const shapes = reader?.get(SHAPES_STORE_ID, key, key.length) ?? null;
      const saved = shapes === null ? NOTHING_SAVED : readShapes(shapes);
      const codec = new ValueCodec(saved.shapes, { isTimed, version, upcasters });
      this.#versions[id] = versionsOf(spec, rowCount === 0 ? [] : saved.versions);
      if (rowCount > 0) assertReadable(spec, saved.events ?? []);
      if (rowCount > 0) assertSameLayout(spec, saved.layout ?? {});
      this.#savedForms[id] = formsText(saved.versions, saved);
      this.#forms[id] = formsText(this.#versions[id], spec);
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
    for (const { id, events, layout } of this.#stores) {
      const key = keyOf(id);
      const size = new Uint8Array(Float64Array.of(this.#cutSizes[id] as number).buffer);
      this.#cutRows.push({ storeId: SIZES_STORE_ID, key, value: size });
      const versions = this.#versions[id] as readonly number[];
      const isSaved = this.#savedForms[id] === this.#forms[id];
      if (isSaved && this.codec(id).shapeCount === this.#savedShapes[id]) continue;
      const shapes = Buffer.from(JSON.stringify({ shapes: this.codec(id).shapes(), versions, events, layout }));
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
      this.#savedForms[id] = this.#forms[id] as string;
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

interface SavedShapes {
  readonly shapes: readonly (readonly string[])[];
  /** Of the values that have been written to the store. */
  readonly versions: readonly number[];
  /** Of the events in them. */
  readonly events?: readonly EventForm[];
  /** Of the rows. */
  readonly layout?: StoreLayout;
}

const NOTHING_SAVED: SavedShapes = { shapes: [], versions: [] };

/**
 * The versions of what is in a store and of what will be.
 * @throws MokaError ERR_STATE_VERSION when something in it could not be read
 */
function versionsOf(spec: StoreSpec, saved: readonly number[]): readonly number[] {
  const { name, version = FIRST_VERSION, upcasters } = spec;
  for (const old of saved) {
    for (let step = old; step < version; step++) {
      if (upcasters?.has(step) === true) continue;
      throw new MokaError(
        'ERR_STATE_VERSION',
        `store=${name} may hold values of version=${old}, and there is no way from ${step} to ${step + 1}: give it upcast: { ${step}: (value) => … }`,
      );
    }
    if (old > version) {
      throw new MokaError(
        'ERR_STATE_VERSION',
        `store=${name} may hold values of version=${old}, written by a later topology; this one knows version=${version}`,
      );
    }
  }
  return saved.includes(version) ? saved : [...saved, version];
}

/**
 * A stream whose events are kept may not have another form under the same version, or what is kept would go to functions
 * that expect something else.
 * @throws MokaError ERR_STATE_VERSION
 */
function assertReadable({ name, events = [] }: StoreSpec, saved: readonly EventForm[]): void {
  for (const { stream, version, schema } of events) {
    const before = saved.find((one) => one.stream === stream && one.version === version);
    const complaint = before === undefined ? null : whyNotReadable(before.schema, schema);
    if (complaint === null) continue;
    throw new MokaError(
      'ERR_STATE_VERSION',
      `store=${name} holds events of stream=${stream} version=${version}, whose schema has changed: ${complaint}. Give the stream version: ${version + 1} and upcast: { ${version}: (event) => … }, which is (event) => event if what is kept can be read as it is`,
    );
  }
}

/**
 * Another operator under the same name would take what is there for something else.
 * @throws MokaError ERR_STATE_VERSION
 */
function assertSameLayout({ name, layout = {} }: StoreSpec, saved: StoreLayout): void {
  for (const [part, before] of Object.entries(saved)) {
    const now = layout[part];
    if (now === undefined || now === before) continue;
    throw new MokaError(
      'ERR_STATE_VERSION',
      `store=${name} was written with ${part}=${before}, and cannot be read with ${part}=${now}: leave that as it was, and give what is new another name`,
    );
  }
}

function formsText(versions: readonly number[], { events = [], layout = {} }: Partial<StoreSpec>): string {
  return JSON.stringify([versions, events, layout]);
}

function readShapes(bytes: Uint8Array): SavedShapes {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as SavedShapes;
  } catch (cause) {
    throw new MokaError('ERR_CHECKPOINT_DAMAGED', `shapes row bytes=${bytes.length}`, { cause });
  }
}
