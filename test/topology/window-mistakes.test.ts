import { describe, expect, it } from 'vitest';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { GroupedStream } from '../../src/topology/grouped-stream.ts';
import { TopologyError } from '../../src/topology/topology-error.ts';
import {
  calendarDays,
  countWindow,
  hopping,
  session,
  sliding,
  tumbling,
  type WindowDefinition,
} from '../../src/topology/windows.ts';
import { Order } from './schemas.ts';

type Grouped = GroupedStream<{ orderId: string; storeId: string; totalCents: number }>;
/** The language as JavaScript sees it: nothing is checked before it runs. */
type Loose = (options: object) => WindowDefinition;
// biome-ignore lint/suspicious/noExplicitAny: as JavaScript sees it
type Anything = any;

/** The mistakes of a topology, as text. */
function mistakesOf(build: (grouped: Grouped, t: TopologyBuilder) => void): string[] {
  try {
    defineTopology('shop', (t) => build(t.stream('orders', { schema: Order, key: 'orderId' }).groupByKey(), t));
  } catch (error) {
    expect(error).toBeInstanceOf(TopologyError);
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
}

const mistakesOfWindow = (definition: unknown): string[] =>
  mistakesOf((grouped) =>
    grouped
      .window(definition as WindowDefinition<'tumbling'>)
      .count('c')
      .toView('v'),
  );

describe('the windows of a topology', () => {
  it.each<[WindowDefinition]>([
    [tumbling({ size: 1, grace: 0 })],
    [tumbling({ size: '1h', grace: '5m', offset: '30m' })],
    [tumbling({ size: 5000, grace: 0, offset: -100 })],
    [hopping({ size: 123, advance: 4, grace: 0 })],
    [hopping({ size: '1m', advance: '1m', grace: '1d' })],
    [sliding({ difference: 0, grace: 0 })],
    [session({ timeout: '5m', grace: 0 })],
    [calendarDays({ zone: 'Europe/Berlin', cutoff: '04:00', grace: '1h' })],
    [countWindow({ size: 10, every: 3 })],
    [tumbling({ size: 1, time: 'processing' })],
    [session({ gap: 1, time: 'processing', grace: '1m' })],
    [hopping({ size: 2, advance: 1, grace: 0, time: 'event' })],
  ])('may be %j', (definition) => {
    expect(mistakesOfWindow(definition)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, "count 'c': its window is missing; use tumbling({ size, grace }) or another of its kind"],
    [{ kind: 'constructor', options: {} }, "count 'c': its window is an object; use tumbling"],
    [tumbling({ size: 0, grace: 0 }), "count 'c' tumbling: size is 0; use a whole number of ms, or text"],
    [tumbling({ size: -1, grace: 0 }), "count 'c' tumbling: size is -1;"],
    [tumbling({ size: 3, grace: -1 }), "count 'c' tumbling: grace is -1;"],
    [(tumbling as Loose)({ size: 3 }), "count 'c' tumbling: grace is missing;"],
    [tumbling({ size: 5, grace: 0, offset: 5 }), "count 'c' tumbling: offset is not less than size;"],
    [(tumbling as Loose)({ sise: 3, size: 3, grace: 0 }), "there is no option 'sise'; did you mean 'size'?"],
    [hopping({ size: 123, advance: 0, grace: 0 }), "count 'c' hopping: advance is 0;"],
    [hopping({ size: 123, advance: 124, grace: 0 }), "count 'c' hopping: advance is more than size,"],
    [hopping({ size: '1d', advance: 1, grace: 0 }), 'an event would be in 86400000 windows; use 4096 at most'],
    [sliding({ difference: '-1s', grace: 0 }), `count 'c' sliding: difference is "-1s";`],
    [session({ gap: 0, grace: 0 }), "count 'c' session: gap is 0;"],
    [session({ timeout: 1, grace: '1d' }), "count 'c' timeout: grace is more than 512 times the timeout"],
    [calendarDays({ zone: 'Berlin', grace: 0 }), `count 'c' calendarDays: zone is "Berlin"; use an IANA name`],
    [calendarDays({ zone: 'UTC', cutoff: '24:00', grace: 0 }), `cutoff is "24:00"; use a time of day`],
    [(tumbling as Loose)({ size: 3, grace: 0, time: 'log' }), `tumbling: time is "log"; use one of event, processing`],
    [(tumbling as Loose)({ size: 3, time: 'event' }), "count 'c' tumbling: grace is missing;"],
    [(countWindow as Loose)({ size: 3, time: 'processing' }), "there is no option 'time'"],
    [countWindow({ size: 0 }), "count 'c' countWindow: size is 0; use a whole number from 1 to"],
    [countWindow({ size: 3, every: 4 }), "count 'c' countWindow: every is 4; use a whole number from 1 to 3"],
  ])('are not %j', (definition, mistake) => {
    expect(mistakesOfWindow(definition).join('\n')).toContain(mistake);
  });

  it.each<[string, (grouped: Grouped) => void, string]>([
    [
      'a strategy nobody knows',
      (grouped) =>
        (grouped.window(tumbling({ size: 1, grace: 0 })) as Anything).count('c', { emit: 'early' }).toView('v'),
      `count 'c': emit is "early"; use one of updates, final`,
    ],
    [
      'sessions that cannot merge',
      (grouped) =>
        (grouped.window(session({ gap: 1, grace: 0 })) as Anything)
          .aggregate('a', { initial: () => 0, add: () => 0 })
          .toView('v'),
      "aggregate 'a': its merge is missing; give it a function (earlier, later, context) => state",
    ],
    [
      'panes of windows that have none',
      (grouped) =>
        grouped
          .window(hopping({ size: 2, advance: 1, grace: 0 }))
          .aggregate('a', { initial: () => 0, add: () => 0, merge: () => 0, panes: true })
          .toView('v'),
      "aggregate 'a': only hopping windows that are told once have panes; use hopping(…) and { emit: 'final' }, or leave panes out",
    ],
    [
      'panes that cannot be merged',
      (grouped) =>
        grouped
          .window(hopping({ size: 2, advance: 1, grace: 0 }))
          .aggregate('a', { initial: () => 0, add: () => 0, panes: true }, { emit: 'final' })
          .toView('v'),
      "aggregate 'a': its merge is missing; give it a function (earlier, later, context) => state",
    ],
    [
      'panes that are neither wanted nor not',
      (grouped) =>
        (grouped.window(hopping({ size: 2, advance: 1, grace: 0 })) as Anything)
          .aggregate('a', { initial: () => 0, add: () => 0, panes: 'yes' }, { emit: 'final' })
          .toView('v'),
      "aggregate 'a': panes is a string; use true or false",
    ],
    [
      'rows that are gone before they are complete',
      (grouped) =>
        grouped
          .window(tumbling({ size: 1, grace: '1h' }))
          .count('c')
          .toView('v', { retention: '1m' }),
      `view 'v': retention is "1m"; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 3600001 ms at least`,
    ],
    [
      'a cogroup with something that is not grouped',
      (grouped) =>
        (grouped.cogroup((n: number) => n + 1) as Anything)
          .cogroup(42, () => 1)
          .aggregate('a', { initial: () => 0 })
          .toView('v'),
      'cogroup 2: it is given a number; give it a grouped stream: stream.groupByKey()',
    ],
    [
      'a table without windows, suppressed until they close',
      (grouped) => (grouped.count('c') as Anything).suppress('s', { untilWindowCloses: true }).toView('v'),
      "suppress 's': its table has no windows of time; use untilTimeLimit, or a table of windows",
    ],
    [
      'a window told early that is to be told when it has closed',
      (grouped) =>
        (grouped.window(tumbling({ size: 1, grace: 0 })).count('c') as Anything)
          .suppress('s', { untilWindowCloses: true, onFull: 'emitEarly' })
          .toView('v'),
      "suppress 's': told early, a window would not be closed; leave onFull out, or use 'fail'",
    ],
    [
      'two ways to suppress',
      (grouped) =>
        (grouped.window(tumbling({ size: 1, grace: 0 })).count('c') as Anything)
          .suppress('s', { untilWindowEnds: true, every: '1s' })
          .toView('v'),
      "suppress 's': it has both untilWindowEnds and every; use one of them",
    ],
    [
      'a time for what has its own',
      (grouped) => (grouped.count('c') as Anything).suppress('s', { untilTimeLimit: 1, time: 'event' }).toView('v'),
      "suppress 's': time is not for untilTimeLimit; leave it out",
    ],
    [
      'an interval of nothing',
      (grouped) => grouped.count('c').suppress('s', { every: 0 }).toView('v'),
      "suppress 's': every is 0;",
    ],
    [
      'a suppress that is told nothing',
      (grouped) => (grouped.count('c') as Anything).suppress('s', {}).toView('v'),
      "suppress 's': untilTimeLimit is missing;",
    ],
  ])('complain of %s', (_, build, mistake) => {
    expect(mistakesOf(build).join('\n')).toContain(mistake);
  });
});
