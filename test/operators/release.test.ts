import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { eventType } from '../../src/topology/process-node.ts';

const Event = Type.Object({ id: Type.String(), at: Type.Number() });
const START = 1_763_600_000_000;

const topology = defineTopology('released', (t) => {
  const options = { schema: Event, key: 'id', eventTime: 'at' } as const;
  const joined = t
    .stream('orders', options)
    .leftJoin(t.stream('payments', options), 'payment', { within: 10, grace: 0 }, (order, payment) => {
      return { id: order.id, isPaid: payment !== null };
    });
  joined.groupByKey().count('results').toView('results');
  joined
    .map('judge', (result) => {
      if (result.id.startsWith('bad') && !result.isPaid) throw new RangeError('as told');
      return result;
    })
    .toJournal('judged', { keep: 100 });
});

describe('a result that is due for another key', () => {
  it('fails by itself: what it wrote is taken back, the event that was at hand stands, the next one is not held up', () => {
    const driver = new TopologyTestDriver(topology, { now: START });
    const order = (id: string, at: number): void => void driver.send('orders', { id, at: START + at });
    order('bad-1', 0);
    order('good', 1);
    order('bad-2', 2);
    expect(() => order('late', 100)).toThrowError(expect.objectContaining({ operator: 'judge' }));
    // `late` itself is in: it waits for its payment, and nothing is owed any more.
    order('last', 200);
    const judged = driver
      .view<{ key: string }>('judged')
      .rows()
      .map(([, { key }]) => key);
    expect(judged).toEqual(['good', 'late']);
    expect(driver.view('results').rows()).toEqual([
      ['good', 1],
      ['late', 1],
    ]);
  });
});

describe('an event that was held back', () => {
  it('fails by itself when it leaves, and holds up none of the others', () => {
    const held = defineTopology('held', (t) => {
      const options = { schema: Event, key: 'id', eventTime: 'at' } as const;
      const prices = t.stream('prices', options).toTable('prices', { history: '1m' });
      t.stream('orders', options)
        .leftJoin(prices, 'price', { grace: 5 }, (order) => {
          if (order.id.startsWith('bad')) throw new RangeError('as told');
          return order.id;
        })
        .toJournal('priced', { keep: 100 });
    });
    const driver = new TopologyTestDriver(held, { now: START });
    const order = (id: string, at: number): void => void driver.send('orders', { id, at: START + at });
    order('bad', 0);
    order('good', 1);
    expect(() => order('late', 10)).toThrowError(expect.objectContaining({ operator: 'price' }));
    order('last', 20);
    const priced = driver.view<{ value: string }>('priced').rows();
    expect(priced.map(([, { value }]) => value)).toEqual(['good', 'late']);
  });
});

describe('event time behind keyBy', () => {
  it('goes on with what arrives from other partitions', () => {
    const alarms = defineTopology('alarms', (t) => {
      t.stream('events', { schema: Event, key: 'id', eventTime: 'at' })
        .keyBy('one', () => 'all')
        .process('alarm', {
          emits: eventType<number>(),
          onEvent: (event, { timers }) => timers.setEventTime(event.at + 5),
          onTimer: ({ time }, { emit }) => emit(time - START),
        })
        .toJournal('alarms', { keep: 100 });
    });
    for (const partitionCount of [1, 7]) {
      const driver = new TopologyTestDriver(alarms, { now: START, partitionCount });
      for (let n = 0; n < 8; n++) driver.send('events', { id: `id-${n}`, at: START + 10 * n });
      const times = driver
        .view<{ value: number }>('alarms')
        .rows()
        .map(([, { value }]) => value);
      expect(times).toEqual([5, 15, 25, 35, 45, 55, 65]);
    }
  });
});
