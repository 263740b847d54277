import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { registerQueries } from '../../src/query/routes.ts';
import { recordFields } from '../../src/query/stream-routes.ts';
import { RecordDecoder } from '../../src/record/record-decoder.ts';
import { encodeRecord } from '../../src/record/record-encoder.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { StreamSpec } from '../../src/topology/compiled.ts';
import { FakeShop } from './fake-shop.ts';

const Item = Type.Object({ sku: Type.String(), 'a/b~c': Type.Object({ deep: Type.Integer() }) });
const Placed = Type.Object({
  orderId: Type.String(),
  items: Type.Array(Item),
  placedAt: Type.Integer(),
});
const Changed = Type.Object({ orderId: Type.String(), type: Type.Literal('changed'), placedAt: Type.Integer() });

const topology = defineTopology('shop', (t) => {
  t.stream('orders', {
    schema: Type.Union([Placed, Changed]),
    key: 'orderId',
    id: [{ field: 'orderId', when: (order) => !('type' in order) }],
    eventTime: 'placedAt',
    description: 'Orders',
  });
  t.stream('pings', { schema: Type.Object({ box: Type.String() }), key: 'box', guarantee: 'at-most-once' });
});
const [orders] = topology.streams as [StreamSpec];

async function fetchJson(path: string): Promise<{ status: number; type: string | null; body: unknown }> {
  const shop = new FakeShop(1);
  const server = createUwsServer();
  registerQueries(server, shop.router, topology);
  const port = await server.listen('127.0.0.1', 0);
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
  } finally {
    server.close();
    shop.close();
  }
}

describe('GET /v1/streams', () => {
  it('says how to send to each stream', async () => {
    const { status, body } = await fetchJson('/v1/streams');
    expect(status).toBe(200);
    expect(body).toEqual({
      streams: [
        {
          name: 'orders',
          description: 'Orders',
          key: 'orderId',
          guarantee: 'exactly-once',
          durability: 'fsync',
          identities: [{ field: 'orderId', appliesTo: 'some' }],
          eventTime: 'placedAt',
          maxFutureSkewMs: 86_400_000,
          schema: JSON.parse(JSON.stringify(orders.schema)),
          recordFields: {
            '': ['orderId', 'items', 'placedAt', 'type'],
            '/items/*': ['sku', 'a/b~c'],
            '/items/*/a~1b~0c': ['deep'],
          },
          links: { event: '/v1/streams/orders', batch: '/v1/streams/orders/batch', ws: '/v1/streams/orders/ws' },
        },
        expect.objectContaining({ name: 'pings', guarantee: 'at-most-once', identities: [], eventTime: null }),
      ],
    });
  });
});

describe('GET /openapi.json', () => {
  it('is there', async () => {
    const { status, type, body } = await fetchJson('/openapi.json');
    expect([status, type]).toEqual([200, 'application/json']);
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'shop' } });
  });
});

describe('recordFields', () => {
  it('is the order in which records are read', () => {
    const order = { orderId: 'o', items: [{ sku: 's', 'a/b~c': { deep: 1 } }], placedAt: 5 };
    const bytes = Buffer.from(encodeRecord(orders.schema)(order));
    const decoded = new RecordDecoder(orders.schema).decode(bytes, 0, bytes.length) as object;
    const names = recordFields(orders);
    expect(Object.keys(decoded)).toEqual((names[''] as string[]).filter((name) => name !== 'type'));
    // fixarray of 4, then the first field's text
    expect([bytes[0], bytes.toString('latin1', 1, 3)]).toEqual([0x94, '\xa1o']);
  });

  it('is empty for a stream that takes no records', () => {
    expect(recordFields({ ...orders, schema: Type.Unknown() })).toEqual({});
  });
});
