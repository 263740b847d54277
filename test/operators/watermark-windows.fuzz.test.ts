import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  hopping,
  session,
  TopologyTestDriver,
  tumbling,
  type WindowDefinition,
} from '../../src/index.ts';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const Event = Type.Object({ key: Type.String(), at: Type.Integer(), n: Type.Integer() });
interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

const join = (state: string, event: Event): string => `${state}${event.n},`;

/** What closed, and what came late, in the order in which that was told. */
function topologyOf(window: WindowDefinition, outOfOrderness: number, isSuppressed = false): CompiledTopology {
  return defineTopology('windows', (t) => {
    const windows = t
      .stream('events', { schema: Event, key: 'key', eventTime: 'at', watermark: { outOfOrderness } })
      .groupByKey()
      .window(window as WindowDefinition<'session'>);
    const merge = (earlier: string, later: string): string => `${earlier}${later}`;
    const rows = windows.aggregate(
      'rows',
      { initial: () => '', add: join, merge },
      { emit: isSuppressed ? 'updates' : 'final' },
    );
    const told = isSuppressed ? rows.suppress('closed', { untilWindowCloses: true }) : rows;
    told.toStream().toJournal('told', { keep: 10_000 });
    rows.late.toJournal('late', { keep: 10_000 });
  });
}

function run(topology: CompiledTopology, events: readonly Event[]): { told: string[]; late: number[] } {
  const driver = new TopologyTestDriver(topology, { now: 0 });
  for (const event of events) {
    driver.restart();
    driver.send('events', event);
  }
  return {
    told: driver
      .view<JournalEntry<string>>('told')
      .rows()
      .map(([, { key, window, value }]) => textOf(key, window?.start ?? 0, window?.end ?? 0, String(value))),
    late: driver
      .view<JournalEntry<{ event: Event }>>('late')
      .rows()
      .map(([, { value }]) => value?.event.n ?? -1),
  };
}

const textOf = (key: string, start: number, end: number, state: string): string => `${key}[${start},${end}] ${state}`;

interface NaiveWindow {
  readonly key: string;
  start: number;
  end: number;
  state: string;
}

/** Where an event goes among the open windows; false: nowhere. */
type Take = (open: NaiveWindow[], event: Event, isClosed: (end: number) => boolean) => boolean;

/** @param closeAfter how long after its end a window is closed */
function naive(
  events: readonly Event[],
  outOfOrderness: number,
  closeAfter: number,
  take: Take,
): ReturnType<typeof run> {
  const open: NaiveWindow[] = [];
  const told: string[] = [];
  const late: number[] = [];
  let greatest = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    const reached = greatest - outOfOrderness;
    if (!take(open, event, (end) => end + closeAfter <= reached)) late.push(event.n);
    greatest = Math.max(greatest, event.at);
    const closed = open.filter(({ end }) => end + closeAfter <= greatest - outOfOrderness);
    closed.sort((a, b) => a.end - b.end || compare(a.key, b.key) || a.start - b.start);
    for (const one of closed) {
      open.splice(open.indexOf(one), 1);
      told.push(textOf(one.key, one.start, one.end, one.state));
    }
  }
  return { told, late };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const intoHops =
  (size: number, advance: number): Take =>
  (open, event, isClosed) => {
    let isTaken = false;
    const last = Math.floor(event.at / advance) * advance;
    for (let start = last; start > event.at - size && start >= 0; start -= advance) {
      if (isClosed(start + size)) continue;
      isTaken = true;
      let window = open.find((one) => one.key === event.key && one.start === start);
      if (window === undefined) {
        window = { key: event.key, start, end: start + size, state: '' };
        open.push(window);
      }
      window.state = join(window.state, event);
    }
    return isTaken;
  };

const intoSessions =
  (gap: number): Take =>
  (open, event, isClosed) => {
    const near = open
      .filter((one) => one.key === event.key && one.start <= event.at + gap && one.end >= event.at - gap)
      .sort((a, b) => a.start - b.start);
    const start = Math.min(event.at, ...near.map((one) => one.start));
    const end = Math.max(event.at, ...near.map((one) => one.end));
    if (isClosed(end)) return false;
    for (const one of near) open.splice(open.indexOf(one), 1);
    open.push({ key: event.key, start, end, state: join(near.map(({ state }) => state).join(''), event) });
    return true;
  };

const steps = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), at: fc.integer({ min: 0, max: 80 }) }), { maxLength: 40 })
  .map((events) => [...events, { key: 'z', at: 10_000 }].map((event, n) => ({ ...event, n })));
const small = fc.integer({ min: 0, max: 10 });

describe('windows that a watermark closes', () => {
  it('tumbling, and told by suppress', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        small,
        small,
        fc.boolean(),
        steps,
        (size, grace, bound, alone, all) => {
          const topology = topologyOf(tumbling({ size, grace }), bound, !alone);
          expect(run(topology, all)).toEqual(naive(all, bound, grace, intoHops(size, size)));
        },
      ),
      fuzzRuns(150),
    );
  });

  it('hopping', () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(lengths, small, small, steps, ([one, other], grace, bound, all) => {
        const [size, advance] = [Math.max(one, other), Math.min(one, other)];
        const expected = naive(all, bound, grace, intoHops(size, advance));
        expect(run(topologyOf(hopping({ size, advance, grace }), bound), all)).toEqual(expected);
      }),
      fuzzRuns(150),
    );
  });

  it('sessions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), small, small, steps, (gap, grace, bound, all) => {
        const expected = naive(all, bound, gap + grace + 1, intoSessions(gap));
        expect(run(topologyOf(session({ gap, grace }), bound), all)).toEqual(expected);
      }),
      fuzzRuns(150),
    );
  });
});
