import { defineTopology, TopologyError, TopologyTestDriver, tumbling } from 'moka';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

const Sale = Type.Object({ item: Type.String(), at: Type.Integer() });
/** A multiple of ten minutes. */
const START = 1_763_400_000_000;
const watermark = { outOfOrderness: 50, idleAfter: '1m', whenIdle: 'follow-clock' } as const;

const takings = defineTopology('takings', (t) => {
  const sales = t.stream('sales', {
    schema: Sale,
    key: 'item',
    eventTime: 'at',
    watermark,
    guarantee: 'at-least-once',
  });
  const counts = sales
    .groupByKey()
    .window(tumbling({ size: '10m', grace: 0 }))
    .count('counts', { emit: 'final' });
  counts
    .toStream()
    .map('count', (count) => count)
    .toJournal('told', { keep: 100 });
  counts.late.groupByKey().count('late').toView('late');
});

function fixture(partitionCount = 1) {
  const driver = new TopologyTestDriver(takings, { now: START, partitionCount });
  const told = (): unknown[] =>
    driver
      .view<{ value: number }>('told')
      .rows()
      .map(([, { value }]) => value);
  const sell = (at: number, item = 'tea'): void => void driver.send('sales', { item, at });
  return { driver, told, sell };
}

describe('a silent stream that follows the clock', () => {
  it('closes the last windows of the day although nothing comes', () => {
    const { driver, told, sell } = fixture();
    sell(START + 1000);
    sell(START + 2000);
    driver.advance(600_000);
    expect(told()).toEqual([]);
    driver.advance(51);
    expect(told()).toEqual([2]);
  });

  it('waits until it is idle, and for as long as events may be late', () => {
    const { driver, told, sell } = fixture();
    driver.advance(580_000);
    sell(START + 575_000);
    driver.advance(59_999);
    expect(told()).toEqual([]);
    driver.advance(1);
    expect(told()).toEqual([1]);
  });

  it('goes on with events of now, and tells what is late', () => {
    const { driver, told, sell } = fixture();
    sell(START);
    driver.advance(600_051);
    sell(START + 600_051);
    sell(START + 599_999);
    driver.advance(660_000);
    expect(told()).toEqual([1, 1]);
    expect(driver.view('late').rows()).toEqual([['tea', 1]]);
  });

  it('writes nothing down while nothing waits', () => {
    const { driver, sell } = fixture();
    sell(START);
    for (let minute = 0; minute < 600; minute++) driver.advance(60_000);
    const { offset } = driver.send('sales', { item: 'tea', at: START + 36_000_000 });
    // The event, the tick at which it was idle, and the one that closed the window.
    expect(offset).toBe(3);
  });

  it('does so in every partition', () => {
    const { driver, told, sell } = fixture(4);
    for (let n = 0; n < 20; n++) sell(START + n, `item-${n}`);
    driver.advance(600_051);
    expect(told()).toHaveLength(20);
  });

  it('needs to know when it is silent', () => {
    const build = () =>
      defineTopology('wrong', (t) => {
        t.stream('sales', {
          schema: Sale,
          key: 'item',
          eventTime: 'at',
          watermark: { outOfOrderness: 0, whenIdle: 'follow-clock' },
        }).toView('sales');
      });
    expect(build).toThrow(TopologyError);
    expect(build).toThrow(/whenIdle without idleAfter/);
  });
});
