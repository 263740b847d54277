import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CheckpointReader } from '../../src/store/checkpoint.ts';
import type { EvictionPolicy, PartitionState } from '../../src/store/partition-state.ts';
import type { ScanOptions, ScanRow, StateStore } from '../../src/store/state-store.ts';
import { SimulatedCheckpoints, type SimulatedSink } from '../../src/testing/simulated-checkpoints.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { metaAt, stateOf } from './state-fixtures.ts';

const STORES = 2;

type Write = { storeId: number; key: string; value: number | null };
type Step =
  | { kind: 'event'; writes: Write[]; isUndone: boolean }
  | { kind: 'get'; storeId: number; key: string }
  | { kind: 'scan'; storeId: number; options: ScanOptions; maxRows: number; pause: Write | null }
  | { kind: 'cut' }
  | { kind: 'slice'; maxBytes: number; refusals: number }
  | { kind: 'finish'; isCommitted: boolean }
  | { kind: 'abandon' }
  | { kind: 'crash'; isCommittedUnseen: boolean };

/** Few keys, so that steps meet; some of them prefixes of others, some beyond ASCII, some long. */
const KEYS = [
  '',
  'a',
  'aa',
  'ab',
  'b',
  'b\u0000',
  'c-1',
  'c-10',
  'c-2',
  'é',
  '𝄞',
  '\uffff',
  'z'.repeat(300),
  ...Array.from({ length: 40 }, (_, i) => `order-${i}`),
];

const key = fc.constantFrom(...KEYS);
const storeId = fc.nat(STORES - 1);
const write = fc.record({ storeId, key, value: fc.option(fc.nat(1_000)) });
const bound = fc.option(key, { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      writes: fc.array(write, { maxLength: 6 }),
      isUndone: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('get' as const), storeId, key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('scan' as const),
      storeId,
      options: fc.record({ from: bound, to: bound, after: bound, limit: fc.constantFrom(0, 1, 3, 1_000) }),
      maxRows: fc.constantFrom(1, 2, 1_000),
      pause: fc.option(write),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'cut' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('slice' as const),
      maxBytes: fc.constantFrom(1, 300, 100_000),
      refusals: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish' as const), isCommitted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'abandon' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), isCommittedUnseen: fc.boolean() }) },
);

it('PartitionState is a map that can be undone, cut through, evicted from, scanned and recovered', () => {
  const budget = fc.constantFrom(0, 4_000, 2 ** 30);
  const policy = fc.constantFrom<EvictionPolicy>('lru', 'lfu', 'fifo');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), budget, policy, (steps, cacheBytes, eviction) => {
      new Model(cacheBytes, eviction).run(steps);
    }),
    fuzzRuns(150),
  );
});

type Rows = Map<string, unknown>[];

/** The state beside plain maps: what it should hold, what the open cut should save, what is saved. */
class Model {
  readonly #checkpoints = new SimulatedCheckpoints({ rotateEvery: 3 });
  readonly #cacheBytes: number;
  readonly #eviction: EvictionPolicy;
  #reader!: CheckpointReader;
  #sink!: SimulatedSink;
  #state!: PartitionState;
  #rows: Rows = emptyRows();
  #cutRows: Rows | null = null;
  #isHandedOver = false;
  #savedRows: Rows = emptyRows();
  #offset = 0;

  constructor(cacheBytes: number, eviction: EvictionPolicy) {
    this.#cacheBytes = cacheBytes;
    this.#eviction = eviction;
    this.#start();
  }

  run(steps: readonly Step[]): void {
    for (const next of steps) this.#take(next);
    this.#compareAll();
  }

  #start(): void {
    this.#reader = this.#checkpoints.openForRead();
    this.#sink = this.#checkpoints.openSink(this.#reader);
    this.#state = stateOf(this.#reader, { stores: STORES, cacheBytes: this.#cacheBytes, eviction: this.#eviction });
    this.#cutRows = null;
  }

  #take(next: Step): void {
    switch (next.kind) {
      case 'event':
        return this.#event(next.writes, next.isUndone);
      case 'get':
        return expect(this.#store(next.storeId).get(next.key)).toEqual(this.#rows[next.storeId]?.get(next.key));
      case 'scan':
        return this.#scan(next.storeId, next.options, next.maxRows, next.pause);
      case 'cut':
        return this.#cut();
      case 'slice':
        return this.#slice(next.maxBytes, next.refusals);
      case 'finish':
        return this.#finish(next.isCommitted);
      case 'abandon':
        if (this.#cutRows === null) return;
        this.#state.abandonCut();
        this.#cutRows = null;
        return;
      case 'crash':
        return this.#crash(next.isCommittedUnseen);
    }
  }

  #event(writes: readonly Write[], isUndone: boolean): void {
    this.#offset += 1;
    const before = copyOf(this.#rows);
    const dirtyBytes = this.#state.dirtyBytes;
    this.#state.beginEvent();
    for (const { storeId: id, key: rowKey, value } of writes) {
      const rows = this.#rows[id] as Map<string, unknown>;
      if (value === null) {
        expect(this.#store(id).delete(rowKey)).toBe(rows.delete(rowKey));
      } else {
        this.#store(id).put(rowKey, valueFor(rowKey, value));
        rows.set(rowKey, valueFor(rowKey, value));
      }
      expect(this.#store(id).get(rowKey)).toEqual(rows.get(rowKey));
    }
    if (isUndone) {
      this.#state.undoEvent();
      this.#rows = before;
      for (const { storeId: id, key: rowKey } of writes)
        expect(this.#store(id).get(rowKey)).toEqual(before[id]?.get(rowKey));
    } else {
      this.#state.commitEvent();
    }
    expect(this.#state.dirtyBytes).toBeGreaterThanOrEqual(writes.length === 0 ? dirtyBytes : 0);
    for (let id = 0; id < STORES; id++) expect(this.#store(id).size).toBe(this.#rows[id]?.size);
  }

  #scan(id: number, options: ScanOptions, maxRows: number, pause: Write | null): void {
    const cursor = this.#store(id).scan(options);
    const found: ScanRow[] = [];
    let isPaused = false;
    for (let turn = 0; !cursor.isDone; turn++) {
      expect(turn).toBeLessThan(1_000);
      const rows = cursor.next(maxRows);
      if (rows !== 'more') found.push(...rows);
      if (pause !== null && !isPaused && found.length > 0 && !cursor.isDone) {
        // What changes behind the cursor stays as it was read, what changes before it is read as it is then.
        isPaused = true;
        const last = found.at(-1)?.key as string;
        if (Buffer.compare(Buffer.from(pause.key), Buffer.from(last)) > 0)
          this.#event([{ ...pause, storeId: id }], false);
      }
    }
    const inOrder = sorted(this.#rows[id] as Map<string, unknown>).filter(({ key: rowKey }) =>
      isWithin(rowKey, options),
    );
    expect(found).toEqual(inOrder.slice(0, options.limit));
  }

  #cut(): void {
    if (this.#cutRows !== null) return;
    this.#state.beginCut();
    this.#sink.begin();
    this.#cutRows = copyOf(this.#rows);
    this.#isHandedOver = false;
    if (this.#offset === 0) this.#offset = 1;
  }

  #slice(maxBytes: number, refusals: number): void {
    if (this.#cutRows === null || this.#isHandedOver) return;
    let left = refusals;
    this.#isHandedOver = this.#state.encodeSlice(
      {
        hasRoom: () => true,
        tryRow: (...row) => (left-- > 0 ? false : this.#sink.tryRow(...row)),
      },
      maxBytes,
    );
  }

  #finish(isCommitted: boolean): void {
    if (this.#cutRows === null) return;
    while (!this.#isHandedOver) this.#slice(1_000, 0);
    if (!isCommitted) {
      this.#state.abandonCut();
    } else {
      this.#sink.finish(metaAt(this.#offset));
      expect(this.#sink.result()).toBe('committed');
      this.#state.confirmCut();
      this.#savedRows = this.#cutRows;
      this.#compareSaved();
    }
    this.#cutRows = null;
  }

  /** What another process would start from. */
  #compareSaved(): void {
    const saved = stateOf(this.#checkpoints.openForRead(), { stores: STORES });
    for (let id = 0; id < STORES; id++) {
      const rows = this.#savedRows[id] as Map<string, unknown>;
      expect(saved.store(id).size).toBe(rows.size);
      for (const rowKey of KEYS) expect(saved.store(id).get(rowKey)).toEqual(rows.get(rowKey));
    }
  }

  /** The process ends and another one starts from what is saved, without the log that would bring the rest back. */
  #crash(isCommittedUnseen: boolean): void {
    if (isCommittedUnseen && this.#cutRows !== null && this.#isHandedOver) {
      this.#sink.finish(metaAt(this.#offset));
      this.#sink.commitUnseen();
      this.#savedRows = this.#cutRows;
    }
    this.#rows = copyOf(this.#savedRows);
    this.#start();
    this.#compareAll();
  }

  #compareAll(): void {
    for (let id = 0; id < STORES; id++) {
      const rows = this.#rows[id] as Map<string, unknown>;
      expect(this.#store(id).size).toBe(rows.size);
      for (const rowKey of KEYS) expect(this.#store(id).get(rowKey)).toEqual(rows.get(rowKey));
      this.#scan(id, { limit: 1_000 }, 7, null);
    }
  }

  #store(id: number): StateStore {
    return this.#state.store(id);
  }
}

/** Of very different sizes, so that cells of all kinds are used. */
function valueFor(rowKey: string, n: number): unknown {
  if (n % 97 === 0) return { n, rowKey, blob: 'x'.repeat(n * 100) };
  if (n % 7 === 0) return { n, rowKey, lines: Array.from({ length: n % 40 }, (_, i) => ({ sku: `sku-${i}`, qty: i })) };
  return n % 3 === 0 ? n : { n, rowKey };
}

function emptyRows(): Rows {
  return Array.from({ length: STORES }, () => new Map());
}

function copyOf(rows: Rows): Rows {
  return rows.map((store) => new Map(store));
}

function sorted(rows: Map<string, unknown>): ScanRow[] {
  return [...rows]
    .map(([rowKey, value]) => ({ key: rowKey, value }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

function isWithin(rowKey: string, { from, to, after }: ScanOptions): boolean {
  const bytes = Buffer.from(rowKey);
  return (
    (from === undefined || Buffer.compare(bytes, Buffer.from(from)) >= 0) &&
    (to === undefined || Buffer.compare(bytes, Buffer.from(to)) < 0) &&
    (after === undefined || Buffer.compare(bytes, Buffer.from(after)) > 0)
  );
}
