import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { head, type RawAnswer, RawHttpClient, request } from '../http/raw-http-client.ts';
import { EngineProcess, type Exit, TWO_WORKERS } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL } from './support/intake-socket.ts';
import { compare, frameClient, httpClient, Journal, type LoadTarget, NOTHING_WRONG } from './support/load.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import { allKeys, ORDERS, order, orderIds } from './support/shop.ts';

/** However the engine ends, every answer it gave holds. */
const ENDLESS = 1_000_000;

interface UnderLoad {
  engine: EngineProcess;
  data: string;
  journal: Journal;
  clients: Promise<unknown>;
}

async function underLoad(): Promise<UnderLoad> {
  const data = freshPath();
  const engine = await EngineProcess.start({ data, partitions: 2, env: TWO_WORKERS });
  const target: LoadTarget = {
    port: engine.port,
    path: ORDERS,
    event: (id) => JSON.stringify(order(id)),
    framesUnderway: 2,
  };
  const journal = new Journal();
  const clients = Promise.all([
    ...Array.from({ length: 8 }, (_, n) => httpClient(target, `http-${n}`, ENDLESS, journal)),
    ...Array.from({ length: 2 }, (_, n) => frameClient(target, `ws-${n}`, ENDLESS, journal)),
  ]);
  return { engine, data, journal, clients };
}

/** What was acknowledged is in the log, and in the view after a new start; returns how much of it had to be replayed. */
async function expectKept({ data, journal }: UnderLoad): Promise<number> {
  expect(journal.complaints).toEqual([]);
  const ids = orderIds(data);
  expect(compare(journal, ids)).toEqual(NOTHING_WRONG);
  const engine = await EngineProcess.start({ data });
  expect((await allKeys(engine, 'orders')).sort()).toEqual(ids.sort());
  const replayed = await engine.metric('moka_events_recovered_total');
  await engine.kill();
  return replayed;
}

describe('SIGTERM under load', () => {
  it('answers what was taken, saves a checkpoint and ends with 0', async () => {
    const load = await underLoad();
    const { engine, journal, clients } = load;
    await journal.reaches(300);
    engine.signal('SIGTERM');
    const exit = await engine.exited;
    await clients;
    expect(exit).toEqual({ code: 0, signal: null, stderr: '' });
    expect(await expectKept(load)).toBe(0);
  });

  it('and SIGINT behind it end the process at once, and lose nothing either', async () => {
    const load = await underLoad();
    const { engine, journal, clients } = load;
    await journal.reaches(300);
    engine.signal('SIGTERM');
    engine.signal('SIGINT');
    const exit = await engine.exited;
    await clients;
    expect([exit.code, exit.signal]).toEqual([null, 'SIGKILL']);
    expect(await expectKept(load)).toBeGreaterThan(0);
  });
});

describe('an engine that drains', () => {
  const topology = topologyFile('slow');
  const task = (id: string, burnMs: number): object => ({ id, burnMs });

  /** An engine with a second of work before it. */
  async function busy(): Promise<EngineProcess> {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 1 });
    const lines = Array.from({ length: 100 }, (_, n) => task(`busy-${n}`, 10));
    const { status } = await engine.batch('/v1/streams/tasks', lines, { Prefer: 'respond-async' });
    expect(status).toBe(200);
    return engine;
  }

  it('says so, takes nothing new, and answers what it has', async () => {
    const engine = await busy();
    const idle = await connectIntake(engine.port, '/v1/streams/tasks/ws', JSON_PROTOCOL);
    const pending = engine.post('/v1/streams/tasks', task('pending', 1));
    while ((await engine.metric('moka_events_received_total')) < 101);
    const open = await openConnection(engine.port);
    engine.signal('SIGTERM');
    expect(await idle.socket.nextJson()).toMatchObject({ type: 'error', code: 'ERR_DRAINING' });
    expect(await idle.socket.closed()).toBe(1001);

    const refused = await open(task('late', 1));
    expect([refused.status, refused.json['code'], refused.json['retryable']]).toEqual([503, 'ERR_DRAINING', true]);
    expect([refused.headers.get('connection'), Number(refused.headers.get('retry-after'))]).toEqual([
      'close',
      expect.any(Number),
    ]);
    await expect(engine.get('/livez')).rejects.toThrow('ECONNREFUSED');
    const ready = await request(engine.adminPort, 'GET', '/readyz');
    expect([ready.status, ready.body]).toEqual([503, 'draining\n']);

    const answer = await pending;
    expect([answer.status, answer.headers.get('connection')]).toEqual([201, 'close']);
    expect((await engine.exited).code).toBe(0);
  });

  it('that was told to before it was ready ends in good order as well', async () => {
    const data = freshPath();
    await (await EngineProcess.start({ data })).kill();
    const engine = new EngineProcess({ data });
    const lock = join(data, 'LOCK.sock');
    const before = statSync(lock).mtimeMs;
    // A new lock: the process has begun, and listens to signals.
    while ((statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? before) === before) await sleep(1);
    engine.signal('SIGTERM');
    expect(await engine.exited).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it('ends at once on a second signal, however much there is to do', async () => {
    const engine = await busy();
    engine.signal('SIGTERM');
    while ((await request(engine.adminPort, 'GET', '/readyz')).status !== 503);
    engine.signal('SIGTERM');
    const exit: Exit = await engine.exited;
    expect([exit.code, exit.signal]).toEqual([null, 'SIGKILL']);
  });

  it('can be asked to over the admin listener, and only there', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), partitions: 1 });
    expect((await engine.post('/admin/drain', '')).status).toBe(404);
    const { status } = await request(engine.adminPort, 'POST', '/admin/drain');
    expect(status).toBe(202);
    expect((await engine.exited).code).toBe(0);
  });
});

/** A connection that is open before the engine drains. */
async function openConnection(port: number): Promise<(event: object) => Promise<RawAnswer>> {
  const client = await RawHttpClient.open(port);
  return (event) => {
    const body = JSON.stringify(event);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
    client.send(head('POST', '/v1/streams/tasks', headers) + body);
    return client.answer();
  };
}
