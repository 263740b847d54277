import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Exchange, HttpServer } from '../../src/http/server.ts';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { openChangeStream } from '../../src/query/change-stream.ts';
import { HEARTBEAT_MS, MAX_WATCHES } from '../../src/query/query-limits.ts';
import { registerViewRoutes } from '../../src/query/view-routes.ts';
import { FakeShop, until } from './fake-shop.ts';

interface ServerEvent {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** Reads server-sent events as a browser would. */
class EventReader {
  readonly events: ServerEvent[] = [];
  comments = 0;
  retry = '';
  isEnded = false;
  lastEventId = '';
  status = 0;
  headers: Record<string, string | string[] | undefined> = {};
  text = '';
  response: IncomingMessage | undefined;
  readonly #request: ClientRequest;

  constructor(port: number, path: string, headers: Record<string, string> = {}) {
    this.#request = get({ port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
      this.response = response;
      this.status = response.statusCode as number;
      this.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#take(text));
      response.on('end', () => {
        this.isEnded = true;
      });
      response.on('error', () => {
        this.isEnded = true;
      });
    });
    this.#request.on('error', () => {
      this.isEnded = true;
    });
  }

  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  drop(): void {
    this.#request.destroy();
  }

  #take(text: string): void {
    this.text += text;
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      this.#takeBlock(this.text.slice(0, end).split('\n'));
      this.text = this.text.slice(end + 2);
    }
  }

  #takeBlock(lines: readonly string[]): void {
    const field = (name: string): string | undefined =>
      lines
        .find((line) => line.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    const id = field('id');
    const data = field('data');
    this.retry = field('retry') ?? this.retry;
    if (lines.some((line) => line.startsWith(':'))) this.comments += 1;
    this.lastEventId = id ?? this.lastEventId;
    if (data !== undefined) this.events.push({ event: field('event') as string, id, data: JSON.parse(data) });
  }
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function serve(partitions: number): Promise<{ shop: FakeShop; server: HttpServer; port: number }> {
  const shop = new FakeShop(partitions);
  const server = createUwsServer();
  registerViewRoutes(server, shop.router);
  const port = await server.listen('127.0.0.1', 0);
  cleanups.push(
    () => shop.close(),
    () => server.close(),
  );
  return { shop, server, port };
}

function read(port: number, path: string, headers: Record<string, string> = {}): EventReader {
  const reader = new EventReader(port, path, headers);
  cleanups.push(() => reader.drop());
  return reader;
}

describe('GET /v1/views/{view}/changes', () => {
  it('streams reset, rows, ready and changes', async () => {
    const { shop, port } = await serve(1);
    shop.commit('a', { text: 'line\nbreak' });
    const reader = read(port, '/v1/views/orders/changes');
    await until(() => reader.names.includes('ready'));
    expect(reader.status).toBe(200);
    expect(reader.headers['content-type']).toBe('text/event-stream');
    expect(reader.headers['cache-control']).toBe('no-store');
    expect(reader.retry).toBe('1000');
    shop.commit('a', undefined);
    await until(() => reader.names.includes('changes'));
    expect(reader.events).toEqual([
      { event: 'reset', id: '', data: { type: 'reset', reason: 'new' } },
      { event: 'rows', id: undefined, data: { type: 'rows', rows: [{ key: 'a', value: { text: 'line\nbreak' } }] } },
      {
        event: 'ready',
        id: '1.0.1',
        data: { type: 'ready', positions: [{ partition: 0, offset: 0, epoch: 1 }], id: '1.0.1' },
      },
      {
        event: 'changes',
        id: '1.1.1',
        data: { type: 'changes', partition: 0, changes: [{ offset: 1, n: 0, key: 'a', deleted: true }], id: '1.1.1' },
      },
    ]);
  });

  it('goes on from Last-Event-ID, which outranks ?resume=', async () => {
    const { shop, port } = await serve(2);
    const first = read(port, '/v1/views/orders/changes');
    await until(() => first.names.includes('ready'));
    for (let i = 0; i < 10; i++) shop.commit(`k${i}`, i);
    await until(() => first.events.flatMap(({ data }) => (data['changes'] as unknown[]) ?? []).length === 10);
    first.drop();
    await until(() => shop.router.watchCount === 0);
    shop.commit('k3', 'new');
    const second = read(port, '/v1/views/orders/changes?resume=0.0.1_0.0.1', { 'last-event-id': first.lastEventId });
    await until(() => second.names.includes('changes'));
    expect(second.names).toEqual(['ready', 'changes']);
    expect(second.events[1]?.data).toMatchObject({ changes: [{ key: 'k3', value: 'new' }] });
    const third = read(port, `/v1/views/orders/changes?resume=${first.lastEventId}`);
    await until(() => third.names.includes('changes'));
    expect(third.names).toEqual(['ready', 'changes']);
  });

  it('forgets a reader that has gone', async () => {
    const { shop, port } = await serve(1);
    const reader = read(port, '/v1/views/orders/changes');
    await until(() => shop.router.watchCount === 1);
    reader.drop();
    await until(() => shop.router.watchCount === 0);
  });

  it('holds little for a reader that does not read, and tells it all when it does', async () => {
    const { shop, port } = await serve(1);
    const reader = read(port, '/v1/views/orders/changes');
    await until(() => reader.names.includes('ready'));
    reader.response?.pause();
    const filler = 'x'.repeat(10_000);
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 5; j++) shop.lane(0).process([[`k${i}/${j}`, filler]]);
      shop.lane(0).flush();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    reader.response?.resume();
    const lastSet = (): boolean => {
      const { rows } = shop.lane(0).view(0);
      return rows.size === 1000 && keysOf(reader).size === 1000;
    };
    await until(lastSet);
    expect(reader.isEnded).toBe(false);
  });

  it('answers HEAD and ends', async () => {
    const { shop, port } = await serve(1);
    const response = await fetch(`http://127.0.0.1:${port}/v1/views/orders/changes`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(shop.router.watchCount).toBe(0);
  });

  it('ends with the engine, saying why', async () => {
    const { shop, port } = await serve(1);
    const reader = read(port, '/v1/views/orders/changes');
    await until(() => reader.names.includes('ready'));
    shop.router.close();
    await until(() => reader.isEnded);
    expect(reader.events.at(-1)).toMatchObject({
      event: 'end',
      data: { code: 'ERR_DRAINING', status: 503, retryable: true },
    });
  });

  it('refuses more watchers than it can serve, and says when to come back', async () => {
    const { shop, port } = await serve(1);
    const sink = { send: () => true, end: () => {} };
    for (let i = 0; i < MAX_WATCHES; i++) shop.router.subscribe('orders', {}, sink);
    const response = await fetch(`http://127.0.0.1:${port}/v1/views/orders/changes`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'ERR_OVERLOAD_BOX', retryable: true });
  });

  it.each([
    ['/v1/views/ordrs/changes', {}, 404, 'ERR_VIEW_UNKNOWN', 'no such view; did you mean orders'],
    ['/v1/views/orders/changes?resume=x', {}, 400, 'ERR_VIEW_QUERY', 'resume id is none that a message had'],
    [
      '/v1/views/orders/changes',
      { 'last-event-id': 'x' },
      400,
      'ERR_VIEW_QUERY',
      'resume id is none that a message had',
    ],
    ['/v1/views/orders/changes?prefix=a&to=b', {}, 400, 'ERR_VIEW_QUERY', 'prefix excludes from and to'],
    [
      '/v1/views/orders/changes?limit=1',
      {},
      400,
      'ERR_VIEW_QUERY',
      'no such parameter: name=limit; known: prefix, from, to, key, resume',
    ],
  ])('refuses %s %o', async (path, headers, status, code, detail) => {
    const { shop, port } = await serve(1);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const body = (await response.json()) as Record<string, unknown>;
    expect({ status: response.status, code: body['code'], detail: body['detail'] }).toEqual({ status, code, detail });
    expect(shop.router.watchCount).toBe(0);
  });
});

describe('openChangeStream', () => {
  function fakeExchange(): {
    exchange: Exchange;
    written: string[];
    abort: () => void;
    free: () => void;
    block: () => void;
  } {
    const written: string[] = [];
    const callbacks = { aborted: () => {}, writable: () => {} };
    let isTaken = true;
    const exchange = {
      method: 'get',
      startStream: () => {},
      write: (text: string) => {
        written.push(text);
        return isTaken;
      },
      onAborted: (callback: () => void) => {
        callbacks.aborted = callback;
      },
      onWritable: (callback: () => void) => {
        callbacks.writable = callback;
      },
      end: () => {},
    } as unknown as Exchange;
    const block = (): void => {
      isTaken = false;
    };
    const free = (): void => {
      isTaken = true;
      callbacks.writable();
    };
    return { exchange, written, abort: () => callbacks.aborted(), free, block };
  }

  it('keeps the line alive where nothing happens, but not that of a reader that is behind', async () => {
    const { shop } = await serve(1);
    vi.useFakeTimers();
    try {
      const { exchange, written, abort, block, free } = fakeExchange();
      openChangeStream(exchange, shop.router, 'orders', {});
      const before = written.length;
      vi.advanceTimersByTime(2 * HEARTBEAT_MS);
      expect(written.slice(before)).toEqual([':\n\n', ':\n\n']);
      block();
      vi.advanceTimersByTime(3 * HEARTBEAT_MS);
      expect(written.length).toBe(before + 3);
      free();
      vi.advanceTimersByTime(HEARTBEAT_MS);
      expect(written.length).toBe(before + 4);
      abort();
      vi.advanceTimersByTime(2 * HEARTBEAT_MS);
      expect(written.length).toBe(before + 4);
      expect(shop.router.watchCount).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

/** Keys that a reader's rows would have. */
function keysOf(reader: EventReader): Set<string> {
  const keys = new Set<string>();
  for (const { event, data } of reader.events) {
    if (event === 'reset') keys.clear();
    const items = (data['rows'] ?? data['changes'] ?? []) as { key: string }[];
    for (const { key } of items) keys.add(key);
  }
  return keys;
}
