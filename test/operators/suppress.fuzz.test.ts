import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  hopping,
  type JournalEntry,
  session,
  sliding,
  TopologyTestDriver,
  tumbling,
  type WindowDefinition,
} from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { WindowSuppressOptions } from '../../src/topology/suppress-node.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { type Event, joinState } from './naive-windows.ts';

const EventSchema = Type.Object({ key: Type.String(), at: Type.Integer(), n: Type.Integer() });

function topologyOf(window: WindowDefinition, rule: WindowSuppressOptions, bound: number | null): CompiledTopology {
  return defineTopology('windows', (t) => {
    const watermark = bound === null ? {} : { watermark: { outOfOrderness: bound } };
    const merge = (earlier: string, later: string): string => `${earlier}${later}`;
    t.stream('events', { schema: EventSchema, key: 'key', eventTime: 'at', ...watermark })
      .groupByKey()
      .window(window as WindowDefinition<'session'>)
      .aggregate('rows', { initial: () => '', add: joinState, merge })
      .suppress('told', rule)
      .toStream()
      .toJournal('told', { keep: 10_000 });
  });
}

interface Telling {
  /** Index of the event after which it was told. */
  readonly after: number;
  readonly row: string;
  readonly end: number;
  readonly value: string | null;
}

function tellings(topology: CompiledTopology, events: readonly Event[]): Telling[] {
  const driver = new TopologyTestDriver(topology, { now: 0 });
  let seen = 0;
  return events.flatMap((event, after) => {
    driver.restart();
    driver.send('events', event);
    driver.advance(3);
    const rows = driver.view<JournalEntry<string>>('told').rows().slice(seen);
    seen += rows.length;
    return rows.map(([, { key, window, value }]) => {
      const { start, end } = window as { start: number; end: number };
      return { after, row: `${key}[${start},${end}]`, end, value };
    });
  });
}

/** The last of each row, but for those that were taken back. */
function lastOf(told: readonly Telling[]): [string, string | null][] {
  const last = new Map(told.map(({ row, value }) => [row, value]));
  return [...last].filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1));
}

const size = fc.integer({ min: 1, max: 15 });
const grace = fc.integer({ min: 0, max: 20 });
const windows: fc.Arbitrary<{ window: WindowDefinition; endsAfter: number }> = fc.oneof(
  fc.record({ size, grace }).map((options) => ({ window: tumbling(options), endsAfter: 0 })),
  fc.record({ size, grace }).map((options) => ({ window: hopping({ ...options, advance: 1 }), endsAfter: 0 })),
  fc.record({ difference: size, grace }).map((options) => ({ window: sliding(options), endsAfter: 1 })),
  fc.record({ gap: size, grace }).map((options) => ({ window: session(options), endsAfter: options.gap + 1 })),
);
const events = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b'), at: fc.integer({ min: 0, max: 60 }) }), { maxLength: 30 })
  .map((all) => [...all, { key: 'z', at: 10_000 }, { key: 'z', at: 20_000 }].map((one, n): Event => ({ ...one, n })));
const bounds = fc.option(fc.integer({ min: 0, max: 10 }));

describe('what suppress tells of windows', () => {
  it('at their end and when they change after it comes to what is told when they close, and never before the end', () => {
    fc.assert(
      fc.property(windows, bounds, events, ({ window, endsAfter }, bound, all) => {
        const atEnd = tellings(topologyOf(window, { untilWindowEnds: true }, bound), all);
        const atClose = tellings(topologyOf(window, { untilWindowCloses: true }, bound), all);
        expect(lastOf(atEnd)).toEqual(lastOf(atClose));
        for (const { after, end } of atEnd) {
          const greatest = Math.max(...all.slice(0, after + 1).map(({ at }) => at));
          expect(greatest - (bound ?? 0)).toBeGreaterThanOrEqual(end + endsAfter);
        }
      }),
      fuzzRuns(200),
    );
  });

  it('at intervals comes to the same, and is told at most once in each', () => {
    fc.assert(
      fc.property(windows, bounds, fc.integer({ min: 1, max: 40 }), events, ({ window }, bound, every, all) => {
        const told = tellings(topologyOf(window, { every }, bound), all);
        const updates = tellings(topologyOf(window, { untilTimeLimit: 0 }, bound), all);
        // A tick comes every 3 ms.
        const intervalOf = (after: number): number => Math.floor(((after + 1) * 3) / every);
        const intervals = told.map(({ row, after }) => `${row} ${intervalOf(after)}`);
        if (every >= 3) expect(new Set(intervals).size).toBe(told.length);
        const last = new Map(updates.map((one) => [one.row, one]));
        for (const [row, { after, value }] of last) {
          if (intervalOf(after) === intervalOf(all.length - 1)) continue;
          expect(told.findLast((one) => one.row === row)?.value ?? null).toBe(value);
        }
      }),
      fuzzRuns(200),
    );
  });
});
