import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology, type JournalEntry, type LateEvent, TopologyTestDriver } from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const EventSchema = Type.Object({ key: Type.String(), at: Type.Integer(), n: Type.Integer() });
interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}
type Side = 'left' | 'right';
type Kind = 'join' | 'leftJoin' | 'outerJoin';

interface Rule {
  readonly kind: Kind;
  readonly before: number;
  readonly after: number;
  readonly grace: number;
  /** By side. */
  readonly bounds: Readonly<Record<Side, number>>;
}

function topologyOf({ kind, before, after, grace, bounds }: Rule): CompiledTopology {
  return defineTopology('join', (t) => {
    const options = (side: Side) =>
      ({ schema: EventSchema, key: 'key', eventTime: 'at', watermark: { outOfOrderness: bounds[side] } }) as const;
    const left = t.stream('left', options('left'));
    const right = t.stream('right', options('right'));
    const window = { before, after, grace };
    const pair = (one: Event | null, other: Event | null): string => `${one?.n ?? '-'},${other?.n ?? '-'}`;
    const joined =
      kind === 'join'
        ? left.join(right, 'pairs', window, pair)
        : kind === 'leftJoin'
          ? left.leftJoin(right, 'pairs', window, pair)
          : left.outerJoin(right, 'pairs', window, pair);
    joined.toJournal('pairs', { keep: 10_000 });
    joined.late.toJournal('late', { keep: 10_000 });
  });
}

interface Outcome {
  readonly pairs: string[];
  readonly late: string[];
}

const lateText = ({ event, window, lateBy }: LateEvent<Event>): string =>
  `${event.n} ${window.start} ${window.end} ${lateBy}`;
const pairText = (key: string, pair: string, time: number): string => `${key} ${pair} @${time}`;

/** What has come out after each event. */
function run(topology: CompiledTopology, steps: readonly Step[]): Outcome[] {
  const driver = new TopologyTestDriver(topology, { now: 0 });
  return steps.map(({ side, event }) => {
    driver.restart();
    driver.send(side, event);
    const pairs = driver.view<JournalEntry<string>>('pairs').rows();
    const late = driver.view<JournalEntry<LateEvent<Event>>>('late').rows();
    return {
      pairs: pairs.map(([, { key, value, time }]) => pairText(key, String(value), time)),
      late: late.flatMap(([, { value }]) => (value === null ? [] : [lateText(value)])),
    };
  });
}

interface Kept extends Event {
  readonly side: Side;
  isWaiting: boolean;
}

/** By looking at every pair of all that was not late. */
function naive({ kind, before, after, grace, bounds }: Rule, steps: readonly Step[]): Outcome[] {
  const kept: Kept[] = [];
  const pairs: string[] = [];
  const late: string[] = [];
  const greatest = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };
  const watermark = (): number => Math.min(greatest.left - bounds.left - 1, greatest.right - bounds.right - 1);
  const isKept = (side: Side): boolean => kind === 'outerJoin' || (kind === 'leftJoin' && side === 'left');
  const dueOf = ({ side, at }: { side: Side; at: number }): number => at + (side === 'left' ? after : before) + grace;
  const alone = ({ side, key, at, n }: Event & { side: Side }): string =>
    pairText(key, side === 'left' ? `${n},-` : `-,${n}`, at);

  const take = (side: Side, event: Event): void => {
    const { key, at, n } = event;
    const [earlier, later] = side === 'left' ? [before, after] : [after, before];
    const reached = watermark() - grace;
    if (at < reached) {
      late.push(`${n} ${at - earlier} ${at + later} ${reached - at}`);
      return;
    }
    const found = kept
      .filter((other) => other.side !== side && other.key === key)
      .filter((other) => other.at >= at - earlier && other.at <= at + later)
      .sort((a, b) => a.at - b.at);
    for (const other of found) {
      other.isWaiting = false;
      pairs.push(pairText(key, side === 'left' ? `${n},${other.n}` : `${other.n},${n}`, Math.max(at, other.at)));
    }
    const one = { ...event, side, isWaiting: found.length === 0 && isKept(side) };
    kept.push(one);
    if (one.isWaiting && dueOf(one) < watermark()) {
      one.isWaiting = false;
      pairs.push(alone(one));
    }
  };

  return steps.map(({ side, event }) => {
    take(side, event);
    greatest[side] = Math.max(greatest[side], event.at);
    const over = kept.filter((one) => one.isWaiting && watermark() > dueOf(one));
    over.sort((a, b) => dueOf(a) - dueOf(b) || a.at - b.at || compare(b.side, a.side) || compare(a.key, b.key));
    for (const one of over) {
      one.isWaiting = false;
      pairs.push(alone(one));
    }
    return { pairs: [...pairs], late: [...late] };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Step {
  readonly side: Side;
  readonly event: Event;
}

const small = fc.integer({ min: 0, max: 8 });
const rules: fc.Arbitrary<Rule> = fc
  .record({
    kind: fc.constantFrom<Kind>('join', 'leftJoin', 'outerJoin'),
    before: fc.integer({ min: -6, max: 15 }),
    after: fc.integer({ min: -6, max: 15 }),
    grace: small,
    bounds: fc.record({ left: small, right: small }),
  })
  .filter(({ before, after }) => before + after >= 0);
const walks = fc
  .array(
    fc.record({
      side: fc.constantFrom<Side>('left', 'right'),
      key: fc.constantFrom('a', 'b'),
      jump: fc.oneof(
        { arbitrary: fc.integer({ min: 0, max: 4 }), weight: 6 },
        { arbitrary: fc.integer({ min: -40, max: 30 }), weight: 2 },
      ),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((walk): Step[] => {
    let greatest = 100;
    return walk.map(({ side, key, jump }, n) => {
      const at = greatest + jump;
      greatest = Math.max(greatest, at);
      return { side, event: { key, at, n } };
    });
  });

describe('a join of streams with watermarks', () => {
  it('gives what a look at all pairs gives, tells what is late, and what nothing matched when its time is up', () => {
    fc.assert(
      fc.property(rules, walks, (rule, steps) => {
        expect(run(topologyOf(rule), steps)).toEqual(naive(rule, steps));
      }),
      fuzzRuns(150),
    );
  });
});
