import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';

const Event = Type.Object({ id: Type.String(), to: Type.Unknown() });

const topology = defineTopology('moved', (t) => {
  const events = t.stream('events', { schema: Event, key: 'id' });
  const moved = events.keyBy('by-target', (event) => event.to as string);
  moved.groupByKey().count('per-target').toView('per-target');
  moved
    .groupByKey()
    .aggregate('keys', { initial: () => '', add: (_, __, context) => context.key })
    .toView('keys');
  moved.toJournal('all', { keep: 3 });
  events.groupByKey().count('per-id').toView('per-id');
});

function driverWith(...targets: unknown[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(topology);
  for (const to of targets) driver.send('events', { id: 'e', to });
  return driver;
}

describe('keyBy', () => {
  it('gives events another key, in the context too, and leaves what goes another way alone', () => {
    const driver = driverWith('a', 'b', 'a', 7);
    expect(driver.view('per-target').rows()).toEqual([
      ['7', 1],
      ['a', 2],
      ['b', 1],
    ]);
    expect(driver.view('keys').get('a')).toBe('a');
    expect(driver.view('per-id').rows()).toEqual([['e', 4]]);
  });

  it('an event without a key is in no fold, and passes where keys do not matter', () => {
    const driver = driverWith(null);
    expect(driver.view('per-target').size).toBe(0);
    expect(
      driver
        .view<{ key: string }>('all')
        .rows()
        .map(([, row]) => row.key),
    ).toEqual(['']);
  });

  it.each([
    ['', 'returned a value of type string'],
    [undefined, 'returned undefined'],
    [1.5, 'returned a value of type number'],
    [{}, 'returned a value of type object'],
    ['a\u0000b', 'key holds a control character'],
    ['\ud800', 'half a surrogate pair'],
    ['x'.repeat(2_000), 'key bytes=2000'],
  ])('%j is no key: the event is undone and the operator is named', (to, reason) => {
    const driver = driverWith('a');
    expect(() => driver.send('events', { id: 'e', to: to ?? null, ...(to === undefined ? { to } : {}) })).toThrowError(
      expect.objectContaining({
        code: 'ERR_OPERATOR_FAILED',
        operator: 'by-target',
        message: expect.stringContaining(reason),
      }),
    );
    expect(driver.view('per-id').rows()).toEqual([['e', 1]]);
  });
});

describe('toJournal', () => {
  it('keeps the last events in their order, with key, time and offset', () => {
    const driver = driverWith('a', 'b', 'c', 'd');
    const rows = driver.view<{ key: string; offset: number; time: number }>('all').rows();
    expect(rows.map(([, row]) => [row.key, row.offset])).toEqual([
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ]);
    expect(rows[0]?.[1].time).toBe(driver.now);
    const lost = driver.changes('all').filter((change) => change.next === undefined);
    expect(lost.map((change) => (change.previous as { key: string }).key)).toEqual(['a']);
  });

  it('must say how many', () => {
    expect(() =>
      defineTopology('t', (t) => {
        t.stream('events', { schema: Event, key: 'id' }).toJournal('all', {} as never);
      }),
    ).toThrowError(/journal 'all'.*keep is missing/s);
  });
});

describe('keyBy over several partitions', () => {
  it('shows what one partition shows, each row in the partition of its key', () => {
    const one = new TopologyTestDriver(topology);
    const many = new TopologyTestDriver(topology, { partitionCount: 5 });
    for (let n = 0; n < 200; n++) {
      const event = { id: `id-${n % 17}`, to: `to-${n % 7}` };
      one.send('events', event);
      many.send('events', event);
    }
    for (const view of ['per-target', 'per-id', 'keys']) {
      expect(many.view(view).rows()).toEqual(one.view(view).rows());
    }
  });

  it('an event that fails behind the hop is undone there alone', () => {
    const failing = defineTopology('failing', (t) => {
      const events = t.stream('events', { schema: Event, key: 'id' });
      events.groupByKey().count('came').toView('came');
      events
        .keyBy('move', (event) => event.to as string)
        .map((event) => {
          if (event.to === 'bad') throw new RangeError('as told');
          return event;
        })
        .groupByKey()
        .count('arrived')
        .toView('arrived');
    });
    const driver = new TopologyTestDriver(failing, { partitionCount: 16 });
    const send = (n: number, to: string): void => void driver.send('events', { id: `id-${n}`, to });
    for (let n = 0; n < 20; n++) send(n, 'good');
    // One of these stays in its own partition, where it is undone as a whole.
    let failures = 0;
    for (let n = 0; n < 20; n++) {
      try {
        send(n, 'bad');
      } catch {
        failures += 1;
      }
    }
    expect(failures).toBe(20);
    expect(driver.view('arrived').rows()).toEqual([['good', 20]]);
    const came = driver
      .view<number>('came')
      .rows()
      .reduce((sum, [, count]) => sum + count, 0);
    expect(came).toBeGreaterThan(20);
  });
});
