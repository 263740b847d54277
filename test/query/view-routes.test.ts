import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/http/server.ts';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { encodeCursor } from '../../src/query/page-cursor.ts';
import { registerViewRoutes } from '../../src/query/view-routes.ts';
import { FakeShop } from './fake-shop.ts';

const shop = new FakeShop(2);
let server: HttpServer;
let port = 0;

beforeAll(async () => {
  server = createUwsServer();
  registerViewRoutes(server, shop.router);
  port = await server.listen('127.0.0.1', 0);
  for (const [key, value] of [
    ['ord-1', { total: 5 }],
    ['ä/ö 1', 'umlaut'],
    ['changes', 'c'],
    ['ws', 'w'],
    ['50%', 'p'],
  ]) {
    shop.commit(key as string, value);
  }
  shop.lane(1).commit(
    ['kiosk-7/ord-1', 'kiosk-7/ord-2', 'kiosk-8/ord-3'].map((key) => [key, key]),
    1,
  );
  shop.lane(0).commit([['kiosk-7/ord-4', 4]], 1);
});

afterAll(() => {
  server.close();
  shop.close();
});

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  body: Record<string, unknown>;
}

/** As the path stands: `fetch` would tidy it up. */
function send(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = text.startsWith('{');
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          text,
          body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
        });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

describe('GET /v1/views', () => {
  it('lists the views', async () => {
    const { status, body } = await send('/v1/views');
    expect(status).toBe(200);
    expect(body).toEqual({
      views: [
        {
          name: 'orders',
          description: 'Orders by id',
          isKeyedByPartitionKey: true,
          isOfWindows: false,
          schema: null,
          links: {
            rows: '/v1/views/orders',
            row: '/v1/views/orders/{key}',
            changes: '/v1/views/orders/changes',
            ws: '/v1/views/orders/ws',
          },
        },
        expect.objectContaining({ name: 'open-orders', isKeyedByPartitionKey: false }),
      ],
    });
  });
});

describe('GET /v1/views/{view}/{key}', () => {
  it('answers the row with its position', async () => {
    const { status, headers, body } = await send('/v1/views/orders/ord-1');
    const partition = shop.partitionOf('ord-1');
    const offset = shop.lane(partition).durableOffset;
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      view: 'orders',
      key: 'ord-1',
      value: { total: 5 },
      position: { partition, offset, epoch: 1 },
    });
  });

  it.each([
    ['a slash', 'open-orders', 'kiosk-7/ord-1', 'kiosk-7/ord-1'],
    ['an escaped slash', 'open-orders', 'kiosk-7%2Ford-1', 'kiosk-7/ord-1'],
    ['characters beyond ASCII, and a space', 'orders', '%C3%A4/%C3%B6%201', 'ä/ö 1'],
    ['a percent sign', 'orders', '50%25', '50%'],
    ['the name of the change feed', 'orders', '%63hanges', 'changes'],
    ['the name of the WebSocket', 'orders', '%77s', 'ws'],
  ])('takes a key with %s', async (_, view, path, key) => {
    const { status, body } = await send(`/v1/views/${view}/${path}`);
    expect([status, body['key']]).toEqual([200, key]);
  });

  it('finds a row under a taken name by range as well', async () => {
    const { body } = await send('/v1/views/orders?from=changes&limit=1');
    expect(body['rows']).toEqual([{ key: 'changes', value: 'c' }]);
  });

  it('answers HEAD without a body', async () => {
    const { status, headers, text } = await send('/v1/views/orders/ord-1', 'HEAD');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(10);
  });

  it('reflects the position asked for', async () => {
    const partition = shop.partitionOf('later');
    const lane = shop.lane(partition);
    const offset = lane.processedOffset + 1;
    const read = send(`/v1/views/orders/later?after=${partition}:${offset}:1`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    shop.commit('later', 'now');
    expect((await read).body).toMatchObject({ value: 'now', position: { partition, offset } });
  });

  const problem = (status: number, code: string, detail: unknown): unknown =>
    expect.objectContaining({
      status,
      code,
      detail,
      type: expect.stringContaining('urn:moka:problem:'),
      requestId: expect.any(String),
    });

  it.each([
    ['/v1/views/ordres/x', 404, 'ERR_VIEW_UNKNOWN', 'no such view; did you mean orders'],
    ['/v1/views/orders/none', 404, 'ERR_VIEW_KEY_NOT_FOUND', 'no row with this key: view=orders'],
    ['/v1/views/orders/%00', 404, 'ERR_VIEW_KEY_NOT_FOUND', 'no row with this key: view=orders'],
    ['/v1/views/orders/', 400, 'ERR_VIEW_QUERY', 'key is empty'],
    ['/v1/views/orders/%zz', 400, 'ERR_VIEW_QUERY', 'path has a malformed percent-escape'],
    ['/v1/views/orders/%', 400, 'ERR_VIEW_QUERY', 'path has a malformed percent-escape'],
    ['/v1/views/orders/%c3%28', 400, 'ERR_VIEW_QUERY', 'path has a malformed percent-escape'],
    ['/v1/views/orders/%c0%af', 400, 'ERR_VIEW_QUERY', 'path has a malformed percent-escape'],
    ['/v1/views/%zz/x', 400, 'ERR_HTTP_BAD_REQUEST', 'path has a malformed percent-escape'],
    [`/v1/views/orders/${'k'.repeat(1025)}`, 400, 'ERR_VIEW_QUERY', 'key too long: bytes=1025 max=1024'],
    ['/v1/views/orders/k?afer=0:1', 400, 'ERR_VIEW_QUERY', 'no such parameter: name=afer; did you mean after'],
    [
      '/v1/views/orders/k?limit=1',
      400,
      'ERR_VIEW_QUERY',
      'no such parameter: name=limit; known: start, end, after, timeoutMs',
    ],
    ['/v1/views/orders/k?after=0:1&after=1:1', 400, 'ERR_VIEW_QUERY', 'parameter given twice: name=after'],
    [
      '/v1/views/orders/k?after=x',
      400,
      'ERR_VIEW_QUERY',
      'after is not <partition>:<offset> or <partition>:<offset>:<epoch>',
    ],
    ['/v1/views/orders/k?after=2:1', 400, 'ERR_VIEW_QUERY', 'after names no partition: partition=2 partitions=2'],
    ['/v1/views/orders/k?timeoutMs=x', 400, 'ERR_VIEW_QUERY', 'timeoutMs is not a whole number'],
    ['/v1/views/orders/k?timeoutMs=99999', 400, 'ERR_VIEW_QUERY', 'timeoutMs is not a whole number from 1 to 30000'],
    ['/v1/views/orders/ws', 426, 'ERR_HTTP_UPGRADE_REQUIRED', 'this path is a WebSocket'],
    [
      '/v1/views/orders/k?after=0:0:9',
      410,
      'ERR_VIEW_POSITION_LOST',
      'position lost: partition=0 offset=0 epoch=9 epochNow=1',
    ],
    [
      '/v1/views/orders/k?after=0:999999&timeoutMs=10',
      504,
      'ERR_VIEW_POSITION_TIMEOUT',
      'position not reached: partition=0 offset=999999 timeoutMs=10',
    ],
  ])('refuses %s', async (path, status, code, detail) => {
    const reply = await send(path);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.body).toEqual(problem(status, code, detail));
  });

  it('says where it looked for a missing row, and when to come back where that helps', async () => {
    expect((await send('/v1/views/open-orders/none')).body['positions']).toHaveLength(2);
    const late = await send('/v1/views/orders/k?after=0:999999&timeoutMs=10');
    expect([late.headers['retry-after'], late.body['retryable'], late.body['partition']]).toEqual(['1', true, 0]);
  });

  it.each([
    '/v1/views',
    '/v1/views/orders',
    '/v1/views/orders/ord-1',
    '/v1/views/orders/changes',
    '/v1/views/orders/ws',
  ])('allows no other method on %s', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const reply = await send(path, method);
      expect([reply.status, reply.body['code'], reply.headers['allow']]).toEqual([405, 'ERR_HTTP_METHOD', 'GET, HEAD']);
    }
  });
});

describe('GET /v1/views/{view}', () => {
  it('answers rows, positions and a cursor', async () => {
    const { status, body } = await send('/v1/views/open-orders?prefix=kiosk-7/&limit=2');
    expect(status).toBe(200);
    expect(body).toEqual({
      view: 'open-orders',
      rows: [
        { key: 'kiosk-7/ord-1', value: 'kiosk-7/ord-1' },
        { key: 'kiosk-7/ord-2', value: 'kiosk-7/ord-2' },
      ],
      cursor: encodeCursor({ view: 'open-orders', range: { from: 'kiosk-7/', to: 'kiosk-70' }, last: 'kiosk-7/ord-2' }),
      positions: [0, 1].map((partition) => ({ partition, offset: shop.lane(partition).durableOffset, epoch: 1 })),
    });
    const next = await send(`/v1/views/open-orders?cursor=${body['cursor']}`);
    expect([next.body['rows'], next.body['cursor']]).toEqual([[{ key: 'kiosk-7/ord-4', value: 4 }], null]);
  });

  it('takes from and to', async () => {
    const { body } = await send('/v1/views/open-orders?from=kiosk-7%2Ford-2&to=kiosk-8');
    expect((body['rows'] as { key: string }[]).map(({ key }) => key)).toEqual(['kiosk-7/ord-2', 'kiosk-7/ord-4']);
  });

  it('is empty where there is nothing', async () => {
    const { body } = await send('/v1/views/orders?prefix=none');
    expect([body['rows'], body['cursor']]).toEqual([[], null]);
  });

  const limit = 'limit is not a whole number from 1 to 1000';
  const noNumber = 'limit is not a whole number';
  const cursor = 'cursor is none that a page gave';
  const foreign = encodeCursor({ view: 'orders', range: { from: null, to: null }, last: 'k' });
  const bounded = encodeCursor({ view: 'open-orders', range: { from: 'a', to: null }, last: 'k' });
  it.each([
    ['unknown', '', 404, 'ERR_VIEW_UNKNOWN', 'no such view'],
    ['open-orders', 'limit=0', 400, 'ERR_VIEW_QUERY', limit],
    ['open-orders', 'limit=1001', 400, 'ERR_VIEW_QUERY', limit],
    ['open-orders', 'limit=-1', 400, 'ERR_VIEW_QUERY', noNumber],
    ['open-orders', 'limit=', 400, 'ERR_VIEW_QUERY', noNumber],
    ['open-orders', 'limit=1e1', 400, 'ERR_VIEW_QUERY', noNumber],
    ['open-orders', 'limit=0x10', 400, 'ERR_VIEW_QUERY', noNumber],
    ['open-orders', 'limit=ten', 400, 'ERR_VIEW_QUERY', noNumber],
    ['open-orders', 'cursor=x', 400, 'ERR_VIEW_QUERY', cursor],
    ['open-orders', 'cursor=', 400, 'ERR_VIEW_QUERY', cursor],
    ['open-orders', `cursor=${foreign}`, 400, 'ERR_VIEW_QUERY', 'cursor belongs to another view: view=orders'],
    ['open-orders', `cursor=${bounded}&from=b`, 400, 'ERR_VIEW_QUERY', 'cursor belongs to a query with other bounds'],
    ['open-orders', 'prefix=a&from=b', 400, 'ERR_VIEW_QUERY', 'prefix excludes from and to'],
    ['open-orders', 'prefix=a&to=b', 400, 'ERR_VIEW_QUERY', 'prefix excludes from and to'],
    ['open-orders', 'from=b&to=a', 400, 'ERR_VIEW_QUERY', 'from lies after to'],
    ['open-orders', `from=${'k'.repeat(1025)}`, 400, 'ERR_VIEW_QUERY', 'from too long: bytes=1025 max=1024'],
    ['open-orders', 'prefix=%c3%28', 400, 'ERR_VIEW_QUERY', 'parameter is not valid UTF-8: name=prefix'],
    ['open-orders', 'limt=5', 400, 'ERR_VIEW_QUERY', 'no such parameter: name=limt; did you mean limit'],
    [
      'open-orders',
      'after=0:999999&timeoutMs=10',
      504,
      'ERR_VIEW_POSITION_TIMEOUT',
      'position not reached: partition=0 offset=999999 timeoutMs=10',
    ],
    [
      'open-orders',
      'after=1:0:7',
      410,
      'ERR_VIEW_POSITION_LOST',
      'position lost: partition=1 offset=0 epoch=7 epochNow=1',
    ],
  ])('refuses %s?%s', async (view, query, status, code, detail) => {
    const { status: actual, body } = await send(`/v1/views/${view}?${query}`);
    expect({ actual, code: body['code'], detail: body['detail'] }).toEqual({ actual: status, code, detail });
  });
});
