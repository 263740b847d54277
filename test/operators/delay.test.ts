import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineTopology, type Stream, TopologyTestDriver } from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { DelayOptions } from '../../src/topology/delay-node.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const Reminder = Type.Object({ key: Type.String(), n: Type.Integer(), waitMs: Type.Optional(Type.Number()) });
type Told = { key: string; value: { n: number }; time: number };

function reminders(wait: number | 'its own', options: DelayOptions = {}, isCancelled = false): CompiledTopology {
  return defineTopology('reminders', (t) => {
    const reminded = t.stream('reminders', { schema: Reminder, key: 'key' });
    const done = t.stream('done', { schema: Reminder, key: 'key' });
    const given = isCancelled ? { ...options, cancelledBy: done } : options;
    const late = reminded.delay('wait', wait === 'its own' ? ({ waitMs = 0 }) => waitMs : wait, given);
    expectTypeOf(late).toEqualTypeOf<typeof reminded>();
    late.toJournal('late', { keep: 1000 });
    done.toView('done');
  });
}

function told(driver: TopologyTestDriver): string[] {
  const rows = driver.view<Told>('late').rows();
  return rows.map(([, { key, value }]) => `${key}${value.n}`);
}

describe('Stream.delay', () => {
  it('passes an event on when its time has gone by, whether anything comes or not, with the time at which it happened', () => {
    const driver = new TopologyTestDriver(reminders(1000), { now: 5000 });
    driver.send('reminders', { key: 'a', n: 1 }, { eventTime: 4000 });
    driver.advance(999);
    expect(told(driver)).toEqual([]);
    driver.restart();
    driver.advance(1);
    expect(driver.view<Told>('late').rows()).toMatchObject([[expect.anything(), { key: 'a', time: 4000 }]]);
    driver.advance(10_000);
    expect(told(driver)).toEqual(['a1']);
  });

  it('waits as long as the event says, and passes on what does not wait with the next record or tick', () => {
    const driver = new TopologyTestDriver(reminders('its own'), { now: 0 });
    driver.send('reminders', { key: 'a', n: 1, waitMs: 50 });
    driver.send('reminders', { key: 'b', n: 2, waitMs: 20 });
    driver.send('reminders', { key: 'c', n: 3, waitMs: -20 });
    driver.send('done', { key: 'c', n: 0 });
    expect(told(driver)).toEqual(['c3']);
    driver.advance(100);
    expect(told(driver)).toEqual(['c3', 'b2', 'a1']);
  });

  it('forgets what waits under the key of an event that cancels', () => {
    const driver = new TopologyTestDriver(reminders(1000, {}, true), { now: 0 });
    for (const [key, n] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const) {
      driver.send('reminders', { key, n });
      driver.advance(10);
    }
    driver.send('done', { key: 'a', n: 0 });
    driver.send('reminders', { key: 'a', n: 4 });
    driver.advance(2000);
    expect(told(driver)).toEqual(['b3', 'a4']);
    expect(driver.state('wait', 'a')).toBeUndefined();
  });

  it('keeps the latest only, which begins to wait anew', () => {
    const driver = new TopologyTestDriver(reminders(1000, { keep: 'latest' }), { now: 0 });
    for (let n = 0; n < 5; n++) {
      driver.send('reminders', { key: 'a', n });
      driver.advance(900);
    }
    expect(told(driver)).toEqual([]);
    driver.advance(100);
    expect(told(driver)).toEqual(['a4']);
  });

  it('takes no more than it can find again under one key', () => {
    const driver = new TopologyTestDriver(reminders(1000, {}, true), { now: 0 });
    for (let n = 0; n < 1000; n++) driver.send('reminders', { key: 'a', n });
    expect(() => driver.send('reminders', { key: 'a', n: 1000 })).toThrow(/operator=wait.*1000 events waiting/);
    driver.advance(1000);
    expect(told(driver)).toHaveLength(1000);
  });

  it.each([Number.NaN, 0.5, 1e18])('refuses to wait for %d ms', (waitMs) => {
    const topology = defineTopology('wrong', (t) => {
      t.stream('reminders', { schema: Reminder, key: 'key' })
        .delay('wait', () => waitMs)
        .toJournal('late', { keep: 1 });
    });
    const send = (): unknown => new TopologyTestDriver(topology).send('reminders', { key: 'a', n: 1 });
    expect(send).toThrow(/operator=wait.*a whole number of ms/);
  });

  it('gives up an event that what follows fails at', () => {
    const topology = defineTopology('wrong', (t) => {
      t.stream('reminders', { schema: Reminder, key: 'key' })
        .delay('wait', 10, { keep: 'latest' })
        .map('fragile', ({ key, n }) => {
          if (key === 'bad') throw new RangeError('as told');
          return { n };
        })
        .toJournal('late', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('reminders', { key: 'bad', n: 1 });
    driver.send('reminders', { key: 'good', n: 2 });
    expect(() => driver.advance(10)).toThrow(/operator=fragile.*as told/);
    driver.advance(0);
    expect(told(driver)).toEqual(['good2']);
    expect(driver.state('wait', 'bad')).toBeUndefined();
  });

  it('passes everything on once, in the order of time, key and arrival, but what was cancelled', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      waitMs: fc.integer({ min: -5, max: 60 }),
      passedMs: fc.integer({ min: 0, max: 30 }),
      isCancel: fc.nat({ max: 5 }).map((n) => n === 0),
      restarts: fc.boolean(),
    });
    const topology = reminders('its own', {}, true);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const driver = new TopologyTestDriver(topology, { now: 0 });
        let waiting: { due: number; key: string; n: number }[] = [];
        const expected: string[] = [];
        const pass = (now: number): void => {
          const due = waiting.filter((one) => one.due <= now);
          due.sort((x, y) => x.due - y.due || (x.key < y.key ? -1 : x.key > y.key ? 1 : x.n - y.n));
          expected.push(...due.map(({ key, n }) => `${key}${n}`));
          waiting = waiting.filter((one) => one.due > now);
        };
        for (const [n, { key, waitMs, passedMs, isCancel, restarts }] of steps.entries()) {
          driver.advance(passedMs);
          if (restarts) driver.restart();
          pass(driver.now);
          driver.send(isCancel ? 'done' : 'reminders', { key, n, waitMs });
          if (isCancel) waiting = waiting.filter((one) => one.key !== key);
          else waiting.push({ due: driver.now + Math.max(waitMs, 0), key, n });
        }
        driver.advance(100);
        pass(driver.now);
        expect(told(driver)).toEqual(expected);
      }),
      fuzzRuns(200),
    );
  });
});

describe('delay, written down wrongly', () => {
  type Loose = (...args: unknown[]) => Stream<unknown>;
  const DURATION = "use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least";

  it.each<[unknown[], string]>([
    [['wait'], `its time is missing; ${DURATION}`],
    [['wait', '99999d'], 'its time is more than a hundred years; use a shorter time'],
    [['wait', async () => 1], 'its time is async or a generator, but the answer is needed at once'],
    [['wait', 1, { cancelledBy: 'done' }], 'it is given something that is no stream; give it streams'],
    [['wait', 1, { keep: 'first' }], 'keep is "first"; use one of all, latest'],
    [['wait', 1, { cancelBy: 1 }], "there is no option 'cancelBy'; did you mean 'cancelledBy'?"],
  ])('%j', (args, mistake) => {
    const define = (): unknown =>
      defineTopology('t', (t) => {
        const events = t.stream('events', { schema: Reminder, key: 'key' });
        (events.delay.bind(events) as unknown as Loose)(...args).toJournal('late', { keep: 1 });
      });
    const mistakes = (error: unknown): string[] =>
      (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
    try {
      define();
      expect.unreachable();
    } catch (error) {
      expect(mistakes(error)).toEqual([expect.stringContaining(`delay 'wait': ${mistake}`)]);
    }
  });
});
