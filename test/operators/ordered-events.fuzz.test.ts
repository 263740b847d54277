import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  type JournalEntry,
  type LateEvent,
  type Stream,
  TopologyTestDriver,
  tumbling,
} from '../../src/index.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { PatternStep, TimedOut } from '../../src/topology/pattern-node.ts';
import { laneStoreId } from '../../src/worker/lane-stores.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { open, save } from '../topology/evolution-fixtures.ts';

const EventSchema = Type.Object({ key: Type.String(), type: Type.String(), n: Type.Integer(), at: Type.Integer() });
interface Event {
  readonly key: string;
  readonly type: string;
  readonly n: number;
  readonly at: number;
}
const WITHIN_MS = 40;
const WINDOW_MS = 15;

interface Rule {
  /** `a !b c`: an `a`, and a `c` before any `b`. */
  readonly steps: string;
  readonly skip: 'past-last' | 'none';
  readonly maxPartial: number;
  readonly grace: number;
  /** Null: there is no watermark. */
  readonly outOfOrderness: number | null;
}

const stepsOf = (text: string): PatternStep<Event>[] =>
  text.split(' ').map((word) => {
    const name = word.replace('!', '');
    return { name, when: ({ type }) => type === name[0], absent: word.startsWith('!') };
  });

type Found = Stream<Readonly<Record<string, Event>>> & { readonly timedOut: Stream<TimedOut<unknown>> };

function tell(found: Found): void {
  found
    .map('matches', (match) => textOf(match))
    .merge(
      found.timedOut.map(
        'missed',
        ({ matched, missing, reason }) => `${reason} ${textOf(matched as Record<string, Event>)} ${missing}`,
      ),
    )
    .toJournal('told', { keep: 10_000 });
}

function textOf(match: Readonly<Record<string, Event>>): string {
  return Object.entries(match)
    .map(([name, { n }]) => `${name}${n}`)
    .join(' ');
}

function byEventTime({ steps, skip, maxPartial, grace, outOfOrderness }: Rule): CompiledTopology {
  return defineTopology('by-event-time', (t) => {
    const watermark = outOfOrderness === null ? {} : { watermark: { outOfOrderness } };
    const events = t.stream('events', { schema: EventSchema, key: 'key', eventTime: 'at', ...watermark });
    const options = { steps: stepsOf(steps), within: WITHIN_MS, skip, maxPartial } as const;
    const found = events.pattern('found', { ...options, time: 'event', grace });
    tell(found);
    found.late.toJournal('late', { keep: 10_000 });
    const counts = found
      .groupByKey()
      .window(tumbling({ size: WINDOW_MS, grace: 0 }))
      .count('counts', { emit: 'final' });
    counts.toStream().toJournal('counted', { keep: 10_000 });
    counts.late.toJournal('counted-late', { keep: 10_000 });
  });
}

function byLogTime({ steps, skip, maxPartial }: Rule): CompiledTopology {
  return defineTopology('by-log-time', (t) => {
    const events = t.stream('events', { schema: EventSchema, key: 'key', eventTime: 'at' });
    tell(events.pattern('found', { steps: stepsOf(steps), within: WITHIN_MS, skip, maxPartial }));
  });
}

type Told = JournalEntry<string>;
const told = (rows: readonly (readonly [string, Told])[]): string[] =>
  rows.map(([, { key, value, time }]) => `${key} ${value} @${time}`);

/** What a pattern by log time tells of the events that came in their grace, each taken when it happened. */
function inOrder(rule: Rule, events: readonly Event[]): { told: string[]; late: number[] } {
  let greatest = Number.NEGATIVE_INFINITY;
  const isLate = ({ at }: Event): boolean => {
    const reached = greatest - (rule.outOfOrderness ?? 0) - rule.grace;
    greatest = Math.max(greatest, at);
    return at < reached;
  };
  const late = new Set(events.filter(isLate));
  const sorted = events.filter((event) => !late.has(event));
  sorted.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.n - b.n));
  const driver = new TopologyTestDriver(byLogTime(rule), { now: START });
  for (const event of sorted) {
    driver.advance(event.at - driver.now);
    driver.send('events', event);
  }
  return { told: told(driver.view<Told>('told').rows()), late: [...late].map(({ n }) => n) };
}

/** Shows that all the others are over. */
function withLast(events: readonly Event[]): Event[] {
  const greatest = Math.max(START, ...events.map(({ at }) => at));
  return [...events, { key: 'z', type: 'x', n: events.length, at: greatest + 1000 }];
}

const START = 10_000;
const rules: fc.Arbitrary<Rule> = fc.record({
  steps: fc.constantFrom('a b', 'a1 a2', 'a !b', 'a !b c', 'a b !c d', 'a b !c', 'a !b !c a2 !d'),
  skip: fc.constantFrom('past-last', 'none'),
  maxPartial: fc.constantFrom(1, 2, 16),
  grace: fc.constantFrom(0, 1, 8, 25, 60),
  outOfOrderness: fc.constantFrom(null, 0, 5, 30),
});
const walks = fc
  .array(
    fc.record({
      key: fc.constantFrom('j', 'k'),
      type: fc.constantFrom('a', 'b', 'c', 'd'),
      jump: fc.oneof(
        { arbitrary: fc.integer({ min: -20, max: 20 }), weight: 8 },
        { arbitrary: fc.integer({ min: -90, max: 120 }), weight: 1 },
      ),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((steps): Event[] => {
    let greatest = START + 100;
    return steps.map(({ key, type, jump }, n) => {
      const at = greatest + jump;
      greatest = Math.max(greatest, at);
      return { key, type, n, at };
    });
  });

describe('a pattern by event time', () => {
  it('finds what one by log time finds in the same events in their order, and tells which came too late', () => {
    const restarts = fc.array(fc.boolean(), { minLength: 61, maxLength: 61 });
    fc.assert(
      fc.property(rules, walks, restarts, (rule, walk, restartsAt) => {
        const events = withLast(walk);
        const driver = new TopologyTestDriver(byEventTime(rule), { now: START });
        for (const [n, event] of events.entries()) {
          if (restartsAt[n] === true) driver.restart();
          driver.send('events', event);
        }
        const late = driver.view<JournalEntry<LateEvent<Event>>>('late').rows();
        expect({
          told: told(driver.view<Told>('told').rows()),
          late: late.map(([, { value }]) => value?.event.n),
        }).toEqual(inOrder(rule, events));
        expect([driver.state('found', 'j'), driver.state('found', 'k')]).toEqual([undefined, undefined]);
      }),
      fuzzRuns(300),
    );
  });

  it('is no reason for a window behind it to miss a match, though it has no grace', () => {
    const watermarked = rules.filter(({ outOfOrderness }) => outOfOrderness !== null);
    fc.assert(
      fc.property(watermarked, walks, (rule, walk) => {
        const driver = new TopologyTestDriver(byEventTime(rule), { now: START });
        for (const event of withLast(walk)) {
          driver.restart();
          driver.send('events', event);
        }
        expect(driver.view('counted-late').size).toBe(0);
        const expected = new Map<string, number>();
        for (const [, { key, value, time }] of driver.view<Told>('told').rows()) {
          if (value?.startsWith('time ') || value?.startsWith('room ')) continue;
          const window = `${key} ${Math.floor(time / WINDOW_MS) * WINDOW_MS}`;
          expected.set(window, (expected.get(window) ?? 0) + 1);
        }
        const counted = driver.view<JournalEntry<number>>('counted').rows();
        const counts = counted.map(([, { key, window, value }]) => [`${key} ${window?.start}`, value] as const);
        expect(new Map(counts)).toEqual(expected);
      }),
      fuzzRuns(150),
    );
  });

  it('finds the same when its state is written to a checkpoint and read again, at any event', () => {
    const cuts = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 4 });
    fc.assert(
      fc.property(rules, walks, cuts, (rule, walk, cutAt) => {
        const events = withLast(walk);
        const topology = byEventTime(rule);
        const checkpoints = new SimulatedCheckpoints();
        let lane = open(topology, checkpoints.openForRead());
        for (const [n, event] of events.entries()) {
          lane.takeUnder(event.key, event, event.at);
          if (!cutAt.includes(n)) continue;
          save(lane, checkpoints, n);
          lane = open(topology, checkpoints.openForRead());
        }
        // A record has so much done and no more.
        for (let n = 0; n < 3; n++) lane.takeUnder('z', events.at(-1), START);
        const journal = topology.stores.find(({ name }) => name.includes('told'))?.id as number;
        const rows = lane.state.store(laneStoreId(journal)).range('', undefined, 10_000) as [string, Told][];
        expect(told(rows)).toEqual(inOrder(rule, events).told);
      }),
      fuzzRuns(60),
    );
  });
});
