import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  type JournalEntry,
  session,
  TopologyTestDriver,
  tumbling,
  type WindowDefinition,
} from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { WindowSuppressOptions } from '../../src/topology/suppress-node.ts';

const Sale = Type.Object({ till: Type.String(), at: Type.Integer() });

/** Counts by window, as suppress tells them; rows of the till `bad` cannot be told. */
function counts(window: WindowDefinition, rule: WindowSuppressOptions, outOfOrderness?: number): CompiledTopology {
  return defineTopology('counts', (t) => {
    const watermark = outOfOrderness === undefined ? {} : { watermark: { outOfOrderness } };
    t.stream('sales', { schema: Sale, key: 'till', eventTime: 'at', ...watermark })
      .groupByKey()
      .window(window)
      .count('counts')
      .suppress('told', rule)
      .toStream()
      .map('fragile', (count, { key }) => {
        if (key === 'bad') throw new RangeError('as told');
        return count;
      })
      .toJournal('changes', { keep: 1000 });
  });
}

const sale = (till: string, at: number): { till: string; at: number } => ({ till, at });

class Shop {
  readonly #driver: TopologyTestDriver;
  #seen = 0;

  constructor(topology: CompiledTopology) {
    this.#driver = new TopologyTestDriver(topology, { now: 0 });
  }

  sell(till: string, at = 0): string[] {
    this.#driver.send('sales', sale(till, at));
    return this.#told();
  }

  wait(ms: number): string[] {
    this.#driver.restart();
    this.#driver.advance(ms);
    return this.#told();
  }

  #told(): string[] {
    const rows = this.#driver.view<JournalEntry<number | null>>('changes').rows();
    const fresh = rows.slice(this.#seen);
    this.#seen = rows.length;
    return fresh.map(([, { key, window, value }]) => `${key} [${window?.start},${window?.end}] ${value}`);
  }
}

describe('suppress, at intervals', () => {
  it('tells the last of what has changed at every multiple of the interval, and nothing where nothing changes', () => {
    const shop = new Shop(counts(tumbling({ size: 1000, grace: 0 }), { every: 100 }));
    expect([shop.wait(30), shop.sell('a', 5), shop.sell('a', 6), shop.sell('b', 7)]).toEqual([[], [], [], []]);
    expect(shop.wait(69)).toEqual([]);
    expect(shop.wait(1)).toEqual(['a [0,1000] 2', 'b [0,1000] 1']);
    expect(shop.wait(500)).toEqual([]);
    expect(shop.sell('b', 8)).toEqual([]);
    expect(shop.wait(100)).toEqual(['b [0,1000] 2']);
  });

  it('tells every other row when one cannot be told', () => {
    const shop = new Shop(counts(tumbling({ size: 1000, grace: 0 }), { every: 100 }));
    for (const till of ['a', 'bad', 'c']) shop.sell(till, 5);
    expect(() => shop.wait(100)).toThrow(/operator=fragile.*as told/);
    expect(shop.wait(1)).toEqual(['a [0,1000] 1', 'c [0,1000] 1']);
  });

  it('goes by the watermark, or the greatest event time where there is none, if it is to', () => {
    const rule = { every: 100, time: 'event' } as const;
    const marked = new Shop(counts(tumbling({ size: 1000, grace: 0 }), rule, 50));
    expect([marked.sell('a', 5), marked.wait(10_000), marked.sell('a', 149)]).toEqual([[], [], []]);
    expect(marked.sell('b', 150)).toEqual(['a [0,1000] 2', 'b [0,1000] 1']);
    const unmarked = new Shop(counts(tumbling({ size: 1000, grace: 0 }), rule));
    expect([unmarked.sell('a', 5), unmarked.wait(10_000), unmarked.sell('a', 99)]).toEqual([[], [], []]);
    expect(unmarked.sell('b', 100)).toEqual(['a [0,1000] 2']);
  });

  it('tells the row of a table, and that it has gone', () => {
    const topology = defineTopology('tills', (t) => {
      t.stream('sales', { schema: Sale, key: 'till' })
        .toTable<number>('last', (_, { at }) => (at === 0 ? null : at))
        .suppress('calm', { every: '1s', maxRecords: 2 })
        .toStream()
        .toJournal('changes', { keep: 100 });
    });
    const shop = new Shop(topology);
    for (const at of [1, 2, 3]) shop.sell('a', at);
    expect(shop.wait(1000)).toEqual(['a [undefined,undefined] 3']);
    shop.sell('a', 0);
    shop.sell('b', 1);
    shop.sell('b', 0);
    // There is no room for a third: the first is told early.
    expect(shop.sell('c', 1)).toEqual(['a [undefined,undefined] null']);
    expect(shop.wait(1000)).toEqual(['c [undefined,undefined] 1']);
  });
});

describe('suppress, until a window ends', () => {
  const rule = { untilWindowEnds: true } as const;

  it.each<[string, number | undefined]>([
    ['by a watermark', 0],
    ['by the events', undefined],
  ])('tells it at its end, and again at each late event within its grace, %s', (_, outOfOrderness) => {
    const shop = new Shop(counts(tumbling({ size: 10, grace: 20 }), rule, outOfOrderness));
    expect([shop.sell('a', 1), shop.sell('a', 2)]).toEqual([[], []]);
    expect(shop.sell('a', 11)).toEqual(['a [0,10] 2']);
    expect(shop.sell('a', 3)).toEqual(['a [0,10] 3']);
    expect(shop.sell('b', 4)).toEqual(['b [0,10] 1']);
    expect(shop.sell('a', 40)).toEqual(['a [10,20] 1']);
    // Closed.
    expect(shop.sell('a', 5)).toEqual([]);
  });

  it('takes a session back that was told and has grown, and tells it again when it has ended', () => {
    const shop = new Shop(counts(session({ gap: 10, grace: 100 }), rule, 0));
    expect([shop.sell('a', 1), shop.sell('a', 5)]).toEqual([[], []]);
    expect(shop.sell('b', 16)).toEqual(['a [1,5] 2']);
    expect(shop.sell('a', 15)).toEqual(['a [1,5] null']);
    expect(shop.sell('b', 26)).toEqual(['a [1,15] 3']);
  });

  it('tells what log time has ended by itself', () => {
    const shop = new Shop(counts(tumbling({ size: 10, grace: 5, time: 'processing' }), rule));
    expect([shop.wait(3), shop.sell('a'), shop.wait(6)]).toEqual([[], [], []]);
    expect(shop.wait(1)).toEqual(['a [0,10] 1']);
  });
});

describe('windows of log time', () => {
  it('go by when events come in, whatever they say', () => {
    const shop = new Shop(counts(tumbling({ size: 10, time: 'processing' }), { untilWindowCloses: true }));
    for (const at of [500, 0, 7]) shop.sell('a', at);
    expect(shop.wait(9)).toEqual([]);
    expect(shop.wait(1)).toEqual(['a [0,10] 3']);
    // One that comes at the end belongs to the next.
    expect(shop.sell('a', 1)).toEqual([]);
    expect(shop.wait(1_000_000)).toEqual(['a [10,20] 1']);
  });

  it('close in the partition that a key was sent on to', () => {
    const topology = defineTopology('counts', (t) => {
      t.stream('sales', { schema: Sale, key: 'till' })
        .keyBy('minute', ({ at }) => `${at}`)
        .groupByKey()
        .window(tumbling({ size: 10, time: 'processing' }))
        .count('counts', { emit: 'final' })
        .toStream()
        .toJournal('changes', { keep: 100 });
    });
    const driver = new TopologyTestDriver(topology, { now: 0, partitionCount: 4 });
    for (let n = 0; n < 24; n++) driver.send('sales', sale(`till-${n}`, n % 8));
    driver.advance(9);
    expect(driver.view('changes').size).toBe(0);
    driver.advance(1);
    const told = driver.view<JournalEntry<number | null>>('changes').rows();
    expect(told.map(([, { key, value }]) => `${key} ${value}`).sort()).toEqual(
      Array.from({ length: 8 }, (_, minute) => `${minute} 3`),
    );
  });

  it('tell every other row when one cannot be told', () => {
    const shop = new Shop(counts(tumbling({ size: 10, time: 'processing' }), { untilWindowCloses: true }));
    for (const till of ['a', 'bad', 'c']) shop.sell(till);
    expect(() => shop.wait(100)).toThrow(/operator=fragile.*as told/);
    expect(shop.wait(0)).toEqual(['a [0,10] 1', 'c [0,10] 1']);
  });
});
