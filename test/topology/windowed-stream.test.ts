import {
  type Context,
  countWindow,
  defineTopology,
  eventType,
  type JournalEntry,
  listState,
  mapState,
  type Stream,
  TopologyTestDriver,
  tumbling,
  valueState,
  windowKey,
} from 'moka';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

const Sale = Type.Object({ till: Type.String(), at: Type.Integer() });
type Sales = Stream<{ till: string; at: number }>;
type Counts = Stream<number | null>;

/** Sales and closings by till, each counted in windows of 10 ms that stay open, and whatever is made of the counts. */
function fixture(build: (counts: Counts, closings: () => Counts, sales: Sales) => void, partitionCount = 1) {
  const topology = defineTopology('tills', (t) => {
    const [sales, closings] = ['sales', 'closings'].map((name) => {
      return t.stream(name, { schema: Sale, key: 'till', eventTime: 'at' });
    }) as [Sales, Sales];
    const countsOf = (stream: Sales, name: string): Counts =>
      stream
        .groupByKey()
        .window(tumbling({ size: 10, grace: 1000 }))
        .count(name)
        .toStream();
    build(countsOf(sales, 'sold'), () => countsOf(closings, 'closed'), sales);
  });
  const driver = new TopologyTestDriver(topology, { partitionCount });
  const sell = (till: string, at: number, stream = 'sales'): unknown => driver.send(stream, { till, at });
  const told = (journal = 'told'): unknown[] =>
    driver
      .view<JournalEntry<unknown>>(journal)
      .rows()
      .map(([, { key, window, value }]) => [key, window?.start ?? null, value]);
  return { topology, driver, sell, told };
}

const journal = (stream: Stream<unknown>, name = 'told'): unknown => stream.toJournal(name, { keep: 100 });

describe('behind a stream made of windows', () => {
  it('context.key is the key and context.window the window, in every function', () => {
    const seen: [string, string, number | null][] = [];
    const note = <Value>(name: string, { key, window }: Pick<Context, 'key' | 'window'>, value: Value): Value => {
      seen.push([name, key, window?.start ?? null]);
      return value;
    };
    const { sell } = fixture((counts) => {
      counts
        .filter((_, context) => note('filter', context, true))
        .flatMap((n, context) => note('flatMap', context, [n]))
        .process('p', {
          emits: eventType<number>(),
          onEvent: (_, context) => context.emit(note('process', context, 1)),
        })
        .keyBy((_, context) => note('keyBy', context, `of ${context.key}`))
        .map((n, context) => note('map', context, n))
        .toView('v');
      counts
        .toTable('t', (_, n, context) => note('toTable', context, n))
        .toStream()
        .map((n, context) => note('map 2', context, n))
        .toView('w');
    });
    sell('left', 13);
    expect(seen).toEqual([
      ['filter', 'left', 10],
      ['flatMap', 'left', 10],
      ['process', 'left', 10],
      ['keyBy', 'left', 10],
      ['map', 'of left', null],
      ['toTable', 'left', 10],
      ['map 2', 'left', 10],
    ]);
  });

  it('process has state and timers of each window', () => {
    const { driver, sell, told } = fixture((counts) => {
      journal(
        counts.process('p', {
          state: { last: valueState<number>() },
          emits: eventType<string>(),
          onEvent: (n, { state, timers, logTime }) => {
            state.last.set(n ?? 0);
            timers.setLogTime(logTime + 100, 'soon');
          },
          onTimer: ({ name }, { key, window, state, emit }) => {
            emit(`${name} ${key} ${window?.start}: ${state.last.get()}`);
          },
        }),
      );
    });
    sell('left', 1);
    sell('left', 2);
    sell('left', 12);
    sell('right', 3);
    driver.advance(100);
    expect(told()).toEqual([
      ['left', 0, 'soon left 0: 2'],
      ['left', 10, 'soon left 10: 1'],
      ['right', 0, 'soon right 0: 1'],
    ]);
  });

  it('states of every kind expire, of each window by itself', () => {
    const { driver, sell, told } = fixture((counts) => {
      journal(
        counts.process('p', {
          state: {
            value: valueState<number>({ ttl: 100 }),
            list: listState<number>({ ttl: 100 }),
            map: mapState<number>({ ttl: 100 }),
          },
          emits: eventType<unknown>(),
          onEvent: (n, { state: { value, list, map }, emit }) => {
            emit([value.get() ?? null, list.get(), map.entries()]);
            value.set(n ?? 0);
            list.add(n ?? 0);
            map.set('', n ?? 0);
            map.set('a\u0000b', n ?? 0);
          },
        }),
      );
    });
    const names = ['', 'a\u0000b'];
    sell('left', 1);
    driver.advance(60);
    sell('left', 2);
    sell('left', 11);
    driver.advance(60);
    sell('left', 3);
    driver.advance(150);
    sell('left', 12);
    expect(told()).toEqual([
      ['left', 0, [null, [], []]],
      ['left', 0, [1, [1], names.map((name) => [name, 1])]],
      ['left', 10, [null, [], []]],
      ['left', 0, [2, [2], names.map((name) => [name, 2])]],
      ['left', 10, [null, [], []]],
    ]);
  });

  it('a pattern is of one window, and what it waits for is told', () => {
    const { driver, sell, told } = fixture((counts) => {
      const steps = [
        { name: 'first', when: (n: number) => n === 1 },
        { name: 'second', when: (n: number) => n === 2 },
      ] as const;
      const found = counts.pattern('p', { steps, within: 100 });
      journal(found);
      journal(found.timedOut, 'late');
    });
    sell('left', 1);
    sell('left', 11);
    sell('left', 12);
    driver.advance(200);
    expect(told()).toEqual([['left', 10, { first: 1, second: 2 }]]);
    expect(told('late')).toEqual([['left', 0, { matched: { first: 1 }, missing: 'second', reason: 'time' }]]);
  });

  it('a delay keeps the window, cancels by it, and forgets what has left', () => {
    const { driver, sell, told } = fixture((counts, closings) => {
      journal(counts.delay('d', 10, { cancelledBy: closings() }));
    });
    sell('left', 1);
    sell('left', 12);
    sell('left', 13, 'closings');
    driver.advance(10);
    expect(told()).toEqual([['left', 0, 1]]);
    // A key may have a thousand waiting, not a thousand in all.
    for (let n = 0; n < 1100; n++) {
      sell('left', 14);
      driver.advance(10);
    }
    expect(told().at(-1)).toEqual(['left', 10, 1101]);
  });

  it('rows are found under key and window, in tables and their views', () => {
    const { topology, driver, sell } = fixture((counts) => {
      counts.toTable('rows', { ttl: 100 }).toView('rows');
      counts.map((n) => n).toView('mapped');
      counts
        .process('p', { emits: eventType<number>(), onEvent: (n, { emit }) => emit(n ?? 0) })
        .groupByKey()
        .sum('sums', (n) => n)
        .toView('sums');
      counts.toTable('own').toView('own', { key: (_, key) => key });
      counts
        .keyBy((_, { key }) => key)
        .groupByKey()
        .count('plain')
        .toView('plain');
    }, 3);
    const views = topology.views.map(({ name, isOfWindows, isKeyedByPartitionKey }) => {
      return [name, isOfWindows, isKeyedByPartitionKey];
    });
    expect(views).toEqual([
      ['rows', true, false],
      ['mapped', true, false],
      ['sums', true, false],
      ['own', false, false],
      ['plain', false, true],
    ]);
    for (const at of [1, 2, 11]) sell('left', at);
    const rows = [
      [windowKey('left', 0, 10), 2],
      [windowKey('left', 10, 20), 1],
    ];
    expect(driver.view('rows').rows()).toEqual(rows);
    expect(driver.view('mapped').rows()).toEqual(rows);
    expect(
      driver
        .view('sums')
        .rows()
        .map(([, sum]) => sum),
    ).toEqual([3, 1]);
    expect(driver.view('plain').rows()).toEqual([['left', 3]]);
    driver.advance(200);
    expect(driver.view('rows').rows()).toEqual([]);
  });

  it('streams and tables of the same windows are joined window by window', () => {
    const { sell, driver, told } = fixture((sold, closings) => {
      const closed = closings();
      const pair = (a: number, b: number): number[] => [a, b];
      journal(sold.join(closed, 'events', { within: 100, grace: 0 }, pair));
      journal(sold.join(closed.toTable('latest'), 'row', pair), 'row');
      sold.toTable('sold-rows').join(closed.toTable('closed-rows'), 'rows', pair).toView('rows');
    });
    sell('left', 5, 'closings');
    sell('left', 1);
    sell('left', 11);
    expect(told()).toEqual([['left', 0, [1, 1]]]);
    expect(told('row')).toEqual([['left', 0, [1, 1]]]);
    expect(driver.view('rows').rows()).toEqual([[windowKey('left', 0, 10), [1, 1]]]);
  });

  it('a table of windows is joined with a stream of them, also when they have closed', () => {
    const { driver, sell, told } = fixture((sold, _, sales) => {
      const sums = sales
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .sum('sums', ({ at }) => at);
      journal(sold.delay('later', 10).join(sums, 'both', (n, sum) => [n, sum]));
    });
    for (const at of [1, 2, 11]) sell('left', at);
    driver.advance(10);
    expect(told()).toEqual([
      ['left', 0, [1, 3]],
      ['left', 0, [2, 3]],
      ['left', 10, [1, 11]],
    ]);
  });

  it('windows of windows have the plain key, and the last window', () => {
    const { sell, told } = fixture((counts) => {
      const again = counts
        .groupByKey()
        .window(countWindow({ size: 1 }))
        .count('again')
        .toStream();
      journal(again.map((n, { key, window }) => [n, key, window]).keyBy((_, { key }) => key));
    }, 3);
    sell('left', 11);
    expect(told()).toEqual([['left', null, [1, 'left', { start: 0, end: 1 }]]]);
  });
});
