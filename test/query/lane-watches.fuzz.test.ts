import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInRange, type KeyRange } from '../../src/query/key-range.ts';
import type { Answer, ChangesAnswer, RowsAnswer } from '../../src/query/protocol.ts';
import { HISTORY_IDLE_MS, WATCH_CREDIT } from '../../src/query/query-limits.ts';
import type { ChangePosition } from '../../src/query/resume-token.ts';
import { FakeLane } from './fake-lane.ts';

/** `MOKA_FUZZ_SEED` brings a run back, `MOKA_FUZZ_RUNS` makes it longer. */
const RUNS = Number(process.env['MOKA_FUZZ_RUNS'] ?? 150);
const SEED = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() % 0x7fffffff);

type Step =
  | { do: 'process'; changes: [number, boolean][] }
  | { do: 'burst'; count: number }
  | { do: 'flush' | 'turn' | 'read' | 'reconnect' | 'idle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('process' as const), changes: changes() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('burst' as const), count: fc.integer({ min: 200, max: 3000 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'flush' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'read' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reconnect' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'idle' as const }) },
);

function changes(): fc.Arbitrary<[number, boolean][]> {
  return fc.array(fc.tuple(fc.integer({ min: 0, max: 1500 }), fc.boolean()), { maxLength: 4 });
}

const RANGES: readonly KeyRange[] = [
  { from: null, to: null },
  { from: 'k0300', to: 'k0900' },
  { from: 'k2', to: null },
];

function keyOf(number: number): string {
  return `k${String(number).padStart(4, '0')}`;
}

/**
 * A watcher that believes what it is told, beside a lane whose rows hold the offset that wrote them. Whenever it is told
 * `ready`, its rows are those of the lane at that position; nothing it is told is newer than what is durable.
 */
class Watcher {
  readonly lane: FakeLane;
  readonly range: KeyRange;
  readonly rows = new Map<string, string>();
  id = 0;
  readyCount = 0;
  lostCount = 0;
  position: ChangePosition | null = null;
  owed = 0;
  /** Rows of the lane after each offset. */
  readonly past: Map<string, unknown>[] = [];

  constructor(lane: FakeLane, range: KeyRange) {
    this.lane = lane;
    this.range = range;
    this.connect();
  }

  connect(): void {
    if (this.id > 0) this.lane.ask({ kind: 'cancel', id: this.id });
    this.lane.taken();
    this.id += 1;
    if (this.position === null) this.rows.clear();
    this.owed = 0;
    this.lane.ask({ kind: 'watch', id: this.id, viewId: 0, ...this.range, resume: this.position });
  }

  read(): void {
    for (const answer of this.lane.taken()) this.take(answer);
    if (this.owed > 0) this.lane.ask({ kind: 'credit', id: this.id, batches: this.owed });
    this.owed = 0;
  }

  take(answer: Answer): void {
    if (answer.id !== this.id) return;
    if (answer.kind === 'rows') this.takeRows(answer);
    if (answer.kind === 'changes') this.takeChanges(answer);
    if (answer.kind === 'ready') {
      this.readyCount += 1;
      this.position = answer.position;
      if (answer.position.n === 0) this.expectRowsAt(answer.position.offset - 1);
    }
    if (answer.kind === 'lost') {
      this.lostCount += 1;
      this.position = null;
      this.connect();
    }
  }

  takeRows({ keys, values }: RowsAnswer): void {
    this.owed += 1;
    keys.forEach((key, i) => {
      expect(Number(values[i])).toBeLessThanOrEqual(this.lane.durableOffset);
      this.rows.set(key, values[i] as string);
    });
  }

  takeChanges({ keys, values, offsets, ns, position }: ChangesAnswer): void {
    this.owed += 1;
    keys.forEach((key, i) => {
      expect(offsets[i]).toBeLessThanOrEqual(this.lane.durableOffset);
      const value = values[i] as string | null;
      if (value === null) this.rows.delete(key);
      else this.rows.set(key, value);
    });
    const order = offsets.map((offset, i) => offset * 1e6 + (ns[i] as number));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    if (this.position !== null) this.position = position;
  }

  expectRowsAt(offset: number): void {
    const truth = [...(this.past[offset] ?? [])].filter(([key]) => isInRange(key, this.range));
    expect([...this.rows].sort()).toEqual(truth.map(([key, value]) => [key, String(value)]).sort());
  }
}

function processEvent(lane: FakeLane, watcher: Watcher, numbers: readonly [number, boolean][]): void {
  const offset = lane.processedOffset + 1;
  lane.process(numbers.map(([number, isGone]) => [keyOf(number), isGone ? undefined : offset]));
  watcher.past[offset] = new Map(lane.view(0).rows);
}

describe('a watcher', () => {
  it(`has the view whenever it is ready, through bursts, reconnects and resets (seed=${SEED})`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...RANGES), fc.nat(1500), fc.array(step, { maxLength: 60 }), (range, size, steps) => {
        const lane = new FakeLane();
        for (let i = 0; i < size; i++) lane.view(0).rows.set(keyOf(i), -1);
        const watcher = new Watcher(lane, range);
        watcher.past[-1] = new Map(lane.view(0).rows);
        for (const next of steps) {
          if (next.do === 'process') processEvent(lane, watcher, next.changes);
          if (next.do === 'burst')
            for (let i = 0; i < next.count; i++) lane.process([[keyOf(i), lane.processedOffset + 1]]);
          if (next.do === 'burst') watcher.past[lane.processedOffset] = new Map(lane.view(0).rows);
          if (next.do === 'flush') lane.flush();
          if (next.do === 'turn') lane.server.turn(100);
          if (next.do === 'read') watcher.read();
          if (next.do === 'reconnect') watcher.connect();
          if (next.do === 'idle') lane.clock.time += HISTORY_IDLE_MS / 2 + 1;
        }
        // An event nobody cares for, so that `past` has the last offset.
        processEvent(lane, watcher, []);
        lane.flush();
        for (let i = 0; i < 20_000 / WATCH_CREDIT; i++) {
          const before = lane.answers.length;
          lane.server.turn(1000);
          if (lane.answers.length === before && lane.answers.length === 0) break;
          watcher.read();
        }
        expect(watcher.readyCount).toBeGreaterThan(0);
        watcher.expectRowsAt(lane.processedOffset);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }, 60_000);
});
