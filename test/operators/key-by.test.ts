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
