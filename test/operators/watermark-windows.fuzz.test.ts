import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  hopping,
  session,
  sliding,
  TopologyTestDriver,
  tumbling,
  type WindowDefinition,
} from '../../src/index.ts';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import {
  type Event,
  intoHops,
  intoSessions,
  intoTimeouts,
  joinState,
  NaiveWindows,
  type Take,
  windowText,
} from './naive-windows.ts';

const EventSchema = Type.Object({ key: Type.String(), at: Type.Integer(), n: Type.Integer() });
/** What closed, and what came late, in the order in which that was told. */
function topologyOf(
  window: WindowDefinition,
  outOfOrderness: number | null,
  isSuppressed = false,
  panes = false,
): CompiledTopology {
  return defineTopology('windows', (t) => {
    const watermark = outOfOrderness === null ? {} : { watermark: { outOfOrderness } };
    const windows = t
      .stream('events', { schema: EventSchema, key: 'key', eventTime: 'at', ...watermark })
      .groupByKey()
      .window(window as WindowDefinition<'session'>);
    const merge = (earlier: string, later: string): string => `${earlier}${later}`;
    const fold = { initial: () => '', add: joinState, merge, ...(panes ? { panes } : {}) };
    const rows = windows.aggregate('rows', fold, { emit: isSuppressed ? 'updates' : 'final' });
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
      .map(([, { key, window, value }]) => windowText(key, window?.start ?? 0, window?.end ?? 0, String(value))),
    late: driver
      .view<JournalEntry<{ event: Event }>>('late')
      .rows()
      .map(([, { value }]) => value?.event.n ?? -1),
  };
}

function naive(events: readonly Event[], bound: number, closeAfter: number, take: Take): ReturnType<typeof run> {
  const windows = new NaiveWindows(closeAfter, take);
  let greatest = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    windows.send(event, greatest - bound);
    greatest = Math.max(greatest, event.at);
    windows.close(greatest - bound);
  }
  return { told: windows.told, late: windows.late };
}

/** The events of a window by number: in which order they came, a window of panes does not know. */
function inOrder(told: string): string {
  const [window, numbers = ''] = told.split(' ');
  return `${window} ${numbers.split(',').sort().join()}`;
}

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
        const window = hopping({ size, advance, grace });
        expect(run(topologyOf(window, bound), all)).toEqual(expected);
        const ofPanes = run(topologyOf(window, bound, false, true), all);
        expect(ofPanes.late).toEqual(expected.late);
        expect(ofPanes.told.map(inOrder)).toEqual(expected.told.map(inOrder));
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

  it('sessions of a fixed length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), small, small, steps, (timeout, grace, bound, all) => {
        const expected = naive(all, bound, grace, intoTimeouts(timeout));
        expect(run(topologyOf(session({ timeout, grace }), bound), all)).toEqual(expected);
      }),
      fuzzRuns(150),
    );
  });

  it('sliding, one for each set of events that lie close together, as long as none comes late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), small, steps, (difference, bound, all) => {
        const { told, late } = run(topologyOf(sliding({ difference, grace: 80 }), bound), all);
        expect(late).toEqual([]);
        expect([...told].sort()).toEqual(slidingWindows(all.slice(0, -1), difference).sort());
        expect(told.map(endOf)).toEqual(told.map(endOf).sort((a, b) => a - b));
      }),
      fuzzRuns(150),
    );
  });

  it('sliding, of events that come late, as with that much more grace and no watermark', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), small, small, steps, (difference, grace, bound, all) => {
        const expected = run(topologyOf(sliding({ difference, grace: grace + bound }), null), all);
        const { told, late } = run(topologyOf(sliding({ difference, grace }), bound), all);
        expect(late).toEqual(expected.late);
        expect([...told].sort()).toEqual([...expected.told].sort());
      }),
      fuzzRuns(150),
    );
  });
});

const endOf = (window: string): number => Number(/,(\d+)\]/.exec(window)?.[1]);

function slidingWindows(events: readonly Event[], difference: number): string[] {
  const windows = new Set<string>();
  for (const { key, at } of events) {
    for (const start of [Math.max(0, at - difference), at + 1]) {
      const inside = events.filter((one) => one.key === key && one.at >= start && one.at <= start + difference);
      if (inside.length > 0) windows.add(windowText(key, start, start + difference, inside.reduce(joinState, '')));
    }
  }
  return [...windows];
}
