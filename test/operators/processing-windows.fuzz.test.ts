import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  hopping,
  type JournalEntry,
  session,
  TopologyTestDriver,
  tumbling,
  type WindowDefinition,
} from '../../src/index.ts';
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
const TIME = { time: 'processing' } as const;

/** Events say a time that is not to be looked at. */
function topologyOf(window: WindowDefinition, isSuppressed: boolean): CompiledTopology {
  return defineTopology('windows', (t) => {
    const windows = t
      .stream('events', { schema: EventSchema, key: 'key', eventTime: 'at', watermark: { outOfOrderness: 0 } })
      .groupByKey()
      .window(window as WindowDefinition<'session'>);
    const merge = (earlier: string, later: string): string => `${earlier}${later}`;
    const rows = windows.aggregate(
      'rows',
      { initial: () => '', add: joinState, merge },
      { emit: isSuppressed ? 'updates' : 'final' },
    );
    const told = isSuppressed ? rows.suppress('closed', { untilWindowCloses: true }) : rows;
    told.toStream().toJournal('told', { keep: 10_000 });
    rows.late.toJournal('late', { keep: 10_000 });
  });
}

type Step = Event & { readonly after: number };

/** What was told by each step, and at the end, when nothing comes any more. */
function run(topology: CompiledTopology, all: readonly Step[]): string[][] {
  const driver = new TopologyTestDriver(topology, { now: 0 });
  const told = (): string[] =>
    driver
      .view<JournalEntry<string>>('told')
      .rows()
      .map(([, { key, window, value }]) => windowText(key, window?.start ?? 0, window?.end ?? 0, String(value)));
  const after = all.map(({ after: ms, ...event }) => {
    driver.restart();
    driver.advance(ms);
    driver.send('events', event);
    return told();
  });
  for (let n = 0; n < 20; n++) driver.advance(7);
  expect(driver.view('late').rows()).toEqual([]);
  return [...after, told()];
}

function naive(all: readonly Step[], closeAfter: number, take: Take): string[][] {
  const windows = new NaiveWindows(closeAfter, take);
  let now = 0;
  const after = all.map(({ after: ms, ...event }) => {
    now += ms;
    windows.close(now);
    windows.send({ ...event, at: now }, now);
    return [...windows.told];
  });
  for (let n = 0; n < 20; n++) {
    now += 7;
    windows.close(now);
  }
  expect(windows.late).toEqual([]);
  return [...after, [...windows.told]];
}

const steps = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      at: fc.integer({ min: 0, max: 80 }),
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 15 })),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map((one, n) => ({ ...one, n })));
const small = fc.integer({ min: 0, max: 10 });
const length = fc.integer({ min: 1, max: 20 });

describe('windows of processing time', () => {
  it('tumbling, and told by suppress', () => {
    fc.assert(
      fc.property(length, small, fc.boolean(), steps, (size, grace, isSuppressed, all) => {
        const topology = topologyOf(tumbling({ size, grace, ...TIME }), isSuppressed);
        expect(run(topology, all)).toEqual(naive(all, grace, intoHops(size, size)));
      }),
      fuzzRuns(150),
    );
  });

  it('hopping', () => {
    fc.assert(
      fc.property(fc.tuple(length, length), small, fc.boolean(), steps, ([one, other], grace, isSuppressed, all) => {
        const [size, advance] = [Math.max(one, other), Math.min(one, other)];
        const topology = topologyOf(hopping({ size, advance, grace, ...TIME }), isSuppressed);
        expect(run(topology, all)).toEqual(naive(all, grace, intoHops(size, advance)));
      }),
      fuzzRuns(150),
    );
  });

  it('sessions', () => {
    fc.assert(
      fc.property(length, small, fc.boolean(), steps, (gap, grace, isSuppressed, all) => {
        const topology = topologyOf(session({ gap, grace, ...TIME }), isSuppressed);
        expect(run(topology, all)).toEqual(naive(all, gap + grace + 1, intoSessions(gap)));
      }),
      fuzzRuns(150),
    );
  });

  it('sessions of a fixed length', () => {
    fc.assert(
      fc.property(length, small, fc.boolean(), steps, (timeout, grace, isSuppressed, all) => {
        const topology = topologyOf(session({ timeout, grace, ...TIME }), isSuppressed);
        expect(run(topology, all)).toEqual(naive(all, grace, intoTimeouts(timeout)));
      }),
      fuzzRuns(150),
    );
  });
});
