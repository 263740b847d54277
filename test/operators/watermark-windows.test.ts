import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology, TopologyTestDriver, tumbling } from '../../src/index.ts';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';

const Event = Type.Object({ key: Type.String(), at: Type.Integer() });

interface Options {
  readonly emit?: 'updates' | 'final';
  readonly idleAfter?: number;
}

/** Two streams, folded together into windows of 10 ms; rows of the key `bad` cannot be told. */
function takings({ emit = 'final', idleAfter }: Options = {}): CompiledTopology {
  return defineTopology('takings', (t) => {
    const watermark = { outOfOrderness: 5, ...(idleAfter === undefined ? {} : { idleAfter }) };
    const options = { schema: Event, key: 'key', eventTime: 'at', watermark } as const;
    const tills = t.stream('tills', options).groupByKey();
    const kiosks = t.stream('kiosks', options).groupByKey();
    tills
      .cogroup((count: number) => count + 1)
      .cogroup(kiosks, (count) => count + 100)
      .window(tumbling({ size: 10, grace: 0 }))
      .aggregate('counts', { initial: () => 0 }, { emit })
      .toStream()
      .map('fragile', (count, { key }) => {
        if (key === 'bad') throw new RangeError('as told');
        return count;
      })
      .toJournal('told', { keep: 100 });
  });
}

function told(driver: TopologyTestDriver): string[] {
  const rows = driver.view<JournalEntry<number>>('told').rows();
  return rows.map(([, { key, window, value }]) => `${key} ${window?.start} ${value}`);
}

describe('windows of streams with watermarks', () => {
  it('are told when the watermark is past their end, by an event of any key, and not at every event', () => {
    const driver = new TopologyTestDriver(takings(), { now: 0 });
    driver.send('kiosks', { key: 'k', at: 1000 });
    driver.send('tills', { key: 'a', at: 3 });
    driver.send('tills', { key: 'b', at: 14 });
    driver.send('tills', { key: 'a', at: 9 });
    expect(told(driver)).toEqual([]);
    driver.send('tills', { key: 'z', at: 15 });
    expect(told(driver)).toEqual(['a 0 2']);
    driver.send('tills', { key: 'z', at: 25 });
    expect(told(driver)).toEqual(['a 0 2', 'b 10 1', 'z 10 1']);
  });

  it('wait for the slower of two streams, as long as it is not silent for too long', () => {
    const driver = new TopologyTestDriver(takings({ idleAfter: 1000 }), { now: 0 });
    driver.send('tills', { key: 'a', at: 3 });
    driver.send('kiosks', { key: 'a', at: 4 });
    driver.send('tills', { key: 'a', at: 500 });
    expect(told(driver)).toEqual([]);
    driver.advance(999);
    driver.send('tills', { key: 'a', at: 501 });
    driver.restart();
    driver.advance(1);
    expect(told(driver)).toEqual(['a 0 101']);
  });

  it('tell every other row when one cannot be told', () => {
    const driver = new TopologyTestDriver(takings(), { now: 0 });
    driver.send('kiosks', { key: 'k', at: 1000 });
    for (const key of ['a', 'bad', 'c']) driver.send('tills', { key, at: 3 });
    expect(() => driver.send('tills', { key: 'z', at: 100 })).toThrow(/operator=fragile.*as told/);
    driver.send('tills', { key: 'z', at: 101 });
    expect(told(driver)).toEqual(['a 0 1', 'c 0 1']);
  });

  it('tell updates at once, and keep nothing of a window that is over', () => {
    const driver = new TopologyTestDriver(takings({ emit: 'updates' }), { now: 0 });
    driver.send('kiosks', { key: 'k', at: 1000 });
    driver.send('tills', { key: 'a', at: 3 });
    driver.send('tills', { key: 'a', at: 14 });
    driver.send('tills', { key: 'a', at: 5 });
    driver.send('tills', { key: 'a', at: 30 });
    driver.send('tills', { key: 'a', at: 6 });
    expect(told(driver)).toEqual(['k 1000 100', 'a 0 1', 'a 10 1', 'a 0 2', 'a 30 1']);
  });
});
