import { type Static, Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineTopology, type LateEvent, type Stream, TopologyTestDriver, tumbling } from '../../src/index.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Evolution } from '../../src/topology/evolution.ts';
import { DEAD_LETTERS_STORE, laneStoreId } from '../../src/worker/lane-stores.ts';
import { open, save } from '../topology/evolution-fixtures.ts';

const Event = Type.Object({ key: Type.String(), type: Type.String(), at: Type.Integer() });
type Event = Static<typeof Event>;

interface Watermark {
  readonly watermark?: { readonly outOfOrderness: number };
}
const NO_WATERMARK: Watermark = {};
const WATERMARK: Watermark = { watermark: { outOfOrderness: 0 } };
const ways: [string, Watermark][] = [
  ['by the greatest time seen', NO_WATERMARK],
  ['by the watermark', WATERMARK],
];

/** An `a` that no `b` follows within 10 ms; events may come 5 ms later than others. */
function alone(watermark: Watermark): CompiledTopology {
  return defineTopology('alone', (t) => {
    const events = t.stream('events', { schema: Event, key: 'key', eventTime: 'at', ...watermark });
    const found = events.pattern('alone', {
      steps: [
        {
          name: 'a',
          when: ({ type }) => {
            if (type === 'bad') throw new RangeError('as told');
            return type.startsWith('a');
          },
        },
        { name: 'b', when: ({ type }) => type === 'b', absent: true },
      ],
      within: 10,
      time: 'event',
      grace: 5,
    });
    found
      .map('told', ({ a }) => {
        if (a.type === 'a-bad') throw new RangeError('as told');
        return a.at;
      })
      .toJournal('told', { keep: 100 });
    found.late.toJournal('late', { keep: 100 });
  });
}

const values = (driver: TopologyTestDriver, view: string): unknown[] =>
  driver
    .view<{ value: unknown }>(view)
    .rows()
    .map(([, { value }]) => value);

function send(driver: TopologyTestDriver, text: string): void {
  for (const word of text.split(' ')) {
    const [type, key, at] = word.split(':') as [string, string, string];
    driver.send('events', { key, type, at: Number(at) });
  }
}

describe.each(ways)('a pattern by event time, %s', (_, watermark) => {
  it('takes events in their order, and notices what did not happen when time is past it and the grace', () => {
    const driver = new TopologyTestDriver(alone(watermark), { now: 0 });
    send(driver, 'b:k:109 a:k:104 a:l:104 x:m:118');
    expect(values(driver, 'told')).toEqual([]);
    send(driver, 'x:m:119');
    expect(values(driver, 'told')).toEqual([104]);
  });

  it('tells an event that comes too late, with the span that a match with it could have lain in', () => {
    const driver = new TopologyTestDriver(alone(watermark), { now: 0 });
    send(driver, 'x:k:100 b:k:95 b:k:94');
    const late: LateEvent<Event> = {
      event: { key: 'k', type: 'b', at: 94 },
      window: { start: 85, end: 104 },
      lateBy: 1,
    };
    expect(values(driver, 'late')).toEqual([late]);
  });

  it('gives up what fails when it leaves, or is told, and holds up nothing else', () => {
    const driver = new TopologyTestDriver(alone(watermark), { now: 0 });
    send(driver, 'bad:k:100 a-bad:k:101 a:k:102 a:l:103');
    expect(() => send(driver, 'x:m:106')).toThrow(/operator=alone.*as told/);
    expect(() => send(driver, 'x:m:117')).toThrow(/operator=told.*as told/);
    send(driver, 'x:m:118');
    expect(values(driver, 'told')).toEqual([102, 103]);
    expect([driver.state('alone', 'k'), driver.state('alone', 'l')]).toEqual([undefined, undefined]);
  });

  it('passes over what has no value or no key', () => {
    const topology = defineTopology('nothing', (t) => {
      const events = t.stream('events', { schema: Event, key: 'key', eventTime: 'at', ...watermark });
      const steps = [
        { name: 'one', when: () => true },
        { name: 'two', when: () => true },
      ] as const;
      const options = { steps, within: 10, time: 'event', grace: 0 } as const;
      events
        .map((event) => (event.type === 'none' ? null : event))
        .keyBy(() => null)
        .pattern('unkeyed', options)
        .toJournal('unkeyed', { keep: 1 });
      events
        .map((event) => (event.type === 'none' ? null : event))
        .pattern('told', options)
        .map(({ two }) => two.at)
        .toJournal('told', { keep: 1 });
    });
    const driver = new TopologyTestDriver(topology, { now: 0 });
    send(driver, 'x:k:1 none:k:2 x:k:3 x:k:4');
    expect([values(driver, 'told'), values(driver, 'unkeyed')]).toEqual([[3], []]);
  });
});

describe('a pattern by event time', () => {
  it('fails with an event that leaves at once', () => {
    const topology = defineTopology('at-once', (t) => {
      t.stream('events', { schema: Event, key: 'key', eventTime: 'at' })
        .pattern('found', {
          steps: [
            {
              name: 'a',
              when: ({ type }) => {
                if (type === 'bad') throw new RangeError('as told');
                return type === 'a';
              },
            },
            { name: 'b', when: ({ type }) => type === 'b' },
          ],
          within: 10,
          time: 'event',
          grace: 0,
        })
        .toJournal('told', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology, { now: 0 });
    send(driver, 'a:k:1');
    expect(() => send(driver, 'bad:k:9')).toThrow(/as told/);
    // Undone as a whole: time has not gone on, either.
    send(driver, 'b:k:2');
    expect(values(driver, 'told')).toHaveLength(1);
  });

  it('is told which events come too late only then', () => {
    defineTopology('types', (t) => {
      const events = t.stream('events', { schema: Event, key: 'key', eventTime: 'at' });
      const steps = [
        { name: 'one', when: (event: Event) => event.at > 0 },
        { name: 'two', when: (event: Event) => event.at > 1 },
      ] as const;
      const found = events.pattern('by-event-time', { steps, within: 1, time: 'event', grace: '1s' });
      expectTypeOf(found.late).toEqualTypeOf<Stream<LateEvent<Event>, 'plain'>>();
      const other = events.pattern('by-log-time', { steps, within: 1, time: 'processing' });
      // @ts-expect-error by log time no event is late
      expect(other.late).toBeUndefined();
      const neither = (): void => {
        // @ts-expect-error it has to be said how late events may come
        events.pattern('without-grace', { steps, within: 1, time: 'event' });
        // @ts-expect-error by log time no event is late
        events.pattern('with-grace', { steps, within: 1, grace: '1s' });
      };
      expect(neither).toBeTypeOf('function');
      found.merge(other).toJournal('found', { keep: 1 });
    });
  });

  it('notices by the clock what did not happen on a silent stream, and so does a window behind it', () => {
    const topology = defineTopology('quiet', (t) => {
      const watermark = { outOfOrderness: 3, idleAfter: 50, whenIdle: 'follow-clock' } as const;
      t.stream('events', { schema: Event, key: 'key', eventTime: 'at', watermark })
        .pattern('alone', {
          steps: [
            { name: 'a', when: ({ type }) => type === 'a' },
            { name: 'b', when: ({ type }) => type === 'b', absent: true },
          ],
          within: 100,
          time: 'event',
          grace: 20,
        })
        .toJournal('told', { keep: 10 })
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .count('counts', { emit: 'final' })
        .toStream()
        .toJournal('counted', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology, { now: 1000 });
    send(driver, 'a:k:1001');
    const counts = (): number[] => [driver.view('told').size, driver.view('counted').size];
    // 1001 + 100 is reached when the clock is at 1101 + 3 + 20, the end of the window that this lies in 9 ms later.
    driver.advance(1123 - 1000);
    expect(counts()).toEqual([0, 0]);
    driver.advance(1);
    expect(counts()).toEqual([1, 0]);
    driver.advance(8);
    expect(counts()).toEqual([1, 0]);
    driver.advance(1);
    expect(counts()).toEqual([1, 1]);
  });

  it('says in describe() what it keeps', () => {
    const description = alone(WATERMARK).describe();
    const { operators, stores, views } = description;
    const operator = operators.find(({ name }) => name === 'alone');
    expect(operator).toMatchObject({ graceMs: 5, stores: ['alone', 'alone:due', 'alone:held'] });
    expect(views.map(({ input }) => input)).toContain('operator:alone.late');
    expect(description.toText()).toContain(
      'in the order of event time, grace 5 ms; store alone, alone:due, alone:held',
    );
    expect(description.toMermaid()).toContain('pattern<br/>alone<br/>in the order of event time, grace 5 ms');
    expect(stores.filter(({ name }) => name.startsWith('alone')).map(({ order }) => order)).toEqual([
      'none',
      'by key',
      'by key',
    ]);
    expect(alone(WATERMARK).lateCounts.map(({ node }) => node)).toEqual(['alone']);
    expect(alone(WATERMARK).fingerprint).not.toBe(alone(NO_WATERMARK).fingerprint);
  });
});

describe('what a pattern by event time keeps, when its form has changed', () => {
  interface Earlier {
    readonly sku: string;
    readonly cents: number;
  }
  const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
  const Now = Type.Object({ sku: Type.String(), amount: Type.Integer() });

  function sales(schema: typeof Sale | typeof Now, evolution: Evolution): CompiledTopology {
    return defineTopology('sales', { version: String(evolution.version) }, (t) => {
      t.stream('sales', { schema: schema as typeof Now, key: 'sku', ...evolution })
        .pattern('again', {
          steps: [
            { name: 'one', when: () => true },
            { name: 'two', when: ({ amount }, { one }) => amount > (one?.amount ?? 0) },
          ],
          within: 100,
          time: 'event',
          grace: 5,
        })
        .toJournal('told', { keep: 10 });
    });
  }

  it('is brought up to date, held or begun; what cannot be is a dead letter by itself', () => {
    const checkpoints = new SimulatedCheckpoints();
    const before = open(sales(Sale, {}), checkpoints.openForRead());
    const sale = (cents: number): Earlier => ({ sku: 'latte', cents });
    for (const [cents, time] of [
      [400, 0],
      [13, 3],
      [410, 4],
      [420, 5],
    ] as const)
      before.takeUnder('latte', sale(cents), time);
    save(before, checkpoints, 3);
    const upcast = {
      1: ({ sku, cents }: Earlier) => {
        if (cents === 13) throw new RangeError('not this one');
        return { sku, amount: cents };
      },
    };
    const topology = sales(Now, { version: 2, upcast });
    const lane = open(topology, checkpoints.openForRead());
    lane.takeUnder('latte', { sku: 'latte', amount: 1 }, 20);
    const letters = lane.state.store(DEAD_LETTERS_STORE).range('', undefined, 10);
    expect(letters.map(([, letter]) => (letter as { key: string }).key)).toEqual(['latte']);
    const journal = topology.stores.find(({ name }) => name.includes('told'))?.id as number;
    const told = lane.state.store(laneStoreId(journal)).range('', undefined, 10);
    expect(told.map(([, entry]) => (entry as { value: unknown }).value)).toEqual([
      { one: { sku: 'latte', amount: 400 }, two: { sku: 'latte', amount: 410 } },
    ]);
    // The sale that came by now is in, and so is what is begun.
    lane.takeUnder('latte', { sku: 'latte', amount: 1 }, 30);
    const beginnings = lane.state.store(laneStoreId(0)).get('latte') as readonly (readonly unknown[])[];
    expect(beginnings.map((one) => one[4])).toEqual([
      { one: { sku: 'latte', amount: 420 } },
      { one: { sku: 'latte', amount: 1 } },
    ]);
  });
});
