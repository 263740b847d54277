import fc from 'fast-check';
import { type Static, Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type BatchOptions,
  defineTopology,
  type JournalEntry,
  type Stream,
  TopologyTestDriver,
} from '../../src/index.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { DEAD_LETTERS_STORE, laneStoreId } from '../../src/worker/lane-stores.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { open, save } from '../topology/evolution-fixtures.ts';

const Event = Type.Object({ key: Type.String(), n: Type.Integer(), at: Type.Integer() });
type Event = Static<typeof Event>;
type Batches = JournalEntry<readonly number[]>;

function batches(options: BatchOptions): CompiledTopology {
  return defineTopology('batches', (t) => {
    const gathered = t.stream('events', { schema: Event, key: 'key', eventTime: 'at' }).batch('gathered', options);
    expectTypeOf(gathered).toEqualTypeOf<Stream<readonly Event[], 'plain'>>();
    gathered
      .map('numbers', (batch, { key }) => {
        if (batch.some(({ n }) => n === BAD)) throw new RangeError(`as told of '${key}'`);
        return batch.map(({ n }) => n);
      })
      .toJournal('told', { keep: 10_000 });
  });
}

const BAD = -1;
const tellOf = (rows: readonly (readonly [string, Batches])[]): string[] =>
  rows.map(([, { key, value, time }]) => `${key}:${value?.join(',')} @${time}`);
const told = (driver: TopologyTestDriver): string[] => tellOf(driver.view<Batches>('told').rows());

describe('Stream.batch', () => {
  it('tells a batch when it is full, or when its first event has waited, under the greatest time of its events', () => {
    const driver = new TopologyTestDriver(batches({ maxCount: 3, maxWait: '1s' }), { now: 0 });
    const send = (key: string, n: number, at = 0): unknown => driver.send('events', { key, n, at });
    send('a', 1, 7);
    driver.advance(400);
    send('b', 2);
    send('a', 3, 9);
    expect(told(driver)).toEqual([]);
    send('a', 4, 8);
    expect(told(driver)).toEqual(['a:1,3,4 @9']);
    send('a', 5);
    driver.restart();
    driver.advance(999);
    expect(told(driver)).toHaveLength(1);
    driver.advance(1);
    expect(told(driver).slice(1)).toEqual(['a:5 @0', 'b:2 @0']);
    driver.advance(10_000);
    expect(told(driver)).toHaveLength(3);
    expect(driver.state('gathered', 'a')).toBeUndefined();
  });

  it('gathers what comes to a partition, without a key', () => {
    const driver = new TopologyTestDriver(batches({ maxCount: 2, maxWait: '1s', per: 'partition' }), { now: 0 });
    for (const [n, key] of ['a', 'b', 'all'].entries()) driver.send('events', { key, n, at: n });
    expect(told(driver)).toEqual([':0,1 @1']);
    driver.advance(1000);
    expect(told(driver)).toEqual([':0,1 @1', ':2 @2']);
  });

  it('passes over what has no value, and, for batches of keys, what has no key', () => {
    const topology = defineTopology('nothing', (t) => {
      const events = t.stream('events', { schema: Event, key: 'key' });
      const options = { maxCount: 1, maxWait: 1 } as const;
      const some = events.map((event) => (event.n === 0 ? null : event));
      some.batch('some', options).toJournal('some', { keep: 10 });
      const unkeyed = events.keyBy(() => null);
      unkeyed.batch('of-keys', options).toJournal('of-keys', { keep: 10 });
      unkeyed.batch('of-all', { ...options, per: 'partition' }).toJournal('of-all', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    for (const n of [0, 1]) driver.send('events', { key: 'a', n, at: 0 });
    expect(['some', 'of-keys', 'of-all'].map((view) => driver.view(view).size)).toEqual([1, 0, 2]);
  });

  it('gives up a batch that what follows fails at, and holds up no event', () => {
    const driver = new TopologyTestDriver(batches({ maxCount: 2, maxWait: '1s' }), { now: 0 });
    const send = (key: string, n: number): unknown => driver.send('events', { key, n, at: 0 });
    send('a', BAD);
    expect(() => send('a', 1)).toThrow(/operator=numbers.*as told of 'a'/);
    send('a', 2);
    send('a', 3);
    send('b', BAD);
    expect(() => driver.advance(1000)).toThrow(/operator=numbers.*as told of 'b'/);
    send('b', 4);
    driver.advance(1000);
    expect(told(driver)).toEqual(['a:2,3 @0', 'b:4 @0']);
  });

  it('gathers as a list and a clock would, through restarts and checkpoints', () => {
    const options = fc.record({
      maxCount: fc.constantFrom(1, 2, 5, 40),
      maxWait: fc.constantFrom(1, 4, 30),
      per: fc.constantFrom('key', 'partition'),
    });
    const events = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'ab', 'b'),
        at: fc.nat({ max: 50 }),
        cuts: fc.nat({ max: 9 }).map((n) => n === 0),
      }),
      { maxLength: 100, size: 'max' },
    );
    fc.assert(
      fc.property(options, events, (rule, steps) => {
        const topology = batches(rule as BatchOptions);
        const checkpoints = new SimulatedCheckpoints();
        let lane = open(topology, checkpoints.openForRead());
        const naive = new NaiveBatches(rule);
        for (const [n, { key, at, cuts }] of steps.entries()) {
          // Log time goes on by one with each event.
          lane.fire(n);
          lane.takeUnder(key, { key, n, at }, at);
          naive.fire(n);
          naive.take(key, n, at, n);
          if (!cuts) continue;
          save(lane, checkpoints, n);
          lane = open(topology, checkpoints.openForRead());
        }
        lane.fire(1000);
        naive.fire(1000);
        const journal = topology.stores.find(({ name }) => name.includes('told'))?.id as number;
        const rows = lane.state.store(laneStoreId(journal)).range('', undefined, 10_000) as [string, Batches][];
        expect(tellOf(rows)).toEqual(naive.told);
        const due = topology.stores.find(({ name }) => name === 'gathered:due')?.id as number;
        expect(lane.state.store(laneStoreId(due)).range('', undefined, 10)).toEqual([]);
      }),
      fuzzRuns(150),
    );
  });
});

class NaiveBatches {
  readonly told: string[] = [];
  readonly #rule: { readonly maxCount: number; readonly maxWait: number; readonly per: string };
  readonly #open = new Map<string, { due: number; events: number[]; time: number }>();

  constructor(rule: { readonly maxCount: number; readonly maxWait: number; readonly per: string }) {
    this.#rule = rule;
  }

  take(key: string, n: number, at: number, logTime: number): void {
    const list = this.#rule.per === 'key' ? key : '';
    const { due, events, time } = this.#open.get(list) ?? { due: logTime + this.#rule.maxWait, events: [], time: 0 };
    this.#open.set(list, { due, events: [...events, n], time: Math.max(time, at) });
    if (events.length + 1 === this.#rule.maxCount) this.#tell(list);
  }

  fire(logTime: number): void {
    const over = [...this.#open].filter(([, { due }]) => due <= logTime);
    over.sort(([a, one], [b, other]) => one.due - other.due || (a < b ? -1 : 1));
    for (const [list] of over) this.#tell(list);
  }

  #tell(list: string): void {
    const { events, time } = this.#open.get(list) as { events: number[]; time: number };
    this.#open.delete(list);
    this.told.push(`${list}:${events.join(',')} @${time}`);
  }
}

describe('what a batch keeps, when its form has changed', () => {
  const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
  const Now = Type.Object({ sku: Type.String(), amount: Type.Integer() });
  const upcast = {
    1: ({ sku, cents }: Static<typeof Sale>) => {
      if (cents === 13) throw new RangeError('not this one');
      return { sku, amount: cents };
    },
  };
  const sales = (version: number): CompiledTopology =>
    defineTopology('sales', { version: String(version) }, (t) => {
      const evolution = version === 1 ? {} : { version, upcast };
      t.stream('sales', { schema: (version === 1 ? Sale : Now) as typeof Now, key: 'sku', ...evolution })
        .batch('gathered', { maxCount: 3, maxWait: 100 })
        .toView('last-batch');
    });
  const lastBatches = (topology: CompiledTopology): number =>
    laneStoreId(topology.stores.find(({ name }) => name === 'last-batch')?.id as number);

  it('is brought up to date, gathered or told; what cannot be is given up with its batch', () => {
    const checkpoints = new SimulatedCheckpoints();
    const before = open(sales(1), checkpoints.openForRead());
    for (const [sku, cents] of [['latte', 400], ['latte', 410], ['mocha', 13], ...Array(3).fill(['tea', 300])])
      before.sell(sku, cents);
    save(before, checkpoints, 5);
    const topology = sales(2);
    const lane = open(topology, checkpoints.openForRead());
    lane.takeUnder('latte', { sku: 'latte', amount: 420 }, 0);
    const amounts = (sku: string): unknown =>
      (lane.state.store(lastBatches(topology)).get(sku) as readonly Static<typeof Now>[] | undefined)?.map(
        ({ amount }) => amount,
      );
    expect([amounts('latte'), amounts('tea')]).toEqual([
      [400, 410, 420],
      [300, 300, 300],
    ]);
    lane.fire(1000);
    const letters = lane.state.store(DEAD_LETTERS_STORE).range('', undefined, 10);
    expect(letters.map(([, letter]) => (letter as { key: string }).key)).toEqual(['mocha']);
    lane.takeUnder('mocha', { sku: 'mocha', amount: 1 }, 0);
    lane.fire(2000);
    expect(amounts('mocha')).toEqual([1]);
  });
});

describe('batch, written down wrongly', () => {
  it.each<[unknown, string]>([
    [{ maxWait: 1 }, 'maxCount is missing; use a whole number from 1 to 10000'],
    [{ maxCount: 0, maxWait: 1 }, 'maxCount is 0; use a whole number from 1 to 10000'],
    [{ maxCount: 1 }, 'maxWait is missing; use a whole number of ms'],
    [{ maxCount: 1, maxWait: 1, per: 'lane' }, 'per is "lane"; use one of key, partition'],
    [{ maxCount: 1, maxWait: 1, maxBytes: 1 }, "there is no option 'maxBytes'"],
  ])('%j', (options, mistake) => {
    try {
      batches(options as BatchOptions);
      expect.unreachable();
    } catch (error) {
      const mistakes = (error as TopologyError).mistakes.map((one) => `${one.node}: ${one.problem}; ${one.remedy}`);
      expect(mistakes).toEqual([expect.stringContaining(`batch 'gathered': ${mistake}`)]);
    }
  });
});
