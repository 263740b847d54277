import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { MokaError } from '../../src/base/errors.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { Order, order } from '../topology/schemas.ts';

const stream = { schema: Order, key: 'orderId' } as const;

describe('TopologyTestDriver', () => {
  const topology = defineTopology('t', (t) => t.stream('orders', stream).toView('rows'));

  it('spreads keys over partitions, each with its own offsets, and reads them back in key order', () => {
    const driver = new TopologyTestDriver(topology, { partitionCount: 4 });
    const places = Array.from({ length: 40 }, (_, n) => driver.send('orders', order(`o-${n}`)));
    expect(new Set(places.map(({ partition }) => partition)).size).toBe(4);
    for (const partition of [0, 1, 2, 3]) {
      const offsets = places.filter((place) => place.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
    }
    const keys = driver
      .view('rows')
      .rows('o-1')
      .map(([key]) => key);
    expect(keys).toEqual(['o-1', 'o-10', 'o-11', 'o-12', 'o-13', 'o-14', 'o-15', 'o-16', 'o-17', 'o-18', 'o-19']);
    expect(driver.view('rows').get('o-39')).toEqual(order('o-39'));
  });

  it('sorts keys by their UTF-8 bytes', () => {
    const driver = new TopologyTestDriver(topology);
    for (const key of ['\u{1f600}', '\uffee', 'z', 'é']) driver.send('orders', order(key));
    expect(
      driver
        .view('rows')
        .rows()
        .map(([key]) => key),
    ).toEqual(['z', 'é', '\uffee', '\u{1f600}']);
  });

  it('restarts with new operators over the state of the old', () => {
    const counted = defineTopology('t', (t) => {
      t.stream('orders', stream).groupByKey().count('counts').toView('counts');
    });
    let copies = 0;
    const instantiate: typeof counted.instantiate = (host) => {
      copies++;
      return counted.instantiate(host);
    };
    const driver = new TopologyTestDriver({ ...counted, instantiate });
    driver.send('orders', order('o-1'));
    driver.restart();
    expect(driver.send('orders', order('o-1')).offset).toBe(1);
    expect(copies).toBe(2);
    expect(driver.view('counts').get('o-1')).toBe(2);
    expect(driver.changes('counts')).toHaveLength(2);
  });

  it('refuses what the engine would refuse at the door', () => {
    const driver = new TopologyTestDriver(topology);
    expect(() => driver.send('orders', { orderId: 1 })).toThrow(
      'stream=orders /storeId is missing, /totalCents is missing, /orderId must be string',
    );
    expect(() => driver.send('orders', order(''))).toThrow('key empty');
    expect(() => driver.send('orders', order('a\u0000b'))).toThrow('with control characters');
    expect(() => driver.send('order', {})).toThrow('stream=order known=orders');
    expect(() => driver.view('row')).toThrow('view=row known=rows');
    expect(() => driver.state('row', 'a')).toThrow('store=row is not one of the topology');
  });

  it('refuses event times as the door does, but for those since 1970', () => {
    const Timed = Type.Object({ id: Type.String(), at: Type.Integer() });
    const timed = defineTopology('t', (t) =>
      t.stream('events', { schema: Timed, key: 'id', eventTime: 'at' }).toView('v'),
    );
    const driver = new TopologyTestDriver(timed, { now: 1000 });
    const latest = 1000 + 86_400_000;
    for (const at of [0, latest]) driver.send('events', { id: 'a', at });
    const refused = [-1, latest + 1].map((at) => {
      try {
        return driver.send('events', { id: 'a', at });
      } catch (error) {
        return (error as MokaError).code;
      }
    });
    expect(refused).toEqual(['ERR_EVENT_TIME_RANGE', 'ERR_EVENT_TIME_RANGE']);
    expect(() => driver.send('events', { id: 'a', at: -1 })).toThrow('event time at=-1 allowed=0..now+86400000');
    expect(() => driver.send('events', { id: 'a', at: 1 }, { eventTime: -1 })).toThrow('event time at=-1');
  });

  it('asks which identities apply to an event, as the door does', () => {
    const asked: unknown[] = [];
    const Event = Type.Object({ id: Type.String(), kind: Type.String() });
    const when = (event: { kind: string }): boolean => {
      asked.push(event.kind);
      if (event.kind === 'bad') throw new Error('never heard of');
      return true;
    };
    const driver = new TopologyTestDriver(
      defineTopology('asked', (t) => {
        t.stream('events', { schema: Event, key: 'id', id: [{ field: 'id', when }] }).toView('v');
      }),
    );
    for (const kind of ['good', 'bad']) driver.send('events', { id: kind, kind });
    expect(asked).toEqual(['good', 'bad']);
    expect(driver.view('v').size).toBe(2);
  });
});
