import fc from 'fast-check';
import { defineTopology, type GroupedStream, type Table, TopologyError, TopologyTestDriver } from 'moka';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const TTL_MS = 1000;
const START = 1_763_600_000_000;
const Event = Type.Object({ key: Type.String(), n: Type.Integer() });
type Event = { key: string; n: number };

interface Row {
  value: unknown;
  writtenAt: number;
}

/** What an event does to a row. */
type Fold = (row: unknown, event: Event) => unknown;
const ttl = { ttl: TTL_MS };

const TABLES: Record<string, { table: (events: GroupedStream<Event>) => Table<unknown>; fold: Fold }> = {
  count: { table: (events) => events.count('rows', ttl), fold: (row) => ((row as number | undefined) ?? 0) + 1 },
  sum: {
    table: (events) => events.sum('rows', ({ n }) => n, ttl),
    fold: (row, { n }) => ((row as number | undefined) ?? 0) + n,
  },
  reduce: {
    table: (events) => events.reduce('rows', (a, b) => ({ key: a.key, n: a.n * 2 + b.n }), ttl),
    fold: (row, event) => (row === undefined ? event : { key: event.key, n: (row as Event).n * 2 + event.n }),
  },
  aggregate: {
    table: (events) => events.aggregate('rows', { initial: () => '', add: (state, { n }) => `${state}${n}`, ...ttl }),
    fold: (row, { n }) => `${(row as string | undefined) ?? ''}${n}`,
  },
};

type Step = { kind: 'send'; event: Event } | { kind: 'advance'; ms: number } | { kind: 'restart' };
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), event: eventOf() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

function eventOf(): fc.Arbitrary<Event> {
  return fc.record({ key: fc.constantFrom('a', 'b', 'c'), n: fc.integer({ min: 0, max: 9 }) });
}

/** 7 fails behind the fold: the row, and how long it lives, stay what they were. */
function driverOf(table: (events: GroupedStream<Event>) => Table<unknown>): TopologyTestDriver {
  const topology = defineTopology('expiring', (t) => {
    const events = t.stream('events', { schema: Event, key: 'key', guarantee: 'at-least-once' });
    table(events.groupByKey()).toView('rows');
    events
      .map('fragile', (event) => {
        if (event.n === 7) throw new RangeError('seven');
        return event;
      })
      .toView('events');
  });
  return new TopologyTestDriver(topology, { now: START });
}

/** A row may be a hundredth of its time late to go, if nothing comes for its key. */
function mayBeThere({ writtenAt }: Row, now: number): boolean {
  return now < writtenAt + TTL_MS + TTL_MS / 100;
}

describe('rows with a ttl', () => {
  it.each(Object.entries(TABLES))('of %s live for so long after they were written', (_name, { table, fold }) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps: Step[]) => {
        const driver = driverOf(table);
        const model = new Map<string, Row>();
        let now = START;
        for (const one of steps) {
          if (one.kind === 'restart') driver.restart();
          if (one.kind === 'advance') {
            now += one.ms;
            driver.advance(one.ms);
          }
          if (one.kind === 'send') {
            const { key, n } = one.event;
            if (n === 7) {
              expect(() => driver.send('events', one.event)).toThrow(/seven/);
              continue;
            }
            driver.send('events', one.event);
            const row = model.get(key);
            const before = row !== undefined && now < row.writtenAt + TTL_MS ? row.value : undefined;
            model.set(key, { value: fold(before, one.event), writtenAt: now });
          }
          for (const key of ['a', 'b', 'c']) {
            const row = model.get(key);
            const shown = driver.view('rows').get(key);
            if (row !== undefined && now < row.writtenAt + TTL_MS) expect(shown).toEqual(row.value);
            else if (row === undefined || !mayBeThere(row, now)) expect(shown).toBeUndefined();
          }
        }
        driver.advance(2 * TTL_MS);
        expect(driver.view('rows').size).toBe(0);
      }),
      fuzzRuns(60),
    );
  });

  it('are told as deletions to what follows', () => {
    const topology = defineTopology('expiring', (t) => {
      t.stream('events', { schema: Event, key: 'key', guarantee: 'at-least-once' })
        .toTable('latest', { ttl: '1s' })
        .groupBy((row) => [String(row.n), row.key])
        .aggregate('keys-of', { initial: () => 0, add: (count: number) => count + 1, subtract: (count) => count - 1 })
        .toView('keys-of');
    });
    const driver = new TopologyTestDriver(topology, { now: START });
    driver.send('events', { key: 'a', n: 1 });
    driver.advance(500);
    driver.send('events', { key: 'b', n: 1 });
    expect(driver.view('keys-of').rows()).toEqual([['1', 2]]);
    driver.advance(510);
    expect(driver.view('keys-of').rows()).toEqual([['1', 1]]);
    driver.advance(500);
    expect(
      driver
        .view('keys-of')
        .rows()
        .filter(([, count]) => count !== 0),
    ).toEqual([]);
  });

  it('have no history besides', () => {
    expect(() =>
      defineTopology('wrong', (t) => {
        t.stream('events', { schema: Event, key: 'key', guarantee: 'at-least-once' }).toTable('latest', {
          ttl: '1s',
          history: '1h',
        });
      }),
    ).toThrow(TopologyError);
  });
});
