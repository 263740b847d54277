import fc from 'fast-check';
import {
  defineTopology,
  eventType,
  type JournalEntry,
  keyOfWindowKey,
  listState,
  mapState,
  type Stream,
  type TopologyBuilder,
  TopologyTestDriver,
  tumbling,
  valueState,
  windowKey,
} from 'moka';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { DELAY_MS, NaiveFold, TIMER_MS, TTL_MS, WINDOW_MS, WITHIN_MS } from './windowed-stream-fold.ts';

const Event = Type.Object({ till: Type.String(), at: Type.Integer() });
const Till = Type.Object({ till: Type.String(), name: Type.String() });
type Counts = Stream<number | null>;

const ALWAYS = { within: 1000, grace: 1000 };
/** Tills whose names begin alike, or have characters of several bytes. */
const NAMES = new Map(['a', 'a/1', 'ä', '☕', 'b', 'c'].map((till) => [till, `till ${till}`]));
const TILLS = [...NAMES.keys()];

const topology = defineTopology('windowed', (t) => {
  const sold = countsOf(t, 'sales');
  const closed = countsOf(t, 'closings');
  const names = t.stream('tills', { schema: Till, key: 'till' }).toTable('names');
  const everywhere = t.globalTable('everywhere', { schema: Till, key: 'till' });

  told(
    sold.filter((n) => (n as number) % 2 === 1),
    'filtered',
  );
  const { odd, otherwise } = sold.branch('split', { odd: (n) => (n as number) % 2 === 1 });
  told(odd, 'odd');
  told(otherwise, 'even');
  told(
    sold.map((n, { key, window }) => [n, key, window?.start ?? null]),
    'mapped',
  );
  told(
    sold.flatMap((n) => [n, -(n as number)]),
    'flat',
  );
  told(
    sold.enrich('asked', { lookup: (n) => 2 * (n as number) }, (n, twice, { key, window }) => {
      return [n, twice, key, window?.start];
    }),
    'enriched',
  );
  told(sold.distinct('parities', { within: 1000, by: (n) => (n as number) % 2 }), 'distinct');
  told(processed(sold), 'processed');
  const found = sold.pattern('found', {
    steps: [
      { name: 'first', when: (n) => n === 1 },
      { name: 'third', when: (n) => n === 3 },
    ],
    within: WITHIN_MS,
  });
  told(found, 'matched');
  told(
    found.timedOut.map(({ missing }) => missing),
    'unmatched',
  );
  told(sold.delay('all-later', DELAY_MS), 'delayed');
  told(sold.delay('unless-closed', DELAY_MS, { cancelledBy: closed }), 'cancellable');
  told(sold.delay('latest-later', DELAY_MS, { keep: 'latest' }), 'latest');

  told(sold.merge(closed), 'merged');
  told(
    sold.join(closed, 'pairs', ALWAYS, (a, b) => [a, b]),
    'joined',
  );
  const closedRows = closed.toTable('closed-rows');
  told(
    sold.leftJoin(closedRows, 'with-closed-row', (n, row) => [n, row]),
    'with-row',
  );
  told(
    sold.join(everywhere, 'with-till', { key: (_, { key }) => key }, (n, { name }) => [n, name]),
    'with-name',
  );
  const soldRows = sold.toTable('sold-rows').toView('sold-rows');
  soldRows.outerJoin(closedRows, 'both', (a, b) => [a, b]).toView('both');
  soldRows
    .join(names, 'named', { foreignKey: (_, key) => keyOfWindowKey(key) }, (n, { name }) => [n, name])
    .toView('named');
  told(sold.toTable('expiring', { ttl: TTL_MS }).toView('expiring').toStream(), 'rows-told');
  sold.deduplicate('first', { keep: 'first', order: 'arrival' }).toView('first');
  sold
    .groupByKey()
    .sum('sums', (n) => n as number)
    .toView('sums');
  sold
    .keyBy((_, { key }) => key)
    .groupByKey()
    .count('by-till')
    .toView('by-till');
});

/** How many of its events each till has had in each window, as a stream; no window closes. */
function countsOf(t: TopologyBuilder, name: string): Counts {
  return t
    .stream(name, { schema: Event, key: 'till', eventTime: 'at' })
    .groupByKey()
    .window(tumbling({ size: WINDOW_MS, grace: 1000 }))
    .count(`${name}-counted`)
    .toStream();
}

function told(stream: Stream<unknown>, journal: string): void {
  stream.toJournal(journal, { keep: 10_000 });
}

function processed(sold: Counts): Stream<unknown> {
  return sold.process('states', {
    state: {
      last: valueState<number>({ ttl: TTL_MS }),
      list: listState<number>({ ttl: TTL_MS }),
      map: mapState<number>({ ttl: TTL_MS }),
    },
    emits: eventType<unknown>(),
    onEvent: (n, { state: { last, list, map }, timers, logTime, emit }) => {
      const count = n as number;
      emit(['event', count, last.get() ?? null, list.get(), map.entries()]);
      last.set(count);
      list.add(count);
      map.set(String(count % 3), count);
      timers.setLogTime(logTime + TIMER_MS);
    },
    onTimer: ({ time }, { state: { last, list, map }, emit }) => {
      emit(['timer', time, last.get() ?? null, list.get(), map.entries()]);
    },
  });
}

type Command =
  | { readonly count: 'sales' | 'closings'; readonly till: string; readonly at: number }
  | { readonly advance: number }
  | 'restart';

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      count: fc.constantFrom('sales' as const, 'sales' as const, 'closings' as const),
      till: fc.constantFrom(...TILLS),
      at: fc.nat(3 * WINDOW_MS - 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

function run(commands: readonly Command[], partitionCount: number): { driver: TopologyTestDriver; fold: NaiveFold } {
  const driver = new TopologyTestDriver(topology, { now: 0, partitionCount });
  const fold = new NaiveFold(NAMES);
  for (const [till, name] of NAMES) {
    for (const stream of ['tills', 'everywhere']) driver.send(stream, { till, name });
  }
  for (const one of commands) {
    if (one === 'restart') driver.restart();
    else if ('advance' in one) {
      driver.advance(one.advance);
      fold.advance(one.advance);
    } else {
      driver.send(one.count, { till: one.till, at: one.at });
      fold.count(one.count, one.till, one.at);
    }
  }
  return { driver, fold };
}

/** What a journal has of each key and window, in order. */
function toldBy(driver: TopologyTestDriver, journal: string): Map<string, unknown[]> {
  const rows = new Map<string, unknown[]>();
  for (const [, { key, window, value }] of driver.view<JournalEntry<unknown>>(journal).rows()) {
    const text = `${key} ${window?.start}`;
    rows.set(text, [...(rows.get(text) ?? []), value]);
  }
  return rows;
}

function viewsOf({ cells, salesOf }: NaiveFold): Record<string, Map<string, unknown>> {
  const all = [...cells.values()].map(({ key, start, counts, rowExpiresAt }) => {
    return { row: windowKey(key, start, start + WINDOW_MS), key, counts, isLiving: rowExpiresAt !== null };
  });
  const sold = all.filter(({ counts }) => counts.sales > 0);
  const orNull = (count: number): number | null => (count === 0 ? null : count);
  return {
    'sold-rows': new Map(sold.map(({ row, counts }) => [row, counts.sales])),
    both: new Map(all.map(({ row, counts }) => [row, [orNull(counts.sales), orNull(counts.closings)]])),
    named: new Map(sold.map(({ row, key, counts }) => [row, [counts.sales, NAMES.get(key)]])),
    expiring: new Map(sold.filter(({ isLiving }) => isLiving).map(({ row, counts }) => [row, counts.sales])),
    first: new Map(sold.map(({ row }) => [row, 1])),
    sums: new Map(sold.map(({ row, counts: { sales } }) => [row, (sales * (sales + 1)) / 2])),
    'by-till': salesOf,
  };
}

/** Pairs come in the order of the times of their events. */
const UNORDERED = new Set(['joined']);

describe('every operator behind a stream made of windows', () => {
  it('does by key and window what a naive fold does, in any number of partitions', async () => {
    const commands = fc.array(command, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(commands, fc.constantFrom(1, 2, 3), async (list, partitionCount) => {
        const { driver, fold } = run(list, partitionCount);
        await driver.settle();
        for (const { name } of topology.views.filter((view) => !(view.name in viewsOf(fold)))) {
          const inOrder = (rows: Map<string, unknown[]>): Map<string, unknown[]> => {
            if (!UNORDERED.has(name)) return rows;
            return new Map([...rows].map(([row, values]) => [row, values.map(String).sort()]));
          };
          expect([name, inOrder(toldBy(driver, name))]).toEqual([name, inOrder(fold.told.get(name) ?? new Map())]);
        }
        for (const [name, rows] of Object.entries(viewsOf(fold))) {
          const view = driver.view(name);
          expect([name, new Map(view.rows())]).toEqual([name, rows]);
          for (const [key, row] of rows) expect([name, key, view.get(key)]).toEqual([name, key, row]);
        }
      }),
      fuzzRuns(100),
    );
  });
});
