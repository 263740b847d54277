import { defineTopology, TopologyTestDriver, tumbling } from 'moka';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

const PARTITIONS = 3;
const Sale = Type.Object({ id: Type.String(), till: Type.String(), item: Type.String(), at: Type.Integer() });
type Watermark = { outOfOrderness: number; idleAfter?: number } | ((event: { at: number }) => number);

/** Sales by till; per item and 10 ms, told when the window is closed. */
function sales(watermark: Watermark) {
  return defineTopology('sales', (t) => {
    const windowed = t
      .stream('sales', { schema: Sale, key: 'till', id: 'id', eventTime: 'at', watermark })
      .keyBy('item', (sale) => sale.item)
      .groupByKey()
      .window(tumbling({ size: 10, grace: 0 }));
    const counts = windowed.count('per-item');
    counts.late.groupByKey().count('late').toView('late');
    counts.suppress('closed', { untilWindowCloses: true }).toView('closed');
  });
}

/** A till in each partition. */
function tillsOf(driver: TopologyTestDriver): string[] {
  const tills: string[] = [];
  for (let n = 0; tills.filter((till) => till !== undefined).length < PARTITIONS; n++) {
    const { partition } = driver.send('sales', { id: `probe-${n}`, till: `till-${n}`, item: 'probe', at: 0 });
    tills[partition] ??= `till-${n}`;
  }
  return tills;
}

function fixture(watermark: Watermark) {
  const topology = sales(watermark);
  const tills = tillsOf(new TopologyTestDriver(topology, { partitionCount: PARTITIONS }));
  const driver = new TopologyTestDriver(topology, { partitionCount: PARTITIONS });
  let n = 0;
  const sell = (partition: number, at: number, item = 'tea'): void => {
    n += 1;
    driver.send('sales', { id: `s-${n}`, till: tills[partition] as string, item, at });
  };
  const closed = (): string[] =>
    driver
      .view('closed')
      .rows()
      .map(([, count]) => JSON.stringify(count));
  return { driver, sell, closed };
}

describe('event time behind a hop', () => {
  it('waits for the slowest partition, and nothing of it is late', () => {
    const { driver, sell, closed } = fixture({ outOfOrderness: 0 });
    sell(0, 1);
    sell(1, 95);
    sell(1, 99);
    driver.advance(1000);
    // Partition 2 has said nothing, and partition 0 is at 1.
    expect(closed()).toEqual([]);
    sell(2, 99);
    driver.advance(1000);
    expect(closed()).toEqual([]);
    sell(0, 5);
    sell(0, 50);
    driver.advance(1000);
    expect(closed()).toEqual(['2']);
    expect(driver.view('late').size).toBe(0);
  });

  it('goes on without a partition that is idle, also one that never had an event', () => {
    const { driver, sell, closed } = fixture({ outOfOrderness: 0, idleAfter: 5000 });
    driver.advance(0);
    sell(0, 1);
    sell(0, 30);
    driver.advance(1000);
    expect(closed()).toEqual([]);
    // The others have been silent for long enough, and partition 0 not.
    driver.advance(3900);
    sell(0, 31);
    driver.advance(200);
    driver.advance(200);
    expect(closed()).toEqual(['1']);
  });

  it('passes on what events themselves say', () => {
    const { driver, sell, closed } = fixture((event) => event.at - 5);
    for (const partition of [0, 1, 2]) sell(partition, 3);
    for (const partition of [0, 1, 2]) sell(partition, 13);
    driver.advance(1000);
    expect(closed()).toEqual([]);
    for (const partition of [0, 1, 2]) sell(partition, 16);
    driver.advance(1000);
    expect(closed()).toEqual(['3']);
  });

  it('is told once, and again only when it has moved', () => {
    const { driver, sell } = fixture({ outOfOrderness: 0 });
    const offsetAt = (): number =>
      driver.send('sales', { id: crypto.randomUUID(), till: 'x', item: 'y', at: 0 }).offset;
    for (const partition of [0, 1, 2]) sell(partition, 50);
    driver.advance(1000);
    const before = offsetAt();
    for (let i = 0; i < 50; i++) driver.advance(1000);
    // The next one, and what its item brings about.
    expect(offsetAt() - before).toBeLessThanOrEqual(2);
  });

  it('is the same after a restart', () => {
    const { driver, sell, closed } = fixture({ outOfOrderness: 0 });
    sell(1, 95);
    sell(2, 95);
    driver.advance(1000);
    driver.restart();
    sell(0, 1);
    sell(0, 50);
    driver.advance(1000);
    expect(closed()).toEqual(['1']);
  });
});
