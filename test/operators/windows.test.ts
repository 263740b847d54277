import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { windowKey } from '../../src/operators/window-key.ts';
import { DriverPartition } from '../../src/testing/driver-partition.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Stream } from '../../src/topology/stream.ts';
import { hopping, session, sliding, tumbling } from '../../src/topology/windows.ts';
import { sessionBench, slidingBench, timeoutBench, tumblingBench } from './window-bench.ts';

const Sale = Type.Object({ till: Type.String(), cents: Type.Integer(), at: Type.Integer() });
type Sale = Type.Static<typeof Sale>;

function topologyOf(build: (sales: Stream<Sale>, refunds: Stream<Sale>) => void): CompiledTopology {
  return defineTopology('tills', (t) => {
    const options = { schema: Sale, key: 'till', eventTime: 'at', guarantee: 'at-least-once' } as const;
    build(t.stream('sales', options), t.stream('refunds', options));
  });
}

const sale = (till: string, at: number, cents = 1): Sale => ({ till, at, cents });

/** Rows of a journal: `key [start,end] value @time`. */
function told(driver: TopologyTestDriver, journal: string): string[] {
  return driver
    .view<JournalEntry<unknown>>(journal)
    .rows()
    .map(([, { key, window, value, time }]) => {
      const bounds = window === undefined ? '' : ` [${window.start},${window.end}]`;
      return `${key}${bounds} ${JSON.stringify(value)} @${time}`;
    });
}

describe('a windowed table', () => {
  it('sends an event that no window takes any more to late, with its window and by how much', () => {
    const topology = topologyOf((sales) => {
      const counts = sales
        .groupByKey()
        .window(tumbling({ size: 10, grace: 5 }))
        .count('counts');
      counts.toView('counts');
      counts.late.toJournal('late', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const at of [3, 24, 9, 10, 8]) driver.send('sales', sale('a', at));
    expect(told(driver, 'late')).toEqual([
      `a {"event":{"till":"a","at":9,"cents":1},"window":{"start":0,"end":10},"lateBy":9} @9`,
      `a {"event":{"till":"a","at":8,"cents":1},"window":{"start":0,"end":10},"lateBy":9} @8`,
    ]);
    driver.send('sales', sale('a', 25));
    driver.send('sales', sale('a', 19));
    expect(told(driver, 'late').at(-1)).toContain('"window":{"start":10,"end":20},"lateBy":0');
  });

  it('is read by key and window, until its retention is over', () => {
    const topology = topologyOf((sales) => {
      const sums = sales.groupByKey().window(tumbling({ size: 10, grace: 0 }));
      sums
        .aggregate('sums', { initial: () => 0, add: (sum, { cents }) => sum + cents })
        .toView('sums', { retention: 100 })
        .map((sum) => sum / 100)
        .toView('euros', { retention: 100, key: (_, key) => `till ${key}` });
    });
    const driver = new TopologyTestDriver(topology);
    for (const at of [1, 2, 11]) driver.send('sales', sale('a', at, 50));
    expect(driver.view('sums').rows()).toEqual([
      [windowKey('a', 0, 10), 100],
      [windowKey('a', 10, 20), 50],
    ]);
    expect(driver.view('euros').get(`till ${windowKey('a', 0, 10)}`)).toBe(1);
    driver.send('sales', sale('b', 113));
    expect(
      driver
        .view('sums')
        .rows()
        .map(([key]) => key),
    ).toEqual([windowKey('a', 10, 20), windowKey('b', 110, 120)]);
    expect(driver.view('euros').size).toBe(2);
    // The operator itself has let go of what had closed.
    driver.send('sales', sale('b', 1000));
    expect(driver.view('sums').rows()).toEqual([[windowKey('b', 1000, 1010), 1]]);
  });

  it('keeps nothing of the windows that a session has had before', () => {
    const topology = topologyOf((sales) => {
      sales
        .groupByKey()
        .window(session({ gap: 10, grace: 0 }))
        .count('counts')
        .toView('counts');
    });
    const host = new DriverPartition(topology, 0, 1, () => 0);
    for (let at = 0; at < 500; at += 5) host.process(0, 'a', sale('a', at), at, 0);
    expect(topology.stores.map(({ id, name }) => [name, host.store(id).size])).toEqual([
      ['counts', 1],
      ['counts:due', 1],
      ['rows:counts', 1],
      ['rows:counts:due', 1],
    ]);
  });

  it('shows final rows only when it tells only those', () => {
    const topology = topologyOf((sales) => {
      const hops = sales.groupByKey().window(hopping({ size: 10, advance: 5, grace: 5 }));
      hops.count('counts', { emit: 'final' }).toView('counts').toStream().toJournal('changes', { keep: 100 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const [till, at] of [
      ['b', 1],
      ['a', 7],
      ['b', 3],
      ['a', 14],
    ] as const)
      driver.send('sales', sale(till, at));
    expect(driver.view('counts').size).toBe(0);
    driver.send('sales', sale('a', 20));
    expect(driver.view('counts').rows()).toEqual([
      [windowKey('a', 0, 10), 1],
      [windowKey('a', 5, 15), 2],
      [windowKey('b', 0, 10), 2],
    ]);
    expect(told(driver, 'changes')).toEqual(['a [0,10] 1 @7', 'b [0,10] 2 @3', 'a [5,15] 2 @14']);
  });

  it('gives what follows a closed window the key of its row, not that of the event that closed it', () => {
    const topology = topologyOf((sales) => {
      const counts = sales
        .groupByKey()
        .window(session({ gap: 5, grace: 0 }))
        .count('counts', { emit: 'final' });
      const keys = counts.toStream().map((_, { key }) => key);
      keys.toJournal('keys', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const [till, at] of [
      ['a', 1],
      ['b', 2],
      ['c', 50],
    ] as const)
      driver.send('sales', sale(till, at));
    expect(told(driver, 'keys')).toEqual(['a [1,1] "a" @1', 'b [2,2] "b" @2']);
  });

  it('undoes an event whose function throws, with the windows it closed', () => {
    const topology = topologyOf((sales) => {
      const sums = sales.groupByKey().window(tumbling({ size: 10, grace: 0 }));
      const add = (sum: number, { cents }: Sale): number => {
        if (cents < 0) throw new RangeError('no such sale');
        return sum + cents;
      };
      sums
        .aggregate('sums', { initial: () => 0, add }, { emit: 'final' })
        .toStream()
        .toJournal('sums', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('sales', sale('a', 5));
    expect(() => driver.send('sales', sale('a', 30, -1))).toThrow('operator=sums');
    driver.send('sales', sale('a', 6));
    driver.send('sales', sale('a', 12));
    expect(told(driver, 'sums')).toEqual(['a [0,10] 2 @6']);
  });
});

describe('cogroup', () => {
  it('folds several streams into one state per key, and per window', () => {
    const topology = topologyOf((sales, refunds) => {
      const both = sales
        .groupByKey()
        .cogroup((total: number, { cents }) => total + cents)
        .cogroup(refunds.groupByKey(), (total, { cents }) => total - cents);
      both.aggregate('totals', { initial: () => 0 }).toView('totals');
      const windows = both.window(tumbling({ size: 10, grace: 0 })).aggregate('windows', { initial: () => 0 });
      windows.toView('windows');
      windows.late.toJournal('late', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('sales', sale('a', 1, 500));
    driver.send('refunds', sale('a', 3, 200));
    driver.send('refunds', sale('a', 12, 100));
    // The streams share the time that they have seen.
    driver.send('sales', sale('a', 9, 50));
    expect(driver.view('totals').rows()).toEqual([['a', 250]]);
    expect(driver.view('windows').rows()).toEqual([
      [windowKey('a', 0, 10), 300],
      [windowKey('a', 10, 20), -100],
    ]);
    expect(told(driver, 'late')).toHaveLength(1);
  });
});

describe('suppress', () => {
  it('tells of a window once, when it has closed', () => {
    const topology = topologyOf((sales) => {
      const counts = sales
        .groupByKey()
        .window(session({ gap: 10, grace: 10 }))
        .count('counts');
      counts.suppress('final', { untilWindowCloses: true }).toView('final').toStream().toJournal('told', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const at of [1, 5, 20, 13, 30, 40]) driver.send('sales', sale('a', at));
    expect(told(driver, 'told')).toEqual([]);
    driver.send('sales', sale('b', 60));
    expect(told(driver, 'told')).toEqual([]);
    driver.send('sales', sale('b', 61));
    expect(told(driver, 'told')).toEqual(['a [1,40] 6 @40']);
    expect(driver.view('final').rows()).toEqual([[windowKey('a', 1, 40), 6]]);
  });

  it('holds a row back for a time, and says nothing of one that came and went meanwhile', () => {
    const topology = topologyOf((sales) => {
      const rows = sales.toTable<number>('rows', (_, { cents }) => (cents === 0 ? null : cents));
      rows.suppress('calm', { untilTimeLimit: 10 }).toView('calm').toStream().toJournal('told', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const one of [sale('a', 0, 1), sale('b', 1, 1), sale('a', 4, 2), sale('b', 5, 0)]) driver.send('sales', one);
    expect(told(driver, 'told')).toEqual([]);
    driver.send('sales', sale('c', 20, 7));
    expect(told(driver, 'told')).toEqual(['a 2 @4']);
    driver.send('sales', sale('a', 21, 0));
    driver.send('sales', sale('c', 31, 8));
    expect(told(driver, 'told')).toEqual(['a 2 @4', 'c 8 @31', 'a null @21']);
    expect(driver.view('calm').rows()).toEqual([['c', 8]]);
  });

  it('tells the row that waits longest when there is no room, or fails the event', () => {
    const topology = topologyOf((sales) => {
      const rows = sales.toTable('rows', (_: number | null, { cents }) => cents);
      rows.suppress('early', { untilTimeLimit: '1h', maxRecords: 2 }).toStream().toJournal('early', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const [till, at] of [
      ['b', 1],
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ] as const)
      driver.send('sales', sale(till, at, at));
    expect(told(driver, 'early')).toEqual(['b 3 @3']);
    const strict = topologyOf((sales) => {
      const rows = sales.toTable('rows', (_: number | null, { cents }) => cents);
      rows.suppress('full', { untilTimeLimit: '1h', maxRecords: 1, onFull: 'fail' }).toView('full');
    });
    const other = new TopologyTestDriver(strict);
    other.send('sales', sale('a', 1));
    expect(() => other.send('sales', sale('b', 2))).toThrow('operator=full');
    other.send('sales', sale('a', 3));
  });
});

describe('the bounds of windows', () => {
  const send = (bench: ReturnType<typeof sessionBench>, ...times: number[]): string[] =>
    times.flatMap((time) => bench.send({ key: 'a', value: 'x', time }).changes);

  it('a tumbling window has its start and not its end, and takes what comes until the grace is over', () => {
    expect(send(tumblingBench(10, 5, false), 0, 9, 10, 14, 9)).toEqual([
      'a [0,10] x @0',
      'a [0,10] xx @9 < x',
      'a [10,20] x @10',
      'a [10,20] xx @14 < x',
      'a [0,10] xxx @9 < xx',
    ]);
    expect(send(tumblingBench(10, 5, false), 15, 9)).toEqual(['a [10,20] x @15']);
  });

  it('a session takes an event that lies just the gap away', () => {
    expect(send(sessionBench(10, 0, true), 0, 10, 21, 32, 100)).toEqual([
      'a [0,10] xx @10',
      'a [21,21] x @21',
      'a [32,32] x @32',
    ]);
  });

  it('a session of a fixed length begins anew behind it, and ends where another has begun', () => {
    expect(send(timeoutBench(10, 20, false), 5, 14, 15, 0, 4)).toEqual([
      'a [5,15] x @5',
      'a [5,15] xx @14 < x',
      'a [15,25] x @15',
      'a [0,5] x @0',
      'a [0,5] xx @4 < x',
    ]);
  });

  it('a sliding window has both its ends', () => {
    expect(send(slidingBench(10, 0, false), 20, 30)).toEqual([
      'a [10,20] x @20',
      'a [20,30] xx @30',
      'a [21,31] x @30',
    ]);
  });

  it('windows that close together are told over several events when they are many, and none twice', () => {
    const bench = tumblingBench(10, 0, true);
    const keys = Array.from({ length: 3000 }, (_, i) => `k${String(i).padStart(4, '0')}`);
    for (const key of keys) bench.send({ key, value: 'x', time: 1 });
    const first = bench.send({ key: 'z', value: 'z', time: 10 }).changes;
    expect(first.length).toBeLessThan(3000);
    const rest = [11, 12].flatMap((time) => bench.send({ key: 'z', value: 'z', time }).changes);
    expect([...first, ...rest]).toEqual(keys.map((key) => `${key} [0,10] x @1`));
    expect(bench.store.size).toBe(1);
  });

  it('a sliding window may hold events of one time only', () => {
    const topology = topologyOf((sales) => {
      sales
        .groupByKey()
        .window(sliding({ difference: 0, grace: 0 }))
        .count('counts')
        .toView('counts');
    });
    const driver = new TopologyTestDriver(topology);
    for (const at of [5, 5, 6]) driver.send('sales', sale('a', at));
    expect(driver.view('counts').rows()).toEqual([
      [windowKey('a', 5, 5), 2],
      [windowKey('a', 6, 6), 1],
    ]);
  });
});
