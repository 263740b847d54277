import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology, eventType, type LookupContext, TopologyTestDriver, tumbling } from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { EnrichOptions } from '../../src/topology/enrich-node.ts';

const Order = Type.Object({ customer: Type.String(), n: Type.Integer() });
type Order = { customer: string; n: number };
type Told = { key: string; value: unknown; time: number };
type Options = Partial<EnrichOptions<Order, unknown, unknown>>;

function credits(options: Options = {}): CompiledTopology {
  return defineTopology('credits', (t) => {
    t.stream('orders', { schema: Order, key: 'customer' })
      .enrich('credit', { lookup: ({ n }) => n * 10, ...options }, ({ n }, credit) => [n, credit])
      .toJournal('known', { keep: 1000 });
  });
}

function known(driver: TopologyTestDriver): unknown[] {
  const rows = driver.view<Told>('known').rows();
  return rows.map(([, { value }]) => value);
}

function send(driver: TopologyTestDriver, ...orders: readonly [customer: string, n: number][]): void {
  for (const [customer, n] of orders) driver.send('orders', { customer, n });
}

describe('Stream.enrich', () => {
  it('has events wait, as state, and go on with their answers under their own key and time', async () => {
    const driver = new TopologyTestDriver(credits(), { now: 5000 });
    driver.send('orders', { customer: 'a', n: 1 }, { eventTime: 4000 });
    expect([known(driver), driver.pending('credit')]).toEqual([[], [{ customer: 'a', n: 1 }]]);
    driver.restart();
    driver.advance(60_000);
    await driver.settle();
    expect(driver.view<Told>('known').rows()).toMatchObject([
      [expect.anything(), { key: 'a', value: [1, 10], time: 4000 }],
    ]);
    expect(driver.pending('credit')).toEqual([]);
    await driver.settle();
    expect(known(driver)).toHaveLength(1);
  });

  it('asks what the driver is given instead of the outside', async () => {
    const asked: Pick<LookupContext, 'key' | 'id' | 'attempt' | 'eventTime' | 'partition'>[] = [];
    const credit = async (_: unknown, { signal, ...context }: LookupContext): Promise<number> => {
      expect(signal.aborted).toBe(false);
      asked.push(context);
      return 7;
    };
    const driver = new TopologyTestDriver(credits(), { now: 5000, lookups: { credit } });
    send(driver, ['a', 1], ['b', 2]);
    await driver.settle();
    expect(known(driver)).toEqual([
      [1, 7],
      [2, 7],
    ]);
    const context = { attempt: 1, eventTime: 5000, partition: 0 };
    expect(asked).toEqual([
      { key: 'a', id: '0:credit:0', ...context },
      { key: 'b', id: '0:credit:1', ...context },
    ]);
    expect(() => new TopologyTestDriver(credits(), { lookups: { debit: credit } })).toThrow(
      'enrich=debit known=credit',
    );
  });

  it('lets look-ups have clocks and dice of their own, and the functions beside them not', async () => {
    const lookup = async (): Promise<boolean> => {
      const before = Date.now() + performance.now() + Math.random();
      await Promise.resolve();
      return before > 0 && crypto.randomUUID().length > 0 && `${new Date()}`.length > 0;
    };
    const topology = defineTopology('clocks', (t) => {
      const orders = t.stream('orders', { schema: Order, key: 'customer' });
      orders.enrich('free', { lookup }, ({ n }, isFree) => [n, isFree]).toJournal('known', { keep: 10 });
      orders.enrich('held', { lookup }, () => Date.now()).toJournal('never', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    send(driver, ['a', 1]);
    await expect(driver.settle()).rejects.toThrow(/operator=held .*reason=called Date.now\(\)/);
    expect([known(driver), driver.view('never').size, driver.pending('held')]).toEqual([[[1, true]], 0, []]);
  });

  it('asks again what failed, timed out or answered badly, and gives what comes of it to onFailure', async () => {
    const attempts: number[] = [];
    const lookup = (_: Order, { attempt, signal }: LookupContext): unknown => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('busy', { cause: new Error('of the network') });
      if (attempt === 2)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      if (attempt === 3) return undefined;
      return attempt === 4 ? { cents: 'many' } : { cents: 1 };
    };
    const result = Type.Object({ cents: Type.Integer() });
    const build = (most: number, hasFallback: boolean): CompiledTopology =>
      defineTopology('credits', (t) => {
        const onFailure = hasFallback ? ({ n }: Order, failure: unknown): unknown => ({ n, failure }) : 'dead-letter';
        t.stream('orders', { schema: Order, key: 'customer' })
          .enrich('credit', { lookup, result, attempts: most, timeout: 20, backoff: 0, onFailure }, (_, value) => value)
          .toJournal('known', { keep: 10 });
      });
    const driver = async (most: number, hasFallback: boolean): Promise<TopologyTestDriver> => {
      attempts.length = 0;
      const made = new TopologyTestDriver(build(most, hasFallback));
      send(made, ['a', 1]);
      await made.settle();
      return made;
    };
    expect(known(await driver(9, false))).toEqual([{ cents: 1 }]);
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    const failed = async (most: number): Promise<unknown> => known(await driver(most, true))[0];
    expect(await failed(1)).toEqual({
      n: 1,
      failure: { attempts: 1, isTimeout: false, errors: ['busy', 'of the network'] },
    });
    expect(await failed(2)).toEqual({
      n: 1,
      failure: { attempts: 2, isTimeout: true, errors: ['no answer within ms=20'] },
    });
    expect(await failed(3)).toMatchObject({ failure: { attempts: 3, errors: ['the answer is undefined'] } });
    expect(await failed(4)).toMatchObject({ failure: { errors: [expect.stringContaining('/cents must be integer')] } });
    await expect(driver(2, false)).rejects.toThrow(
      /operator=credit .*reason=has no answer, attempts=2: no answer within ms=20/,
    );
  });

  it('gives an event up that cannot go on, and no other', async () => {
    const topology = defineTopology('credits', (t) => {
      t.stream('orders', { schema: Order, key: 'customer' })
        .enrich('credit', { lookup: ({ n }) => n }, ({ n }) => {
          if (n === 2) throw new Error('thirteen');
          return n;
        })
        .toJournal('known', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology);
    send(driver, ['a', 1], ['a', 2], ['a', 3]);
    await expect(driver.settle()).rejects.toThrow(/operator=credit .*thirteen/);
    expect([known(driver), driver.pending('credit')]).toEqual([[1], [{ customer: 'a', n: 3 }]]);
    await driver.settle();
    expect(known(driver)).toEqual([1, 3]);
  });

  it('may be followed by others, and by a hop between partitions', async () => {
    const topology = defineTopology('twice', (t) => {
      t.stream('orders', { schema: Order, key: 'customer' })
        .enrich('first', { lookup: ({ n }) => n + 1 }, (_, n) => ({ n, store: `s-${n % 3}` }))
        .keyBy(({ store }) => store)
        .enrich('second', { lookup: ({ n }) => n * 100 }, ({ store }, n) => ({ store, n }))
        .groupByKey()
        .sum('sums', ({ n }) => n)
        .toView('sums');
    });
    expect(topology.lookups).toEqual([
      { node: 'first', level: 0, depth: 1 },
      { node: 'second', level: 1, depth: 2 },
    ]);
    for (const partitionCount of [1, 4]) {
      const driver = new TopologyTestDriver(topology, { partitionCount });
      for (let n = 0; n < 12; n++) send(driver, [`c-${n}`, n]);
      await driver.settle();
      expect(driver.view('sums').rows()).toEqual([
        ['s-0', 3000],
        ['s-1', 2200],
        ['s-2', 2600],
      ]);
    }
  });

  it.each([{ outOfOrderness: 5 }, undefined])(
    'holds event time back for those that wait behind it: watermark %o',
    async (watermark) => {
      const Timed = Type.Object({ customer: Type.String(), at: Type.Integer() });
      const topology = defineTopology('timed', (t) => {
        const options = { schema: Timed, key: 'customer', eventTime: 'at' } as const;
        const asked = t
          .stream('orders', watermark === undefined ? options : { ...options, watermark })
          .enrich('credit', { lookup: ({ at }) => (at === 4 ? undefined : at), attempts: 1 }, (order) => order);
        asked
          .process('alarm', {
            emits: eventType<string>(),
            onEvent: ({ at }, { timers }) => timers.setEventTime(at + 1),
            onTimer: ({ time }, { watermark: reached, emit }) => emit(`${time} at ${reached}`),
          })
          .toJournal('alarms', { keep: 100 });
        asked
          .groupByKey()
          .window(tumbling({ size: 10, grace: 0 }))
          .count('counts', { emit: 'final' })
          .toStream()
          .toJournal('counted', { keep: 100 });
      });
      const driver = new TopologyTestDriver(topology, { now: 0 });
      const alarms = (): unknown[] =>
        driver
          .view<Told>('alarms')
          .rows()
          .map(([, { value }]) => value);
      const counted = (): unknown[] =>
        driver
          .view<Told & { window: { start: number } }>('counted')
          .rows()
          .map(([, row]) => [row.window.start, row.value]);
      for (const at of [2, 4, 9, 22, 40]) driver.send('orders', { customer: 'a', at });
      expect(alarms()).toEqual([]);
      driver.restart();
      // The second waits in vain, and holds nothing back any more.
      await expect(driver.settle()).rejects.toThrow('has no answer');
      expect([alarms(), counted()]).toEqual([[], []]);
      await driver.settle();
      const reached = watermark === undefined ? [9, 22, 40] : [3, 16, 34];
      expect(alarms()).toEqual([`3 at ${reached[0]}`, `10 at ${reached[1]}`, `23 at ${reached[2]}`]);
      expect(counted()).toEqual([
        [0, 2],
        [20, 1],
      ]);
    },
  );
});
