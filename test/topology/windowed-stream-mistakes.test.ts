import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table, WindowedTable } from '../../src/topology/table.ts';
import { TopologyError } from '../../src/topology/topology-error.ts';
import {
  calendarDays,
  countWindow,
  hopping,
  session,
  sliding,
  tumbling,
  type WindowDefinition,
} from '../../src/topology/windows.ts';

const Sale = Type.Object({ till: Type.String(), cents: Type.Integer() });
type SaleEvent = { till: string; cents: number };

interface Parts {
  readonly sales: Stream<SaleEvent>;
  readonly totals: Table<SaleEvent>;
  readonly counts: WindowedTable<number, SaleEvent>;
  readonly windowed: Stream<number | null>;
}

function mistakesOf(use: (parts: Parts) => void): string[] {
  try {
    defineTopology('tills', (t) => {
      const sales = t.stream('sales', { schema: Sale, key: 'till' });
      const counts = sales
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .count('counts');
      const totals = sales.toTable('totals').toView('totals');
      use({ sales, totals, counts, windowed: counts.toStream() });
    });
    return [];
  } catch (error) {
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
}

const STREAMS =
  'one of its streams has windows, the other has not, so their keys are never the same; use streams of the same windows, or give the windowed one its plain keys: keyBy((event, context) => context.key)';
const TABLES = 'one of its tables has windows, the other has not; join tables of the same windows';
const JOIN = { within: 10, grace: 0 };

describe('a stream made of windows', () => {
  it.each<[name: string, use: (parts: Parts) => void, mistakes: string[]]>([
    [
      'joined with a plain stream, from either side and behind other operators',
      ({ sales, windowed }) => {
        windowed.join(sales, 'a', JOIN, () => 1).toJournal('a', { keep: 1 });
        sales.leftJoin(windowed.filter(() => true).delay('d', 10), 'b', JOIN, () => 1).toJournal('b', { keep: 1 });
        windowed
          .process('p', { onEvent: (_, { emit }) => emit(1) })
          .outerJoin(sales, 'c', JOIN, () => 1)
          .toJournal('c', { keep: 1 });
      },
      [`join 'a': ${STREAMS}`, `leftJoin 'b': ${STREAMS}`, `outerJoin 'c': ${STREAMS}`],
    ],
    [
      'joined with a plain table',
      ({ totals, windowed }) => void windowed.join(totals, 'a', () => 1).toJournal('a', { keep: 1 }),
      [
        "join 'a': its events have a window, but the rows of its table have none; use a table of the same windows, or give the events their plain keys: keyBy((event, context) => context.key)",
      ],
    ],
    [
      'as a table, joined with a plain one or asked for by a foreign key',
      ({ totals, windowed }) => {
        const rows = windowed.toTable('rows');
        rows.join(totals, 'a', () => 1).toView('a');
        totals.outerJoin(rows, 'b', () => 1).toView('b');
        totals.join(rows, 'c', { foreignKey: (row) => row.till }, () => 1).toView('c');
      },
      [
        `join 'a': ${TABLES}`,
        `outerJoin 'b': ${TABLES}`,
        "join 'c': its foreign key names no window, but the rows of the other table have windows; use a table without windows on that side",
      ],
    ],
    [
      'merged, cogrouped, and cancelled by a plain one',
      ({ sales, windowed }) => {
        windowed.merge(sales).toJournal('a', { keep: 1 });
        windowed
          .groupByKey()
          .cogroup((n: number) => n)
          .cogroup(sales.groupByKey(), (n) => n)
          .aggregate('b', { initial: () => 0 })
          .toView('b');
        windowed.delay('c', 10, { cancelledBy: sales }).toJournal('c', { keep: 1 });
      },
      [
        `merge 'merge#1': ${STREAMS}`,
        `cogroup 'b': ${STREAMS}`,
        "delay 'c': of its stream and the one that cancels, one has windows and the other has not; give the windowed one its plain keys: keyBy((event, context) => context.key)",
      ],
    ],
    [
      'joined with windows of another length, or with windows of windows',
      ({ sales, windowed }) => {
        const longer = sales
          .groupByKey()
          .window(hopping({ size: 20, advance: 10, grace: 0 }))
          .count('longer');
        windowed.join(longer.toStream(), 'a', JOIN, () => 1).toJournal('a', { keep: 1 });
        const again = windowed
          .groupByKey()
          .window(tumbling({ size: 10, grace: 0 }))
          .count('again');
        windowed.join(again.toStream(), 'b', JOIN, () => 1).toJournal('b', { keep: 1 });
      },
      [
        "join 'a': it joins windows of 10 ms with windows of 20 ms, which are never the same; use windows of the same length",
        "join 'b': its inputs stand under keys with 1 and 2 windows, which are never the same; window both as often",
      ],
    ],
  ])('%s', (_, use, mistakes) => {
    expect(mistakesOf(use)).toEqual(mistakes);
  });

  it('met through t.from', () => {
    const build = () =>
      defineTopology('tills', (t) => {
        const sales = t.stream('sales', { schema: Sale, key: 'till' });
        t.from('seen', Type.Number())
          .join(sales, 'a', JOIN, () => 1)
          .toJournal('a', { keep: 1 });
        const counts = sales.groupByKey().window(tumbling({ size: 10, grace: 0 }));
        counts
          .count('counts')
          .toStream()
          .filter('seen', () => true);
      });
    expect(build).toThrow(TopologyError);
    expect(build).toThrow(`join 'a': ${STREAMS}`);
  });

  it('meets what stands under the same windows, what names its key, and anything once it has its plain key', () => {
    const mistakes = mistakesOf(({ sales, totals, counts, windowed }) => {
      const others = sales.groupByKey();
      const sums = others.window(tumbling({ size: 10, grace: 0 })).sum('sums', (sale) => sale.cents);
      windowed.join(sums.toStream(), 'a', JOIN, () => 1).toJournal('a', { keep: 1 });
      windowed.join(sums, 'b', () => 1).toJournal('b', { keep: 1 });
      windowed.join(sums.toStream().toTable('c'), 'd', () => 1).toJournal('d', { keep: 1 });
      counts.join(windowed.toTable('e'), 'f', () => 1).toView('f');
      windowed
        .merge(
          others
            .window(session({ timeout: 10, grace: 0 }))
            .count('rounds')
            .toStream(),
        )
        .toJournal('g', { keep: 1 });
      windowed
        .toTable('h')
        .join(totals, 'i', { foreignKey: (n: number) => n }, () => 1)
        .toView('i');
      windowed
        .keyBy((_, { key }) => key)
        .join(totals, 'j', () => 1)
        .toJournal('j', { keep: 1 });
      sums.late.join(sales, 'k', JOIN, () => 1).toJournal('k', { keep: 1 });
    });
    expect(mistakes).toEqual([]);
  });
});

const grace = 0;
const days = (zone: string, cutoff = '00:00'): WindowDefinition => calendarDays({ zone, cutoff, grace });

/** Mistakes of all that brings together the windows of the one and of the other. */
function mistakesOfPair(one: WindowDefinition, other: WindowDefinition): string[] {
  return mistakesOf(({ sales, windowed }) => {
    windowed.toJournal('windowed', { keep: 1 });
    const [left, right] = [one, other].map((definition, index) =>
      sales
        .groupByKey()
        .window(definition as WindowDefinition<'tumbling'>)
        .count(`side-${index}`),
    ) as [WindowedTable<number, SaleEvent>, WindowedTable<number, SaleEvent>];
    left.join(right, 'tables', () => 1).toView('tables');
    left
      .toStream()
      .leftJoin(right, 'rows', () => 1)
      .toJournal('rows', { keep: 1 });
    left
      .toStream()
      .outerJoin(right.toStream(), 'streams', JOIN, () => 1)
      .toJournal('streams', { keep: 1 });
    left.toStream().delay('delayed', 10, { cancelledBy: right.toStream() }).toJournal('delayed', { keep: 1 });
    left
      .toStream()
      .groupByKey()
      .cogroup((n: number) => n)
      .cogroup(right.toStream().groupByKey(), (n) => n)
      .aggregate('both', { initial: () => 0 })
      .toView('both');
    left.toStream().merge(right.toStream()).toJournal('merged', { keep: 1 });
  });
}

describe('windows that are brought together', () => {
  it.each<[WindowDefinition, WindowDefinition]>([
    [tumbling({ size: 20, grace }), tumbling({ size: 20, grace: '1h' })],
    [tumbling({ size: 20, grace, offset: 5 }), tumbling({ size: 20, grace, offset: -15 })],
    [tumbling({ size: 20, grace }), tumbling({ size: 20, time: 'processing' })],
    [tumbling({ size: 20, grace, offset: 5 }), hopping({ size: 20, advance: 5, grace })],
    [hopping({ size: 20, advance: 2, grace }), hopping({ size: 20, advance: 4, grace })],
    [sliding({ difference: 20, grace }), sliding({ difference: 20, grace: 3 })],
    [session({ gap: 20, grace }), session({ gap: 20, grace: 3 })],
    [session({ timeout: 20, grace }), session({ timeout: 20, grace: 3 })],
    [days('Europe/Berlin', '04:00'), days('Europe/Berlin', '04:00')],
    [countWindow({ size: 6 }), countWindow({ size: 6, every: 2 })],
  ])('may be %j and %j', (one, other) => {
    expect([mistakesOfPair(one, other), mistakesOfPair(other, one)]).toEqual([[], []]);
  });

  it.each<[WindowDefinition, WindowDefinition, string]>([
    [
      tumbling({ size: 20, grace }),
      tumbling({ size: 20, grace, offset: 5 }),
      'windows of 20 ms, one every 20 with windows of 20 ms, one every 20 from 5 on, which are never the same; let the windows of one begin where those of the other do: the same advance, every or offset',
    ],
    [
      hopping({ size: 20, advance: 4, grace }),
      hopping({ size: 20, advance: 5, grace }),
      'windows of 20 ms, one every 4 with windows of 20 ms, one every 5, which are never the same; let the windows of one',
    ],
    [
      countWindow({ size: 6 }),
      countWindow({ size: 5 }),
      'windows of 6 events with windows of 5 events, which are never the same; use windows of the same length',
    ],
    [
      sliding({ difference: 20, grace }),
      sliding({ difference: 21, grace }),
      'sliding windows of 20 ms with sliding windows of 21 ms, which are never the same; use the same difference',
    ],
    [
      session({ gap: 20, grace }),
      session({ gap: 21, grace }),
      'sessions with a gap of 20 ms with sessions with a gap of 21 ms, which are never the same; use the same gap',
    ],
    [
      session({ timeout: 20, grace }),
      session({ timeout: 21, grace }),
      'sessions with a timeout of 20 ms with sessions with a timeout of 21 ms, which are never the same; use the same timeout',
    ],
    [
      days('Europe/Berlin', '04:00'),
      days('Europe/Berlin'),
      'days of Europe/Berlin that begin at 04:00 with days of Europe/Berlin that begin at 00:00, which are never the same; use the same zone and cutoff',
    ],
    [
      days('Europe/Berlin'),
      days('UTC'),
      'days of Europe/Berlin that begin at 00:00 with days of UTC that begin at 00:00',
    ],
    [
      days('UTC'),
      tumbling({ size: '1d', grace }),
      'days of UTC that begin at 00:00 with tumbling windows of 86400000 ms, which are never the same; use windows of one kind',
    ],
    [
      session({ gap: 20, grace }),
      tumbling({ size: 20, grace }),
      'sessions with a gap of 20 ms with tumbling windows of 20 ms, which are never the same; use windows of one kind',
    ],
    [
      sliding({ difference: 20, grace }),
      hopping({ size: 20, advance: 1, grace }),
      'sliding windows of 20 ms with hopping windows of 20 ms, which are never the same; use windows of one kind',
    ],
    [
      countWindow({ size: 20 }),
      tumbling({ size: 20, grace }),
      'windows of 20 events with tumbling windows of 20 ms, which are never the same; use windows of one kind',
    ],
    [
      session({ gap: 20, grace }),
      session({ timeout: 20, grace }),
      'sessions with a gap of 20 ms with sessions with a timeout of 20 ms, which are never the same; use windows of one kind',
    ],
  ])('are not %j and %j', (one, other, mistake) => {
    const labels = [
      "join 'tables': it joins",
      "leftJoin 'rows': it joins",
      "outerJoin 'streams': it joins",
      "delay 'delayed': it brings together",
      "cogroup 'both': it brings together",
    ];
    const mistakes = mistakesOfPair(one, other);
    expect(mistakes).toEqual(labels.map((label) => expect.stringContaining(`${label} ${mistake}`)));
    expect(mistakesOfPair(other, one)).toHaveLength(labels.length);
  });

  it('are those of the ways that were merged, of which one is enough', () => {
    const mistakes = mistakesOf(({ sales, windowed }) => {
      const grouped = sales.groupByKey();
      const hours = grouped
        .window(tumbling({ size: '1h', grace }))
        .count('hours')
        .toStream();
      const gaps = grouped.window(session({ gap: 3, grace })).count('gaps');
      const both = windowed.merge(hours).filter(() => true);
      both.join(hours, 'a', JOIN, () => 1).toJournal('a', { keep: 1 });
      hours.join(both, 'b', JOIN, () => 1).toJournal('b', { keep: 1 });
      both.join(gaps, 'c', () => 1).toJournal('c', { keep: 1 });
    });
    expect(mistakes).toEqual([
      "join 'c': it joins tumbling windows of 10 ms with sessions with a gap of 3 ms, which are never the same; use windows of one kind",
    ]);
  });
});
