import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineTopology, type Stream, TopologyTestDriver } from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { PatternStep, TimedOut } from '../../src/topology/pattern-node.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const Event = Type.Object({ key: Type.String(), type: Type.String(), n: Type.Integer() });
interface Event {
  key: string;
  type: string;
  n: number;
}
const WITHIN_MS = 100;

const is =
  (type: string) =>
  (event: Event): boolean =>
    event.type === type;
/** `a !b c`: an `a`, and a `c` before any `b`. */
const stepsOf = (text: string): PatternStep<Event>[] =>
  text.split(' ').map((word) => {
    const name = word.replace('!', '');
    return { name, when: is(name[0] as string), absent: word.startsWith('!') };
  });

interface Options {
  readonly skip?: 'past-last' | 'none';
  readonly maxPartial?: number;
}

function topologyOf(text: string, options: Options = {}): CompiledTopology {
  return defineTopology('patterns', (t) => {
    const events = t.stream('events', { schema: Event, key: 'key' });
    const found = events.pattern('found', { steps: stepsOf(text), within: WITHIN_MS, ...options });
    found
      .map('texts', (match: Readonly<Record<string, Event>>) => textOf(match))
      .merge(
        found.timedOut.map(
          ({ matched, missing, reason }) => `${reason} ${textOf(matched as Record<string, Event>)} ${missing}`,
        ),
      )
      .toJournal('told', { keep: 10_000 });
  });
}

function textOf(match: Readonly<Record<string, Event>>): string {
  return Object.entries(match)
    .map(([name, { n }]) => `${name}${n}`)
    .join(' ');
}

function told(driver: TopologyTestDriver): string[] {
  const rows = driver.view<{ value: string }>('told').rows();
  return rows.map(([, { value }]) => value);
}

/** Sends `a b 40 c`: events with their number, under one key, and ms that go by. */
function run(driver: TopologyTestDriver, text: string): string[] {
  for (const [n, word] of text.split(' ').entries()) {
    if (/^\d+$/.test(word)) driver.advance(Number(word));
    else driver.send('events', { key: 'k', type: word, n });
    driver.restart();
  }
  return told(driver);
}

describe('Stream.pattern', () => {
  it.each<[string, string, string, Options, string[]]>([
    ['a sequence with anything in between', 'a b c', 'x a x b x c c', {}, ['a1 b3 c5']],
    ['in this order only', 'a b', 'b a', {}, []],
    ['an event is taken for one step', 'a1 a2 a3', 'a a a a', {}, ['a10 a21 a32']],
    ['nothing that began before a match ended comes after it', 'a b', 'a a b b', {}, ['a0 b2']],
    ['each beginning for itself', 'a b', 'a a b b', { skip: 'none' }, ['a0 b2', 'a1 b2']],
    ['an end may be a beginning', 'a1 a2', 'a a a', { skip: 'none' }, ['a10 a21', 'a11 a22']],
    ['in time', 'a b', 'a 99 b', {}, ['a0 b2']],
    ['too late by nothing', 'a b', 'a 100 b', {}, ['time a0 b']],
    ['each has its own time', 'a b', 'a 60 a 60 b', {}, ['time a0 b', 'a2 b4']],
    ['what came to nothing says how far it came', 'a b c', 'a b 200', {}, ['time a0 b1 c']],
    ['what did not happen in time', 'a !b', 'a 99 1', {}, ['a0']],
    ['what did happen', 'a !b', 'a b 200', {}, []],
    ['what happened too late to be missed', 'a !b', 'a 100 b', {}, ['a0']],
    ['what did not happen in between', 'a !b c', 'a x c a b c', {}, ['a0 c2']],
    ['what must not come in between may come before', 'a b !c d', 'a c b d', {}, ['a0 b2 d3']],
    ['neither of two', 'a !b !c d', 'a c d a b d a d', {}, ['a6 d7']],
    ['absent at the end, after more than one', 'a b !c', 'a 10 b 90', {}, ['a0 b2']],
    ['absent at the end, and not reached', 'a b !c', 'a 10 c 90', {}, ['time a0 b']],
    ['a match by absence leaves what began after it', 'a !b', 'a 50 a 50 50', {}, ['a0', 'a2']],
    ['a match by absence takes with it what began before it ended', 'a b !c', 'a a b 100', {}, ['a0 b2']],
    ['and does not', 'a b !c', 'a a b 100', { skip: 'none' }, ['a0 b2', 'a1 b2']],
    ['the oldest makes room', 'a b', 'a a a b', { skip: 'none', maxPartial: 2 }, ['room a0 b', 'a1 b3', 'a2 b3']],
  ])('finds %s: %s in %s', (_, pattern, events, options, expected) => {
    expect(run(new TopologyTestDriver(topologyOf(pattern, options), { now: 0 }), events)).toEqual(expected);
  });

  it('looks at the events of one key, and at those that were taken before', () => {
    const topology = defineTopology('rising', (t) => {
      t.stream('events', { schema: Event, key: 'key' })
        .pattern('rising', {
          steps: [
            { name: 'low', when: () => true },
            { name: 'high', when: ({ n }, { low }) => n > (low?.n ?? 0) },
          ],
          within: '1m',
        })
        .toJournal('told', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const [key, n] of [
      ['a', 5],
      ['b', 9],
      ['a', 4],
      ['a', 5],
    ] as const) {
      driver.send('events', { key, type: '', n });
    }
    const rows = driver.view<{ key: string; value: { low: Event; high: Event } }>('told').rows();
    expect(rows.map(([, { key, value }]) => [key, value.low.n, value.high.n])).toEqual([['a', 4, 5]]);
  });

  it('knows the types of its steps', () => {
    type Placed = Event & { type: 'placed' };
    defineTopology('types', (t) => {
      const events = t.stream('events', { schema: Event, key: 'key' });
      const unpaid = events.pattern('unpaid', {
        steps: [
          { name: 'placed', when: (event): event is Placed => event.type === 'placed' },
          { name: 'seen', when: (event, { placed }) => event.n === placed?.n },
          { name: 'paid', when: (event) => event.type.startsWith('p'), absent: true },
        ],
        within: '10m',
      });
      type Match = { readonly placed: Placed; readonly seen: Event };
      expectTypeOf<(typeof unpaid)['~value']>().toEqualTypeOf<Match>();
      expectTypeOf(unpaid.timedOut).toEqualTypeOf<Stream<TimedOut<Match>, 'plain'>>();
      unpaid.map((match) => match.placed.n).toJournal('n', { keep: 1 });
    });
  });

  it('takes back what a failing event began, and gives up a match that what follows fails at', () => {
    const topology = defineTopology('fragile', (t) => {
      t.stream('events', { schema: Event, key: 'key' })
        .pattern('found', {
          steps: [
            { name: 'a', when: ({ type }) => type === 'a' },
            { name: 'b', when: ({ n }) => (n === 7 ? (1 as never) : false), absent: true },
          ],
          within: 10,
        })
        .map('fragile', ({ a }) => {
          if (a.key === 'bad') throw new RangeError('as told');
          return a.n;
        })
        .toJournal('told', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('events', { key: 'bad', type: 'a', n: 0 });
    driver.send('events', { key: 'good', type: 'a', n: 1 });
    expect(() => driver.send('events', { key: 'good', type: 'x', n: 7 })).toThrow(/operator=found.*expected true or/);
    expect(() => driver.advance(10)).toThrow(/operator=fragile.*as told/);
    driver.advance(0);
    expect(told(driver)).toEqual([1]);
    expect(driver.state('found', 'bad')).toBeUndefined();
  });

  it('finds what looking from every beginning by itself finds', () => {
    const step = fc.record({
      key: fc.constantFrom('j', 'k'),
      type: fc.constantFrom('a', 'b', 'c', 'd'),
      passedMs: fc.constantFrom(0, 0, 7, 30, 60),
      restarts: fc.boolean(),
    });
    const patterns = ['a b', 'a1 a2', 'a !b', 'a !b c', 'a b !c d', 'a b !c', 'a !b !c a2 !d'].map((text) => ({
      text,
      topology: topologyOf(text, { skip: 'none', maxPartial: 256 }),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...patterns), fc.array(step, { maxLength: 40 }), ({ text, topology }, steps) => {
        const driver = new TopologyTestDriver(topology, { now: 0 });
        const events: Seen[] = [];
        for (const [n, { key, type, passedMs, restarts }] of steps.entries()) {
          driver.advance(passedMs);
          if (restarts) driver.restart();
          driver.send('events', { key, type, n });
          events.push({ key, type, n, at: driver.now });
        }
        driver.advance(2 * WITHIN_MS);
        expect(told(driver)).toEqual(outcomesOf(stepsOf(text), events));
        expect([driver.state('found', 'j'), driver.state('found', 'k')]).toEqual([undefined, undefined]);
      }),
      fuzzRuns(400),
    );
  });
});

interface Seen extends Event {
  readonly at: number;
}

/** From every event that a pattern may begin with, what becomes of it, in the order in which that shows. */
function outcomesOf(steps: readonly PatternStep<Event>[], events: readonly Seen[]): string[] {
  const outcomes = events.flatMap((first) => {
    if (!steps[0]?.when(first, {}, undefined as never)) return [];
    const due = first.at + WITHIN_MS;
    const matched: Record<string, Event> = { [steps[0].name]: first };
    let step = 1;
    for (const event of events.slice(first.n + 1).filter(({ key, at }) => key === first.key && at < due)) {
      const wanted = steps.findIndex(({ absent }, index) => index >= step && absent !== true);
      const until = wanted < 0 ? steps.length : wanted;
      if (steps.slice(step, until).some(({ when }) => when(event, {}, undefined as never))) return [];
      if (wanted < 0 || !steps[wanted]?.when(event, {}, undefined as never)) continue;
      matched[(steps[wanted] as PatternStep<Event>).name] = event;
      step = wanted + 1;
      if (step === steps.length) return [{ at: event.at, n: event.n, due, first, text: textOf(matched) }];
    }
    const missing = steps.find(({ absent }, index) => index >= step && absent !== true);
    const text = missing === undefined ? textOf(matched) : `time ${textOf(matched)} ${missing.name}`;
    // A timer goes off before the first event that has reached it.
    const n = (events.find(({ at }) => at >= due)?.n ?? events.length) - 0.5;
    return [{ at: due, n, due, first, text }];
  });
  outcomes.sort((x, y) => x.n - y.n || x.at - y.at || (x.at === x.due ? compare(x.first, y.first) : 0));
  return outcomes.map(({ text }) => text);
}

function compare(x: Seen, y: Seen): number {
  return x.key < y.key ? -1 : x.key > y.key ? 1 : x.n - y.n;
}

describe('pattern, written down wrongly', () => {
  type Loose = (...args: unknown[]) => Stream<unknown>;
  const when = (): boolean => true;
  const two = [
    { name: 'a', when },
    { name: 'b', when },
  ];

  it.each<[unknown, string]>([
    [{ within: 1 }, 'its steps are missing; give it an array of 2 to 16 steps: { name, when: (event) => boolean }'],
    [{ steps: two.slice(1), within: 1 }, 'it has 1 steps; give it an array of 2 to 16 steps'],
    [{ steps: two }, 'within is missing; use a whole number of ms'],
    [{ steps: two, within: 1, skip: 'all' }, 'skip is "all"; use one of past-last, none'],
    [{ steps: two, within: 1, maxPartial: 0 }, 'maxPartial is 0; use a whole number from 1 to 256'],
    [{ steps: two, within: 1, time: 'log' }, 'time is "log"; use one of event, processing'],
    [{ steps: two, within: 1, time: 'event' }, 'grace is missing; use a whole number of ms'],
    [
      { steps: two, within: 1, grace: 5 },
      "it has a grace, but by log time no event is late; add time: 'event', or leave grace out",
    ],
    [{ steps: [two[0], two[0]], within: 1 }, "step 'a': another step has its name; give it a name of its own"],
    [{ steps: [two[0], { name: 'b' }], within: 1 }, "step 'b': its when is missing; give it a function"],
    [
      { steps: [{ ...two[0], absent: true }, two[1]], within: 1 },
      "step 'a': nothing begins with what is absent; begin with a step that happens",
    ],
    [{ steps: [two[0], { ...two[1], absent: 1 }], within: 1 }, 'step \'b\': absent is "1"; use one of true, false'],
    [{ steps: [two[0], { ...two[1], apsent: true }], within: 1 }, "step 'b': there is no option 'apsent'; did you"],
  ])('%j', (options, mistake) => {
    try {
      defineTopology('t', (t) => {
        const events = t.stream('events', { schema: Event, key: 'key' });
        (events.pattern.bind(events) as unknown as Loose)('found', options).toJournal('told', { keep: 1 });
      });
      expect.unreachable();
    } catch (error) {
      const mistakes = (error as TopologyError).mistakes.map((one) => `${one.node}: ${one.problem}; ${one.remedy}`);
      expect(mistakes).toEqual([expect.stringContaining(mistake)]);
      expect(mistakes[0]).toContain("pattern 'found'");
    }
  });
});
