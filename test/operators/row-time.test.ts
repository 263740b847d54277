import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import { eventType } from '../../src/topology/process-node.ts';
import type { Stream } from '../../src/topology/stream.ts';
import { session, tumbling } from '../../src/topology/windows.ts';

const Event = Type.Object({ k: Type.String(), at: Type.Integer() });
type Event = { k: string; at: number };
type Sent = readonly ['s' | 'p', key: string, at: number];
type Seen = readonly [key: string, eventTime: number];

/** What a function behind the built stream sees in its context, by event. */
function seenBehind(
  build: (s: Stream<Event>, p: Stream<Event>, t: TopologyBuilder) => Stream<unknown>,
  sent: Sent[],
  advance = 0,
): Seen[] {
  const seen: Seen[] = [];
  const topology = defineTopology('row-time', (t) => {
    const [s, p] = (['s', 'p'] as const).map((name) =>
      t.stream(name, { schema: Event, key: 'k', eventTime: 'at' }),
    ) as [Stream<Event>, Stream<Event>];
    build(s, p, t)
      .map('seen', (_, { key, eventTime }) => [key, eventTime] as const)
      .toJournal('out', { keep: 100 });
  });
  const driver = new TopologyTestDriver(topology, { now: 1_000_000 });
  for (const [stream, k, at] of sent) driver.send(stream, { k, at });
  if (advance > 0) driver.advance(advance);
  for (const [, { value }] of driver.view<{ value: Seen }>('out').rows()) seen.push(value);
  return seen;
}

describe('context.eventTime is the time of the row at hand', () => {
  it('joined: the later of both events', () => {
    const seen = seenBehind(
      (s, p) => s.join(p, 'j', { within: 10, grace: 0 }, () => 1),
      [
        ['s', 'a', 10],
        ['p', 'a', 5],
      ],
    );
    expect(seen).toEqual([['a', 10]]);
  });

  it('in a joiner too', () => {
    const told: Seen[] = [];
    const joiner = (_: unknown, __: unknown, { key, eventTime }: { key: string; eventTime: number }): number =>
      told.push([key, eventTime]);
    seenBehind(
      (s, p) => s.leftJoin(p, 'j', { within: 1, grace: 0 }, joiner),
      [
        ['s', 'a', 1],
        ['s', 'b', 21],
      ],
    );
    expect(told).toEqual([['a', 1]]);
  });

  it('of a window that another key closes', () => {
    const count = (s: Stream<Event>): Stream<unknown> =>
      s
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .count('c', { emit: 'final' })
        .toStream();
    expect(
      seenBehind(count, [
        ['s', 'a', 1],
        ['s', 'b', 21],
      ]).map(([, time]) => time),
    ).toEqual([1]);
  });

  it('of a session that another key closes', () => {
    const count = (s: Stream<Event>): Stream<unknown> =>
      s
        .groupByKey()
        .window(session({ gap: 10, grace: 0 }))
        .count('c', { emit: 'final' })
        .toStream();
    expect(
      seenBehind(count, [
        ['s', 'a', 1],
        ['s', 'a', 3],
        ['s', 'b', 50],
      ]).map(([, time]) => time),
    ).toEqual([3]);
  });

  it('of a window by log time: when it was processed', () => {
    const count = (s: Stream<Event>): Stream<unknown> =>
      s
        .groupByKey()
        .window(tumbling({ size: 10, time: 'processing' }))
        .count('c', { emit: 'final' })
        .toStream();
    expect(seenBehind(count, [['s', 'a', 1]], 10).map(([, time]) => time)).toEqual([1_000_000]);
  });

  it('of a fold that an event came late for: the greatest of the row', () => {
    const seen = seenBehind(
      (s) => s.groupByKey().count('c').toStream(),
      [
        ['s', 'a', 10],
        ['s', 'a', 5],
      ],
    );
    expect(seen).toEqual([
      ['a', 10],
      ['a', 10],
    ]);
  });

  it('of a join of tables: the greater of both rows', () => {
    const join = (s: Stream<Event>, p: Stream<Event>): Stream<unknown> =>
      s
        .toTable('l')
        .join(p.toTable('r'), 'j', () => 1)
        .toStream();
    expect(
      seenBehind(join, [
        ['s', 'a', 10],
        ['p', 'a', 5],
      ]),
    ).toEqual([['a', 10]]);
  });

  it('of a row that was held back', () => {
    const suppressed = (s: Stream<Event>): Stream<unknown> =>
      s.groupByKey().count('c').suppress('held', { untilTimeLimit: 10 }).toStream();
    expect(
      seenBehind(suppressed, [
        ['s', 'a', 1],
        ['s', 'b', 50],
      ]),
    ).toEqual([['a', 1]]);
  });

  it('of an event that waited for others', () => {
    const join = (s: Stream<Event>, p: Stream<Event>): Stream<unknown> =>
      s.leftJoin(p.toTable('r', { history: 100 }), 'j', { grace: 10 }, () => 1);
    expect(
      seenBehind(join, [
        ['s', 'a', 1],
        ['s', 'b', 50],
      ]),
    ).toEqual([['a', 1]]);
  });

  it('of an event that waited', () => {
    expect(seenBehind((s) => s.delay('later', 100), [['s', 'a', 1]], 100)).toEqual([['a', 1]]);
  });

  it('of a pattern that came to nothing: when its time was up', () => {
    const timedOut = (s: Stream<Event>): Stream<unknown> =>
      s.pattern('p', {
        within: 100,
        steps: [
          { name: 'one', when: () => true },
          { name: 'two', when: () => false },
        ],
      }).timedOut;
    expect(seenBehind(timedOut, [['s', 'a', 1]], 100)).toEqual([['a', 1_000_100]]);
  });

  it('of what a timer brings about: what the timer was set to', () => {
    const told: Seen[] = [];
    const process = (s: Stream<Event>): Stream<unknown> =>
      s.process('own', {
        emits: eventType<number>(),
        onEvent: (_, { eventTime, timers }) => {
          timers.setEventTime(eventTime + 10);
          timers.setLogTime(1_000_050);
        },
        onTimer: (_, { key, eventTime, emit }) => {
          emit(eventTime);
          told.push([key, eventTime]);
        },
      });
    const expected = [
      ['a', 11],
      ['a', 1_000_050],
      ['b', 1_000_050],
    ];
    expect(
      seenBehind(
        process,
        [
          ['s', 'a', 1],
          ['s', 'b', 20],
        ],
        50,
      ),
    ).toEqual(expected);
    expect(told).toEqual(expected);
  });

  it('after an emission as before it, and in timers that are set from it', () => {
    const told: number[] = [];
    const process = (s: Stream<Event>): Stream<unknown> =>
      s
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .count('c', { emit: 'final' })
        .toStream()
        .process('own', {
          emits: eventType<number>(),
          onEvent: (_, context) => {
            context.emit(1);
            context.timers.setLogTime(1_000_000 + context.eventTime);
          },
          onTimer: ({ time }) => told.push(time),
        })
        .groupByKey()
        .count('behind')
        .toStream();
    expect(
      seenBehind(
        process,
        [
          ['s', 'a', 7],
          ['s', 'b', 21],
        ],
        50,
      ).map(([, time]) => time),
    ).toEqual([7]);
    expect(told).toEqual([1_000_007]);
  });
});
