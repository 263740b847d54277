import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { moka } from '../main/moka-process.ts';
import { EngineProcess } from './support/engine-process.ts';
import { type Asked, Outside } from './support/outside.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import { settled } from './support/settled.ts';

const topology = topologyFile('enriching');
const ORDERS = '/v1/streams/orders';
const CHECKS = '/v1/streams/checks';
const CUSTOMERS = 7;

let outside: Outside;
let data: string;

beforeEach(async () => {
  outside = await Outside.open();
  data = freshPath();
});

function start(env: Record<string, string> = {}): Promise<EngineProcess> {
  const settings = { MOKA_CHECKPOINT_MAX_TAIL_MS: '50', OUTSIDE_URL: outside.url, ...env };
  return EngineProcess.start({ data, topology, partitions: 2, env: settings });
}

function order(n: number): { order: string; customer: string; n: number } {
  return { order: `o-${n}`, customer: `c-${n % CUSTOMERS}`, n };
}

function priceOf({ order: name }: Asked): readonly [number, unknown] {
  return [200, { cents: 100 + Number(name.slice(2)) }];
}

/** Each order once, in the order of its customer. */
function bills(count: number): Record<string, string> {
  const wanted: Record<string, string> = {};
  for (let n = 0; n < count; n++) {
    const { customer } = order(n);
    wanted[customer] = `${wanted[customer] ?? ''} ${n}:${100 + n}`;
  }
  return wanted;
}

async function shown(engine: EngineProcess, view: string): Promise<Record<string, unknown>> {
  const { json } = await engine.get(`/v1/views/${view}?limit=1000`);
  return Object.fromEntries((json['rows'] as { key: string; value: unknown }[]).map(({ key, value }) => [key, value]));
}

function expectReplayed(): void {
  const { code, stdout } = moka(['replay', '--json', '--data', data, '--topology', topology]);
  const reports = stdout.trim().split('\n');
  expect([code, reports.map((line) => JSON.parse(line).differences)]).toEqual([0, [[], []]]);
}

async function send(engine: EngineProcess, from: number, to: number): Promise<void> {
  const orders = Array.from({ length: to - from }, (_, n) => order(from + n));
  expect((await engine.batch(ORDERS, orders)).status).toBe(200);
}

describe('enrich', () => {
  it('has each event go on once, in the order of its key, through kills while questions are pending', async () => {
    // One of three is held back until the engine has died, the others are late by chance.
    let holdsBack = true;
    outside.react = async (asked) => {
      await sleep(Math.random() * 30);
      return holdsBack && Number(asked.order.slice(2)) % 3 === 0 ? 'never' : priceOf(asked);
    };
    const first = await start();
    await send(first, 0, 60);
    await sleep(400);
    const inTime = await shown(first, 'bills');
    expect(Object.keys(inTime).length).toBeGreaterThan(0);
    await first.kill();

    const second = await start();
    await send(second, 60, 100);
    await sleep(300);
    await second.kill();
    holdsBack = false;
    const third = await start();
    await settled(() => shown(third, 'bills'), bills(100));
    expect(await shown(third, 'taken')).toMatchObject({ 'c-0': 15, 'c-6': 14 });
    const asked = outside.asked.length;
    expect(asked).toBeGreaterThan(100);
    // The same question has the same id, whoever asks.
    const ids = new Map(outside.asked.map(({ order: name, id }) => [name, id]));
    expect(outside.asked.filter(({ order: name, id }) => ids.get(name) !== id)).toEqual([]);
    expect(new Set(ids.values()).size).toBe(100);

    await third.kill();
    const fourth = await start();
    await settled(() => shown(fourth, 'bills'), bills(100));
    expect((await fourth.stop()).code).toBe(0);
    expectReplayed();
    // What has been answered durably is asked no more.
    expect(outside.asked.length).toBe(asked);
  });

  it('ends at once with questions pending, and asks them after the next start', async () => {
    outside.react = () => 'never';
    const first = await start();
    await send(first, 0, 10);
    await settled(() => outside.asked.length, CUSTOMERS);
    const before = performance.now();
    expect(await first.stop()).toEqual({ code: 0, signal: null, stderr: '' });
    expect(performance.now() - before).toBeLessThan(10_000);
    expectReplayed();
    outside.react = priceOf;
    const second = await start();
    await settled(() => shown(second, 'bills'), bills(10));
    expect((await second.stop()).code).toBe(0);
    expectReplayed();
  });

  it('goes on when an answer comes to a quiet engine, without a checkpoint or another event', async () => {
    outside.react = async (asked) => {
      await sleep(700);
      return priceOf(asked);
    };
    const engine = await start();
    await send(engine, 0, 1);
    expect(await shown(engine, 'bills')).toEqual({});
    await settled(() => shown(engine, 'bills'), bills(1));
    expect(outside.asked).toHaveLength(1);
    expect((await engine.stop()).code).toBe(0);
  });

  it('asks again what fails, and gives what has no answer to onFailure, or keeps it as a dead letter', async () => {
    outside.react = ({ order: name, attempt }) => {
      if (name === 'o-1') return [attempt < 3 ? 503 : 200, 'at last'];
      if (name === 'o-2') return 'never';
      return name === 'o-4' ? [500, null] : [200, 'yes'];
    };
    const engine = await start();
    const bodies = [1, 2, 3, 4].map((n) => JSON.stringify({ order: `o-${n}`, customer: `c-${n}`, n }, null, 1));
    for (const body of bodies) expect((await engine.post(CHECKS, body)).json['processed']).toBe(true);
    const strict = { 'c-1': { n: 1, answer: 'at last' }, 'c-3': { n: 3, answer: 'yes' } };
    const lenient = {
      'c-2': { attempts: 3, isTimeout: true, errors: ['no answer within ms=150'] },
      'c-4': { attempts: 3, isTimeout: false, errors: ['status=500'] },
    };
    await settled(() => shown(engine, 'strict'), strict);
    await settled(() => shown(engine, 'lenient'), lenient);
    interface Letter {
      operator: string;
      stream: string;
      errors: string[];
      value: string;
    }
    const letters = async (): Promise<unknown> =>
      Object.values((await shown(engine, 'dead-letters')) as Record<string, Letter>)
        .map(({ operator, stream, errors, value }) => [
          operator,
          stream,
          errors,
          Buffer.from(value, 'base64').toString(),
        ])
        .sort();
    const reason = (why: string): unknown => [expect.stringContaining(`has no answer, attempts=3: ${why}`)];
    const wanted = [
      ['check-strict', 'checks', reason('no answer within ms=150'), bodies[1]],
      ['check-strict', 'checks', reason('status=500'), bodies[3]],
    ];
    await settled(async () => ((await letters()) as unknown[]).length, 2);
    expect(await letters()).toEqual(expect.arrayContaining(wanted));
    // The customer whose check came to nothing is asked about again.
    expect((await engine.post(CHECKS, { order: 'o-6', customer: 'c-2', n: 7 })).status).toBe(201);
    await settled(() => shown(engine, 'strict'), { ...strict, 'c-2': { n: 7, answer: 'yes' } });
    expect((await engine.stop()).code).toBe(0);
    expectReplayed();
  });
});
