import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_STORE_KEY_BYTES } from '../../src/store/store-limits.ts';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

/** An order goes in, is read back, changes, is collected: the README's story, on three partitions. */
let engine: EngineProcess;
const LONG = 'k'.repeat(MAX_STORE_KEY_BYTES + 1);

beforeAll(async () => {
  engine = await EngineProcess.start({ data: freshPath(), partitions: 3, env: TWO_WORKERS });
});

afterAll(() => engine.kill());

interface Ack {
  partition: number;
  offset: number;
  epoch: number;
}

async function send(event: object, headers: Record<string, string> = {}): Promise<Ack> {
  const { status, json } = await engine.post(ORDERS, event, headers);
  expect([status, json['level'], json['processed'], json['duplicate']]).toEqual([201, 'durable', true, false]);
  return json as unknown as Ack;
}

async function row(view: string, key: string): Promise<Record<string, unknown> | null> {
  const { status, json } = await engine.get(`/v1/views/${view}/${key}`);
  if (status === 404) {
    expect(json['code']).toBe('ERR_VIEW_KEY_NOT_FOUND');
    return null;
  }
  expect(status).toBe(200);
  return json['value'] as Record<string, unknown>;
}

interface Page {
  rows: { key: string; value: { orderId: string } }[];
  cursor: string | null;
}

async function page(query: string): Promise<Page> {
  const { status, json } = await engine.get(`/v1/views/${query}`);
  expect(status).toBe(200);
  return json as unknown as Page;
}

describe('an order', () => {
  it('is acknowledged with its place, and can be read at once', async () => {
    const ack = await send(order('life-1'));
    expect(ack).toMatchObject({ offset: 0, epoch: 1 });
    expect([0, 1, 2]).toContain(ack.partition);
    const { json } = await engine.get('/v1/views/orders/life-1');
    expect(json).toEqual({
      view: 'orders',
      key: 'life-1',
      value: { ...order('life-1'), status: 'placed', updatedAt: 1763600000000 },
      position: { partition: ack.partition, offset: 0, epoch: 1 },
    });
    expect(await row('open-orders', 'kiosk-7/life-1')).toMatchObject({ orderId: 'life-1', status: 'placed' });
  });

  it('changes, moves to another store, is ready, and leaves both views when it is collected', async () => {
    const first = await send(later('life-1', 'changed', { totalCents: 840 }), { 'Idempotency-Key': 'change-1' });
    expect(first.offset).toBe(1);
    expect(await row('orders', 'life-1')).toMatchObject({ status: 'changed', totalCents: 840, storeId: 'kiosk-7' });

    await send(later('life-1', 'changed', { storeId: 'kiosk-8' }), { 'Idempotency-Key': 'change-2' });
    expect(await row('open-orders', 'kiosk-7/life-1')).toBeNull();
    expect(await row('open-orders', 'kiosk-8/life-1')).toMatchObject({ storeId: 'kiosk-8', totalCents: 840 });

    await send(later('life-1', 'ready'), { 'Idempotency-Key': 'ready-1' });
    expect(await row('orders', 'life-1')).toMatchObject({ status: 'ready' });

    const last = await send(later('life-1', 'collected'), { 'Idempotency-Key': 'collected-1' });
    expect(last).toMatchObject({ partition: first.partition, offset: 4 });
    expect(await row('orders', 'life-1')).toBeNull();
    expect(await row('open-orders', 'kiosk-8/life-1')).toBeNull();
  });

  it('that is cancelled leaves both views', async () => {
    await send(order('life-2'));
    await send(later('life-2', 'cancelled'), { 'Idempotency-Key': 'cancel-2' });
    expect([await row('orders', 'life-2'), await row('open-orders', 'kiosk-7/life-2')]).toEqual([null, null]);
  });

  it('is seen by a read that waits for the position of its ack', async () => {
    const { partition, offset, epoch } = await send(order('life-3'));
    const { status, json } = await engine.get(`/v1/views/orders/life-3?after=${partition}:${offset}:${epoch}`);
    expect([status, json['position']]).toEqual([200, { partition, offset, epoch }]);
    await send(later('life-3', 'cancelled'), { 'Idempotency-Key': 'cancel-3' });
  });

  it('is the same order however its id is written', async () => {
    const { partition } = await send(order('life-ü/4'));
    const escaped = JSON.stringify(later('#', 'ready')).replace('#', '\\u006cife-\\u00fc\\/4');
    const { status, json } = await engine.post(ORDERS, escaped, { 'Idempotency-Key': 'escaped' });
    expect([status, json['partition']]).toEqual([201, partition]);
    expect(await row('orders', 'life-%C3%BC%2F4')).toMatchObject({ status: 'ready' });
    await send(later('life-ü/4', 'cancelled'), { 'Idempotency-Key': 'cancel-4' });
  });

  it('that is not there yet is not waited for longer than asked', async () => {
    const { status, json } = await engine.get('/v1/views/orders/life-9?after=0:1000000&timeoutMs=20');
    expect([status, json['code']]).toEqual([504, 'ERR_VIEW_POSITION_TIMEOUT']);
  });

  it('of an epoch that never was is 410', async () => {
    const { status, json } = await engine.get('/v1/views/orders/life-9?after=0:1000000:7');
    expect([status, json['code']]).toEqual([410, 'ERR_VIEW_POSITION_LOST']);
  });
});

describe('ranges', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `r-${String(index).padStart(3, '0')}`);
  const partitions = new Set<number>();

  beforeAll(async () => {
    // Neither the order they come in nor the partition they go to shows in what is read.
    for (const id of ids.toReversed()) {
      const storeId = Number(id.slice(2)) % 2 === 0 ? 'even' : 'odd';
      partitions.add((await send(order(id, { storeId }))).partition);
    }
  });

  it('are merged over all partitions in the order of their keys', async () => {
    expect(partitions.size).toBe(3);
    const { rows, cursor } = await page('orders?prefix=r-');
    expect(rows.map(({ key }) => key)).toEqual(ids);
    expect(rows.map(({ value }) => value.orderId)).toEqual(ids);
    expect(cursor).toBeNull();
  });

  it('begin with `from` and end before `to`', async () => {
    const { rows } = await page('orders?from=r-010&to=r-013');
    expect(rows.map(({ key }) => key)).toEqual(['r-010', 'r-011', 'r-012']);
  });

  it('by prefix find the open orders of one store', async () => {
    const { rows } = await page('open-orders?prefix=odd/');
    expect(rows.map(({ key }) => key)).toEqual(ids.filter((_, index) => index % 2 === 1).map((id) => `odd/${id}`));
  });

  it('come in pages that neither miss nor repeat a row, whatever changes between them', async () => {
    const found: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const next: Page = await page(`orders?prefix=r-&limit=7${query}`);
      expect(next.rows.length).toBeLessThanOrEqual(7);
      found.push(...next.rows.map(({ key }) => key));
      cursor = next.cursor;
      pages += 1;
      if (pages === 2) await send(later('r-000', 'cancelled'), { 'Idempotency-Key': 'between-pages' });
    } while (cursor !== null);
    expect(found).toEqual(ids);
    expect(pages).toBe(6);
  });

  it.each([
    ['orders?limt=3', 400, 'ERR_VIEW_QUERY'],
    ['orders?limit=3&limit=4', 400, 'ERR_VIEW_QUERY'],
    ['orders?limit=many', 400, 'ERR_VIEW_QUERY'],
    ['orders?limit=0', 400, 'ERR_VIEW_QUERY'],
    ['orders?limit=1001', 400, 'ERR_VIEW_QUERY'],
    ['orders?prefix=a&from=b', 400, 'ERR_VIEW_QUERY'],
    ['orders?from=b&to=a', 400, 'ERR_VIEW_QUERY'],
    ['orders?cursor=bm9uc2Vuc2U', 400, 'ERR_VIEW_QUERY'],
    [`orders?prefix=${LONG}`, 400, 'ERR_VIEW_QUERY'],
    ['orders?prefix=%ff', 400, 'ERR_VIEW_QUERY'],
    ['orders/a?after=3:0', 400, 'ERR_VIEW_QUERY'],
    ['orders/a?after=0', 400, 'ERR_VIEW_QUERY'],
    ['orders/%ff', 400, 'ERR_VIEW_QUERY'],
    [`orders/${LONG}`, 400, 'ERR_VIEW_QUERY'],
    ['orders/a%00b', 404, 'ERR_VIEW_KEY_NOT_FOUND'],
    ['order', 404, 'ERR_VIEW_UNKNOWN'],
    ['order/a', 404, 'ERR_VIEW_UNKNOWN'],
    ['orders/ws', 426, 'ERR_HTTP_UPGRADE_REQUIRED'],
    ['orders/changes?resume=x', 400, 'ERR_VIEW_QUERY'],
    ['order/changes', 404, 'ERR_VIEW_UNKNOWN'],
  ])('GET /v1/views/%.60s is %i %s', async (path, status, code) => {
    const answer = await engine.get(`/v1/views/${path}`);
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });
});
