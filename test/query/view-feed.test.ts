import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FeedMessage } from '../../src/query/feed-message.ts';
import { LaneQuestions } from '../../src/query/lane-questions.ts';
import type { Question } from '../../src/query/protocol.ts';
import { MAX_HISTORY_CHANGES, MAX_STALL_MS, MAX_WATCHES } from '../../src/query/query-limits.ts';
import type { ChangePosition } from '../../src/query/resume-token.ts';
import { type FeedSink, ViewFeed } from '../../src/query/view-feed.ts';
import { FakeShop, until } from './fake-shop.ts';

interface Message {
  type: string;
  reason?: string;
  rows?: { key: string; value: unknown }[];
  changes?: { key: string; value?: unknown; deleted?: true; offset: number; n: number }[];
  partition?: number;
  positions?: unknown[];
  id?: string | null;
}

/** Keeps what it is told, and the map a client would have. */
class Client implements FeedSink {
  readonly messages: Message[] = [];
  readonly ids: (string | null)[] = [];
  readonly rows = new Map<string, unknown>();
  ended = '';
  isFull = false;

  send({ json, id, type }: FeedMessage): boolean {
    const message = JSON.parse(json) as Message;
    expect(message.type).toBe(type);
    this.messages.push(message);
    this.ids.push(id);
    if (type === 'reset') this.rows.clear();
    for (const { key, value } of message.rows ?? []) this.rows.set(key, value);
    for (const { key, value, deleted } of message.changes ?? []) {
      if (deleted) this.rows.delete(key);
      else this.rows.set(key, value);
    }
    return !this.isFull;
  }

  end(code: string): void {
    this.ended = code;
  }

  get types(): string[] {
    return this.messages.map(({ type }) => type);
  }

  get isReady(): boolean {
    return this.types.lastIndexOf('ready') > this.types.lastIndexOf('reset');
  }

  get lastId(): string {
    return this.ids.filter((id) => id !== null).at(-1) as string;
  }
}

const shops: FakeShop[] = [];
afterEach(() => {
  for (const shop of shops.splice(0)) shop.close();
});

function open(partitions: number): FakeShop {
  const shop = new FakeShop(partitions);
  shops.push(shop);
  return shop;
}

function watch(shop: FakeShop, options = {}): { client: Client; feed: ViewFeed } {
  const client = new Client();
  return { client, feed: shop.router.subscribe('orders', options, client) };
}

describe('ViewFeed', () => {
  it('tells reset, rows and ready, then changes with an id', async () => {
    const shop = open(2);
    for (const key of ['a', 'b', 'c', 'd']) shop.commit(key, key);
    const { client } = watch(shop);
    await until(() => client.isReady);
    expect(client.messages[0]).toEqual({ type: 'reset', reason: 'new' });
    expect([...client.rows].sort()).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
      ['d', 'd'],
    ]);
    const offsets = shop.lanes.map((lane) => lane.processedOffset);
    expect(client.messages.at(-1)).toEqual({
      type: 'ready',
      positions: offsets.map((offset, partition) => ({ partition, offset, epoch: 1 })),
      id: offsets.map((offset) => `${offset + 1}.0.1`).join('_'),
    });
    expect(client.ids).toEqual(['', ...client.types.slice(1, -1).map(() => null), client.lastId]);

    const lane = shop.commit('a', undefined);
    await until(() => client.types.at(-1) === 'changes');
    const id = shop.lanes.map((each, i) =>
      each === lane ? `${each.processedOffset}.1.1` : `${(offsets[i] as number) + 1}.0.1`,
    );
    expect(client.messages.at(-1)).toEqual({
      type: 'changes',
      partition: lane.partition,
      changes: [{ offset: lane.processedOffset, n: 0, key: 'a', deleted: true }],
      id: id.join('_'),
    });
    expect(client.lastId).toBe(id.join('_'));
  });

  it('resumes with what came meanwhile, and nothing else', async () => {
    const shop = open(3);
    const first = watch(shop);
    for (let i = 0; i < 20; i++) shop.commit(`k${i}`, i);
    await until(() => first.client.isReady && first.client.rows.size === 20);
    first.feed.close();
    for (let i = 10; i < 30; i++) shop.commit(`k${i}`, i * 100);
    const { client } = watch(shop, { resume: first.client.lastId });
    for (const [key, value] of first.client.rows) client.rows.set(key, value);
    await until(() => client.isReady && client.rows.size === 30);
    expect(client.types).not.toContain('reset');
    expect(client.types).not.toContain('rows');
    expect(client.messages.flatMap(({ changes }) => changes ?? []).length).toBe(20);
    for (let i = 0; i < 30; i++) expect(client.rows.get(`k${i}`)).toBe(i < 10 ? i : i * 100);
  });

  it.each([
    ['of another number of partitions', '0.0.1', 'partitions'],
    ['of an epoch that has not been', '0.0.9_0.0.9', 'epoch'],
    ['that nothing is kept for', '0.0.1_0.0.1', 'history'],
  ])('begins anew with an id %s', async (_, resume, reason) => {
    const shop = open(2);
    for (const lane of shop.lanes) lane.commit([[`k${lane.partition}`, 1]]);
    const { client } = watch(shop, { resume });
    await until(() => client.isReady);
    expect(client.messages[0]).toEqual({ type: 'reset', reason });
    expect(client.rows.size).toBe(2);
  });

  /** A feed whose lanes are the test. */
  function fed(partitions: number): { client: Client; feed: ViewFeed; told: Question[] } {
    const told: Question[] = [];
    const ports = Array.from({ length: partitions }, () => ({ post: () => {}, onMessage: () => {} }));
    const questions = new LaneQuestions({ ports, onWatchAnswer: () => {} });
    questions.tell = (_, message) => told.push(message);
    const client = new Client();
    const range = { from: null, to: null };
    let id = 0;
    const renewId = (): number => ++id;
    const feed = new ViewFeed({ questions, viewId: 0, range, sink: client, renewId, onClosed: () => {} });
    feed.start(null);
    return { client, feed, told };
  }

  const at = (offset: number): ChangePosition => ({ offset, n: 0, epoch: 1 });
  const noChanges = { kind: 'changes', id: 1, keys: [], values: [], offsets: [], ns: [] } as const;

  it('is ready when every partition is, whatever has changed before', () => {
    const { client, feed } = fed(2);
    feed.receive(0, { ...noChanges, position: at(3) });
    feed.receive(1, { kind: 'ready', id: 1, position: at(7) });
    feed.receive(1, { ...noChanges, position: at(8) });
    expect(client.types).toEqual(['reset', 'changes', 'changes']);
    expect(client.ids).toEqual(['', null, null]);
    feed.receive(0, { kind: 'ready', id: 1, position: at(5) });
    expect(client.messages.at(-1)).toMatchObject({ type: 'ready', id: '5.0.1_8.0.1' });
  });

  it('passes over what comes behind the loss of a partition, and begins anew in all', async () => {
    const { client, feed, told } = fed(2);
    feed.receive(0, { kind: 'lost', id: 1, reason: 'epoch' });
    feed.receive(0, { kind: 'lost', id: 1, reason: 'history' });
    feed.receive(1, { kind: 'rows', id: 1, keys: ['late'], values: ['1'] });
    await until(() => client.types.length === 2);
    expect(client.messages).toEqual([
      { type: 'reset', reason: 'new' },
      { type: 'reset', reason: 'epoch' },
    ]);
    expect(told.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      ...['watch 1', 'watch 1', 'cancel 1', 'cancel 1', 'watch 2', 'watch 2'],
    ]);
    feed.close();
  });

  it('gives credit for what was taken, later for changes than for rows', async () => {
    const { feed, told } = fed(1);
    told.length = 0;
    feed.receive(0, { kind: 'rows', id: 1, keys: ['a'], values: ['1'] });
    expect(told).toEqual([{ kind: 'credit', id: 1, batches: 1 }]);
    feed.receive(0, { ...noChanges, position: at(3) });
    feed.receive(0, { ...noChanges, position: at(4) });
    expect(told.length).toBe(1);
    await until(() => told.length > 1);
    expect(told[1]).toEqual({ kind: 'credit', id: 1, batches: 2 });
    feed.close();
  });

  it('sends a reader away that takes nothing for long', () => {
    vi.useFakeTimers();
    try {
      const { client, feed } = fed(1);
      client.isFull = true;
      feed.receive(0, { kind: 'rows', id: 1, keys: ['a'], values: ['1'] });
      vi.advanceTimersByTime(MAX_STALL_MS - 1);
      expect(client.ended).toBe('');
      feed.resume();
      feed.receive(0, { kind: 'rows', id: 1, keys: ['b'], values: ['1'] });
      vi.advanceTimersByTime(MAX_STALL_MS - 1);
      expect(client.ended).toBe('');
      vi.advanceTimersByTime(1);
      expect(client.ended).toBe('ERR_OVERLOAD_QUOTA');
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes part of the view', async () => {
    const shop = open(2);
    for (const key of ['x/1', 'x/2', 'y/1']) shop.commit(key, 1);
    const { client } = watch(shop, { prefix: 'x/' });
    await until(() => client.isReady);
    shop.commit('y/2', 1);
    shop.commit('x/3', 1);
    await until(() => client.rows.size === 3);
    expect([...client.rows.keys()].sort()).toEqual(['x/1', 'x/2', 'x/3']);
  });

  it('holds back while its reader is full, and begins anew when too much was missed', async () => {
    const shop = open(1);
    const { client, feed } = watch(shop);
    await until(() => client.isReady);
    client.isFull = true;
    for (let i = 0; i < 100; i++) shop.commit('k', i);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const count = client.messages.length;
    expect(count).toBeLessThan(10);
    const lane = shop.lane(0);
    for (let i = 0; i <= MAX_HISTORY_CHANGES; i++) lane.process([['k', i]]);
    lane.flush();
    shop.run(lane);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(client.messages.length).toBe(count);
    client.isFull = false;
    feed.resume();
    await until(() => client.messages.length > count && client.isReady);
    expect(client.messages.slice(count).map(({ type, reason }) => reason ?? type)).toEqual(['slow', 'rows', 'ready']);
    expect(client.rows.get('k')).toBe(MAX_HISTORY_CHANGES);
  });

  it('goes on where it was when its reader has caught up in time', async () => {
    const shop = open(1);
    const { client, feed } = watch(shop);
    await until(() => client.isReady);
    client.isFull = true;
    for (let i = 0; i < 1000; i++) shop.commit(`k${i % 10}`, i);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.isFull = false;
    feed.resume();
    await until(() => client.rows.get('k9') === 999);
    expect(client.types.filter((type) => type === 'reset').length).toBe(1);
    expect(client.messages.flatMap(({ changes }) => changes ?? []).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  it('shows nothing that is not durable', async () => {
    const shop = open(1);
    const { client } = watch(shop);
    await until(() => client.isReady);
    shop.lane(0).process([['k', 1]]);
    shop.run(shop.lane(0));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.rows.size).toBe(0);
    shop.lane(0).flush();
    await until(() => client.rows.size === 1);
  });

  it('is silent when closed, and its lanes forget it', async () => {
    const shop = open(2);
    const { client, feed } = watch(shop);
    await until(() => client.isReady);
    expect(shop.router.watchCount).toBe(1);
    feed.close();
    feed.close();
    expect(shop.router.watchCount).toBe(0);
    const count = client.messages.length;
    for (let i = 0; i < 10; i++) shop.commit(`k${i}`, i);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.messages.length).toBe(count);
    expect(client.ended).toBe('');
  });

  it('ends with the engine', async () => {
    const shop = open(1);
    const { client } = watch(shop);
    await until(() => client.isReady);
    shop.router.close();
    expect(client.ended).toBe('ERR_DRAINING');
    expect(() => watch(shop)).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOSED' }));
  });

  it('is refused beyond the bound', () => {
    const shop = open(1);
    for (let i = 0; i < MAX_WATCHES; i++) watch(shop);
    expect(() => watch(shop)).toThrow(
      expect.objectContaining({
        code: 'ERR_OVERLOAD_BOX',
        message: `too many subscriptions: subscriptions=${MAX_WATCHES}`,
      }),
    );
  });

  it.each([
    ['an id no message had', { resume: 'x' }, 'resume id is none that a message had'],
    ['prefix and from', { prefix: 'a', from: 'b' }, 'prefix excludes from and to'],
  ])('is refused with %s', (_, options, message) => {
    expect(() => watch(open(1), options)).toThrow(expect.objectContaining({ code: 'ERR_VIEW_QUERY', message }));
  });
});
