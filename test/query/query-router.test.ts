import { afterEach, describe, expect, it } from 'vitest';
import { MAX_PENDING_QUESTIONS, MAX_PENDING_RANGES } from '../../src/query/query-limits.ts';
import { FakeShop, until } from './fake-shop.ts';

const shops: FakeShop[] = [];

function open(partitions: number): FakeShop {
  const shop = new FakeShop(partitions);
  shops.push(shop);
  return shop;
}

afterEach(() => {
  for (const shop of shops.splice(0)) shop.close();
});

function failure(code: string, message: string): unknown {
  return expect.objectContaining({ code, message });
}

describe('QueryRouter.get', () => {
  it('reads from the partition that the key hashes to', async () => {
    const shop = open(4);
    for (let i = 0; i < 20; i++) shop.commit(`ord-${i}`, { i });
    for (let i = 0; i < 20; i++) {
      const row = await shop.router.get('orders', `ord-${i}`);
      const partition = shop.partitionOf(`ord-${i}`);
      const position = { partition, offset: shop.lane(partition).durableOffset, epoch: 1 };
      expect(row).toEqual({ view: 'orders', key: `ord-${i}`, json: `{"i":${i}}`, positions: [position] });
    }
    expect(new Set(shop.lanes.map((lane) => lane.processedOffset)).size).toBeGreaterThan(1);
  });

  it('asks every partition of a view that is keyed otherwise', async () => {
    const shop = open(3);
    shop.lane(1).commit([['kiosk-7/ord', 'here']], 1);
    expect(await shop.router.get('open-orders', 'kiosk-7/ord')).toEqual({
      ...{ view: 'open-orders', key: 'kiosk-7/ord', json: '"here"' },
      positions: [{ partition: 1, offset: 0, epoch: 1 }],
    });
  });

  it('takes the lowest partition where several have the key', async () => {
    const shop = open(3);
    shop.lane(2).commit([['k', 2]], 1);
    shop.lane(1).commit([['k', 1]], 1);
    expect(await shop.router.get('open-orders', 'k')).toMatchObject({ json: '1', positions: [{ partition: 1 }] });
  });

  it('says where it looked when there is no row', async () => {
    const shop = open(2);
    shop.lane(1).commit([]);
    expect(await shop.router.get('open-orders', 'none')).toMatchObject({
      json: null,
      positions: [
        { partition: 0, offset: -1 },
        { partition: 1, offset: 0 },
      ],
    });
  });

  it('waits for the flush', async () => {
    const shop = open(1);
    shop.lane(0).process([['k', 1]]);
    let row: unknown;
    const read = shop.router.get('orders', 'k').then((answer) => {
      row = answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(row).toBeUndefined();
    shop.lane(0).flush();
    await read;
    expect(row).toMatchObject({ json: '1' });
  });

  it('waits for a position of its partition', async () => {
    const shop = open(1);
    const read = shop.router.get('orders', 'k', { after: [{ partition: 0, offset: 0, epoch: 1 }] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    shop.commit('k', 1);
    expect(await read).toMatchObject({ json: '1', positions: [{ offset: 0 }] });
  });

  it('waits for positions of other partitions too', async () => {
    const shop = open(4);
    shop.commit('k', 1);
    const other = (shop.partitionOf('k') + 1) % 4;
    let isDone = false;
    const read = shop.router.get('orders', 'k', { after: [{ partition: other, offset: 0, epoch: -1 }] });
    void read.then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isDone).toBe(false);
    shop.lane(other).commit([]);
    expect(await read).toMatchObject({ json: '1' });
  });

  it('gives up on a position at the deadline, and tells the lane', async () => {
    const shop = open(1);
    const after = [{ partition: 0, offset: 5, epoch: 1 }];
    await expect(shop.router.get('orders', 'k', { after, timeoutMs: 10 })).rejects.toThrow(
      failure('ERR_VIEW_POSITION_TIMEOUT', 'position not reached: partition=0 offset=5 timeoutMs=10'),
    );
    await until(() => shop.questions.length === 2);
    expect(shop.questions).toMatchObject([{ kind: 'get' }, { kind: 'cancel', id: shop.questions[0]?.id }]);
  });

  it('gives up on a lane that does not answer', async () => {
    const shop = open(2);
    shop.stuck.add(1);
    await expect(shop.router.get('open-orders', 'k', { timeoutMs: 10 })).rejects.toThrow(
      failure('ERR_HTTP_TIMEOUT', 'partition did not answer: partition=1 timeoutMs=10'),
    );
  });

  it('refuses a position that was lost', async () => {
    const shop = open(1);
    shop.commit('k', 1);
    shop.lane(0).epoch = 2;
    await expect(shop.router.get('orders', 'k', { after: [{ partition: 0, offset: 0, epoch: 1 }] })).rejects.toThrow(
      failure('ERR_VIEW_POSITION_LOST', 'position lost: partition=0 offset=0 epoch=1 epochNow=2'),
    );
  });

  it.each([
    ['unknown view', 'ordres', 'k', {}, 'ERR_VIEW_UNKNOWN', 'no such view; did you mean orders'],
    ['unknown view, unlike any', 'xyzzyxyzzy', 'k', {}, 'ERR_VIEW_UNKNOWN', 'no such view'],
    ['empty key', 'orders', '', {}, 'ERR_VIEW_QUERY', 'key is empty'],
    ['long key', 'orders', 'é'.repeat(600), {}, 'ERR_VIEW_QUERY', 'key too long: bytes=1200 max=1024'],
    [
      'no deadline',
      'orders',
      'k',
      { timeoutMs: 0 },
      'ERR_VIEW_QUERY',
      'timeoutMs is not a whole number from 1 to 30000',
    ],
    [
      'a long deadline',
      'orders',
      'k',
      { timeoutMs: 30_001 },
      'ERR_VIEW_QUERY',
      'timeoutMs is not a whole number from 1 to 30000',
    ],
    [
      'no such partition',
      'orders',
      'k',
      { after: [{ partition: 2, offset: 0, epoch: -1 }] },
      'ERR_VIEW_QUERY',
      'after names no partition: partition=2 partitions=2',
    ],
  ])('refuses %s', async (_, view, key, options, code, message) => {
    await expect(open(2).router.get(view, key, options)).rejects.toThrow(failure(code, message));
  });

  it('refuses what comes beyond its bound, and serves again when it has answered', async () => {
    const shop = open(1);
    shop.stuck.add(0);
    const reads = Array.from({ length: MAX_PENDING_QUESTIONS }, () =>
      shop.router.get('orders', 'k', { timeoutMs: 200 }),
    );
    const outcomes = Promise.allSettled(reads);
    await expect(shop.router.get('orders', 'k')).rejects.toThrow(
      failure('ERR_OVERLOAD_BOX', `too many reads are waiting: reads=${MAX_PENDING_QUESTIONS}`),
    );
    await outcomes;
    shop.stuck.clear();
    expect(await shop.router.get('orders', 'k')).toMatchObject({ json: null });
  });

  it('refuses when closed, and answers those who wait', async () => {
    const shop = open(1);
    shop.stuck.add(0);
    const read = shop.router.get('orders', 'k');
    shop.router.close();
    await expect(read).rejects.toThrow(failure('ERR_ENGINE_CLOSED', 'engine is closed'));
    await expect(shop.router.get('orders', 'k')).rejects.toThrow(failure('ERR_ENGINE_CLOSED', 'engine is closed'));
  });
});

describe('QueryRouter.range', () => {
  function filled(partitions: number, count: number): FakeShop {
    const shop = open(partitions);
    for (let i = 0; i < count; i++) shop.commit(`k${String(i).padStart(4, '0')}`, i);
    return shop;
  }

  it('merges the partitions in key order', async () => {
    const shop = filled(3, 50);
    const page = await shop.router.range('orders');
    expect(page.keys).toEqual(Array.from({ length: 50 }, (_, i) => `k${String(i).padStart(4, '0')}`));
    expect(page.values).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    expect(page.cursor).toBeNull();
    expect(page.positions).toEqual(
      shop.lanes.map((lane, partition) => ({ partition, offset: lane.processedOffset, epoch: 1 })),
    );
  });

  it('goes through everything page by page, over a restart too', async () => {
    const shop = filled(3, 250);
    const keys: string[] = [];
    let cursor: string | undefined;
    let router = shop.router;
    do {
      const page = await router.range('orders', { cursor, limit: 33 });
      expect(page.keys.length).toBeLessThanOrEqual(33);
      keys.push(...page.keys);
      cursor = page.cursor ?? undefined;
      // Another router has never heard of the cursor.
      const other = filled(3, 250);
      router = other.router;
    } while (cursor !== undefined);
    expect(keys).toEqual(Array.from({ length: 250 }, (_, i) => `k${String(i).padStart(4, '0')}`));
  });

  it('has no cursor when its limit takes the last row', async () => {
    const shop = filled(1, 30);
    expect((await shop.router.range('orders', { limit: 30 })).cursor).toBeNull();
    expect((await shop.router.range('orders', { limit: 29 })).cursor).not.toBeNull();
  });

  it('keeps to prefix, from and to', async () => {
    const shop = filled(2, 120);
    const keysOf = async (options: object): Promise<readonly string[]> =>
      (await shop.router.range('orders', options)).keys;
    expect(await keysOf({ prefix: 'k011' })).toEqual(Array.from({ length: 10 }, (_, i) => `k011${i}`));
    expect(await keysOf({ from: 'k0003', to: 'k0005' })).toEqual(['k0003', 'k0004']);
    expect(await keysOf({ from: 'k0118' })).toEqual(['k0118', 'k0119']);
    expect(await keysOf({ to: 'k0001' })).toEqual(['k0000']);
    expect(await keysOf({ prefix: 'none' })).toEqual([]);
  });

  it('takes the bounds from its cursor, and the same again beside it', async () => {
    const shop = filled(2, 50);
    const { cursor } = await shop.router.range('orders', { prefix: 'k001', limit: 4 });
    const rest = ['k0014', 'k0015', 'k0016', 'k0017', 'k0018', 'k0019'];
    expect((await shop.router.range('orders', { cursor: cursor as string })).keys).toEqual(rest);
    expect((await shop.router.range('orders', { cursor: cursor as string, prefix: 'k001' })).keys).toEqual(rest);
    await expect(shop.router.range('orders', { cursor: cursor as string, prefix: 'k002' })).rejects.toThrow(
      failure('ERR_VIEW_QUERY', 'cursor belongs to a query with other bounds'),
    );
    await expect(shop.router.range('open-orders', { cursor: cursor as string })).rejects.toThrow(
      failure('ERR_VIEW_QUERY', 'cursor belongs to another view: view=orders'),
    );
  });

  it('waits for positions', async () => {
    const shop = filled(2, 0);
    const read = shop.router.range('orders', { after: [{ partition: 1, offset: 0, epoch: 1 }] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    shop.lane(1).commit([['late', 1]]);
    expect((await read).keys).toEqual(['late']);
  });

  it.each([0, -1, 1.5, 1001, Number.NaN])('refuses limit=%s', async (limit) => {
    await expect(open(1).router.range('orders', { limit })).rejects.toThrow(
      failure('ERR_VIEW_QUERY', 'limit is not a whole number from 1 to 1000'),
    );
  });

  it('refuses what comes beyond its bound', async () => {
    const shop = open(1);
    shop.stuck.add(0);
    const reads = Array.from({ length: MAX_PENDING_RANGES }, () => shop.router.range('orders', { timeoutMs: 100 }));
    const outcomes = Promise.allSettled(reads);
    await expect(shop.router.range('orders')).rejects.toThrow(
      failure('ERR_OVERLOAD_BOX', `too many range reads are waiting: reads=${MAX_PENDING_RANGES}`),
    );
    await outcomes;
    shop.stuck.clear();
    expect((await shop.router.range('orders')).keys).toEqual([]);
  });
});

describe('QueryRouter.producerState', () => {
  it('takes the greatest of all partitions', async () => {
    const shop = open(3);
    shop.lane(0).producerState = () => ({ epoch: 2, sequence: 10 });
    shop.lane(2).producerState = (low, high) => ({ epoch: low, sequence: high });
    expect(await shop.router.producerState(1, 12)).toEqual({ epoch: 2, lastSequence: 12 });
  });

  it('is -1 for a producer nobody knows', async () => {
    expect(await open(2).router.producerState(1, 2)).toEqual({ epoch: -1, lastSequence: -1 });
  });
});
