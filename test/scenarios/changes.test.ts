import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import { EventStream } from './support/event-stream.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

/** Whoever watches a view has its rows, and keeps having them: over SSE and WebSocket, with breaks, over a restart. */
const data = freshPath();
let engine: EngineProcess;
let identities = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, partitions: 3, env: TWO_WORKERS });
});

afterAll(() => engine.kill());

async function send(event: object): Promise<void> {
  identities += 1;
  const { status } = await engine.post(ORDERS, event, { 'Idempotency-Key': `changes-${identities}` });
  expect(status).toBe(201);
}

interface Message {
  readonly type: string;
  readonly reason?: string;
  readonly rows?: readonly { key: string; value: Record<string, unknown> }[];
  readonly changes?: readonly { key: string; value?: Record<string, unknown>; deleted?: true }[];
  readonly id?: string | null;
}

/** A watcher of either transport, which keeps the rows as the messages say. */
interface Watcher {
  next(): Promise<Message>;
  close(): void;
}

async function watchEvents(path: string, headers: Record<string, string> = {}): Promise<Watcher> {
  const stream = await EventStream.open(engine.port, path, headers);
  expect([stream.response.statusCode, stream.response.headers['content-type']]).toEqual([200, 'text/event-stream']);
  return {
    next: async () => {
      const event = await stream.next();
      if (event === null) throw new Error('stream ended');
      expect(event.data['type'] ?? event.event).toBe(event.event);
      return event.data as unknown as Message;
    },
    close: () => stream.close(),
  };
}

async function watchSocket(path: string): Promise<Watcher> {
  const socket = await RawWebSocket.connect(engine.port, path.replace('/changes', '/ws'), 'moka.changes.v1');
  return {
    next: async () => (await socket.nextJson()) as unknown as Message,
    close: () => socket.close(),
  };
}

/** Reads until `isThere`; returns the reasons of resets met on the way. */
async function follow(watcher: Watcher, rows: Map<string, string>, isThere: () => boolean): Promise<Followed> {
  const followed: Followed = { resets: [], id: '' };
  while (!isThere()) {
    const message = await watcher.next();
    if (message.type === 'reset') {
      rows.clear();
      followed.resets.push(message.reason as string);
    }
    for (const { key, value } of message.rows ?? []) rows.set(key, String(value['status']));
    for (const { key, value } of message.changes ?? []) {
      if (value === undefined) rows.delete(key);
      else rows.set(key, String(value['status']));
    }
    if (typeof message.id === 'string') followed.id = message.id;
    if (message.type === 'ready') rows.set('ready', 'yes');
  }
  return followed;
}

interface Followed {
  resets: string[];
  id: string;
}

const rowsOf = (rows: Map<string, string>): [string, string][] =>
  [...rows].filter(([key]) => key !== 'ready').sort(([a], [b]) => (a < b ? -1 : 1));

describe.each([
  ['sse', (path: string) => watchEvents(path)],
  ['ws', (path: string) => watchSocket(path)],
])('changes over %s', (name, watch) => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => `${name}-${id}`) as [string, string, string, string];
  const path = `/v1/views/orders/changes?prefix=${name}-`;
  const rows = new Map<string, string>();
  let id = '';

  it('begin with all rows that are there, and go on with what becomes of them', async () => {
    await send(order(a));
    await send(order(b));
    const watcher = await watch(path);
    const snapshot = await follow(watcher, rows, () => rows.has('ready'));
    expect(snapshot.resets).toEqual(['new']);
    expect(rowsOf(rows)).toEqual([
      [a, 'placed'],
      [b, 'placed'],
    ]);
    await send(later(a, 'ready'));
    await send(later(b, 'cancelled'));
    await send(order(c));
    const deltas = await follow(watcher, rows, () => rows.get(a) === 'ready' && !rows.has(b) && rows.has(c));
    expect(deltas.resets).toEqual([]);
    id = deltas.id;
    expect(id).toMatch(/^\d+\.\d+\.1_\d+\.\d+\.1_\d+\.\d+\.1$/);
    watcher.close();
  });

  it('say nothing of rows outside the range', async () => {
    await send(order('other-1'));
    expect([...rows.keys()].filter((key) => key.startsWith('other'))).toEqual([]);
  });

  it('go on after a break where the watcher was, without a snapshot', async () => {
    await send(order(d));
    await send(later(a, 'collected'));
    const watcher = await watch(`${path}&resume=${id}`);
    const followed = await follow(watcher, rows, () => rows.has(d) && !rows.has(a));
    expect(followed.resets).toEqual([]);
    expect(rowsOf(rows)).toEqual([
      [c, 'placed'],
      [d, 'placed'],
    ]);
    watcher.close();
  });
});

describe('changes over sse', () => {
  it('resume by the Last-Event-ID that a browser sends', async () => {
    const rows = new Map<string, string>();
    const path = '/v1/views/orders/changes?prefix=browser-';
    const first = await watchEvents(path);
    const { id } = await follow(first, rows, () => rows.has('ready'));
    first.close();
    await send(order('browser-1'));
    const second = await watchEvents(path, { 'Last-Event-ID': id });
    const followed = await follow(second, rows, () => rows.has('browser-1'));
    expect(followed.resets).toEqual([]);
    second.close();
  });
});

describe('changes', () => {
  it('begin anew when the engine was started again meanwhile', async () => {
    const path = '/v1/views/orders/changes?prefix=restart-';
    const rows = new Map<string, string>();
    await send(order('restart-1'));
    const first = await watchEvents(path);
    const { id } = await follow(first, rows, () => rows.has('ready'));
    first.close();
    await engine.stop();
    engine = await EngineProcess.start({ data });
    const second = await watchEvents(`${path}&resume=${id}`);
    rows.delete('ready');
    const followed = await follow(second, rows, () => rows.has('ready'));
    expect(followed.resets.length).toBeLessThanOrEqual(1);
    expect(rowsOf(rows)).toEqual([['restart-1', 'placed']]);
    second.close();
  });

  it('end with a reason when the engine goes down', async () => {
    const stream = await EventStream.open(engine.port, '/v1/views/orders/changes');
    const socket = await RawWebSocket.connect(engine.port, '/v1/views/orders/ws');
    while ((await stream.next())?.event !== 'ready');
    while ((await socket.nextJson())['type'] !== 'ready');
    const exit = engine.stop();
    expect(await stream.next()).toMatchObject({ event: 'end', data: { code: 'ERR_DRAINING' } });
    expect(await stream.next()).toBeNull();
    expect(await socket.nextJson()).toMatchObject({ type: 'end', code: 'ERR_DRAINING' });
    expect(await socket.closed()).toBe(1001);
    expect((await exit).code).toBe(0);
  });
});
