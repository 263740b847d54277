import { afterEach, describe, expect, it } from 'vitest';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { registerViewRoutes } from '../../src/query/view-routes.ts';
import { FakeShop, until } from './fake-shop.ts';
import { upgrade, WebSocketClient } from './web-socket-client.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function serve(partitions: number): Promise<{ shop: FakeShop; port: number }> {
  const shop = new FakeShop(partitions);
  const server = createUwsServer();
  registerViewRoutes(server, shop.router);
  const port = await server.listen('127.0.0.1', 0);
  cleanups.push(
    () => shop.close(),
    () => server.close(),
  );
  return { shop, port };
}

async function open(port: number, path: string, headers: readonly string[] = []): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(port, path, headers);
  cleanups.push(() => client.drop());
  return client;
}

interface Message {
  type: string;
  id?: string | null;
  rows?: { key: string }[];
  changes?: { key: string; value: unknown }[];
}

function messagesOf(client: WebSocketClient): Message[] {
  return client.messages.map((text) => JSON.parse(text) as Message);
}

function typesOf(client: WebSocketClient): string[] {
  return messagesOf(client).map(({ type }) => type);
}

describe('WebSocket /v1/views/{view}/ws', () => {
  it('sends the messages of the feed', async () => {
    const { shop, port } = await serve(1);
    shop.commit('a', 1);
    const client = await open(port, '/v1/views/orders/ws');
    await until(() => typesOf(client).includes('ready'));
    shop.commit('b', { n: 2 });
    await until(() => typesOf(client).includes('changes'));
    expect(messagesOf(client)).toEqual([
      { type: 'reset', reason: 'new' },
      { type: 'rows', rows: [{ key: 'a', value: 1 }] },
      { type: 'ready', positions: [{ partition: 0, offset: 0, epoch: 1 }], id: '1.0.1' },
      { type: 'changes', partition: 0, changes: [{ offset: 1, n: 0, key: 'b', value: { n: 2 } }], id: '1.1.1' },
    ]);
  });

  it('takes bounds and resumes', async () => {
    const { shop, port } = await serve(2);
    const first = await open(port, '/v1/views/orders/ws?prefix=x%2F');
    await until(() => typesOf(first).includes('ready'));
    const id = messagesOf(first).at(-1)?.id as string;
    first.drop();
    shop.commit('x/1', 1);
    shop.commit('y/1', 1);
    const second = await open(port, `/v1/views/orders/ws?prefix=x%2F&resume=${id}`);
    await until(() => typesOf(second).includes('changes'));
    expect(typesOf(second)).toEqual(['ready', 'changes']);
    expect(messagesOf(second)[1]?.changes?.map(({ key }) => key)).toEqual(['x/1']);
  });

  it('chooses its subprotocol if it is offered, and none else', async () => {
    const { port } = await serve(1);
    const named = await open(port, '/v1/views/orders/ws', ['Sec-WebSocket-Protocol: chat, moka.changes.v1']);
    const other = await open(port, '/v1/views/orders/ws', ['Sec-WebSocket-Protocol: chat']);
    expect([named.protocol, other.protocol]).toEqual(['moka.changes.v1', '']);
  });

  it('closes with 1003 on any message', async () => {
    const { shop, port } = await serve(1);
    const client = await open(port, '/v1/views/orders/ws');
    await until(() => typesOf(client).includes('ready'));
    client.sendText('hello');
    await until(() => client.closeCode !== 0);
    expect([client.closeCode, client.closeReason]).toEqual([1003, 'this socket takes no messages']);
    await until(() => shop.router.watchCount === 0);
  });

  it('closes with 1001 when the engine does, saying why first', async () => {
    const { shop, port } = await serve(1);
    const client = await open(port, '/v1/views/orders/ws');
    await until(() => typesOf(client).includes('ready'));
    shop.router.close();
    await until(() => client.closeCode !== 0);
    expect(client.closeCode).toBe(1001);
    expect(messagesOf(client).at(-1)).toMatchObject({ type: 'end', code: 'ERR_DRAINING', retryable: true });
  });

  it('holds little for a reader that does not read, and tells it all when it does', async () => {
    const { shop, port } = await serve(1);
    const client = await open(port, '/v1/views/orders/ws');
    await until(() => typesOf(client).includes('ready'));
    client.pause();
    const filler = 'x'.repeat(10_000);
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 5; j++) shop.lane(0).process([[`k${i}/${j}`, filler]]);
      shop.lane(0).flush();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    client.resume();
    await until(() => keysOf(client).size === 1000);
    expect(client.closeCode).toBe(0);
  });

  it('forgets a client that has gone', async () => {
    const { shop, port } = await serve(1);
    const client = await open(port, '/v1/views/orders/ws');
    await until(() => shop.router.watchCount === 1);
    client.drop();
    await until(() => shop.router.watchCount === 0);
  });

  it.each([
    ['/v1/views/ordrs/ws', [], 404, 'ERR_VIEW_UNKNOWN'],
    ['/v1/views/orders/ws?resume=x', [], 400, 'ERR_VIEW_QUERY'],
    ['/v1/views/orders/ws?prefix=a&from=b', [], 400, 'ERR_VIEW_QUERY'],
    ['/v1/views/orders/ws', ['Origin: https://elsewhere.example'], 403, 'ERR_HTTP_FORBIDDEN_ORIGIN'],
  ])('refuses the upgrade of %s %o', async (path, headers, status, code) => {
    const { shop, port } = await serve(1);
    const { socket, head, rest } = await upgrade(port, path, headers);
    cleanups.push(() => socket.destroy());
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(rest.toString('utf8'))).toMatchObject({ status, code });
    expect(shop.router.watchCount).toBe(0);
  });
});

function keysOf(client: WebSocketClient): Set<string> {
  const keys = new Set<string>();
  for (const { type, rows, changes } of messagesOf(client)) {
    if (type === 'reset') keys.clear();
    for (const { key } of rows ?? changes ?? []) keys.add(key);
  }
  return keys;
}
