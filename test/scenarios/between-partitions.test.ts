import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import { settled } from './support/settled.ts';

const topology = topologyFile('between');
const PARTITIONS = 3;
const ORDERS_PER_BATCH = 150;
const SKUS = 11;
const CUSTOMERS = 13;
const QUESTIONS = 24;

interface Batch {
  readonly stream: string;
  readonly events: readonly Readonly<Record<string, string | number>>[];
}

/** Every seventh batch changes prices or regions, the others orders: each order moves to another customer and sku. */
function batchAt(number: number): Batch {
  if (number % 7 === 0) {
    const events = Array.from({ length: SKUS }, (_, n) => ({
      id: `p-${number}-${n}`,
      sku: `sku-${n}`,
      cents: number + n,
    }));
    return { stream: 'prices', events };
  }
  if (number % 7 === 1) {
    const events = Array.from({ length: CUSTOMERS }, (_, n) => ({
      id: `r-${number}-${n}`,
      customer: `c-${n}`,
      region: `region-${(number + n) % 5}`,
    }));
    return { stream: 'regions', events };
  }
  const events = Array.from({ length: ORDERS_PER_BATCH }, (_, n) => {
    const seed = number * ORDERS_PER_BATCH + n;
    const place = { customer: `c-${(seed * 31) % CUSTOMERS}`, sku: `sku-${(seed * 17) % SKUS}` };
    return { id: `o-${seed}`, order: `order-${seed % 97}`, ...place, qty: seed % 10 };
  });
  return { stream: 'orders', events };
}

/** What the views must show once everything has arrived. */
function expected(batchCount: number): Record<string, Record<string, unknown>> {
  const latest = new Map<string, Map<string, Readonly<Record<string, string | number>>>>();
  const keys: Record<string, string> = { prices: 'sku', regions: 'customer', orders: 'order' };
  for (let number = 0; number < batchCount; number++) {
    const { stream, events } = batchAt(number);
    const rows = latest.get(stream) ?? new Map();
    latest.set(stream, rows);
    for (const event of events) rows.set(event[keys[stream] as string], event);
  }
  const ordered: Record<string, number> = {};
  const spent: Record<string, number> = {};
  const costs: Record<string, unknown> = {};
  const greatest: Record<string, number> = {};
  const bySku: Record<string, { order: string; qty: number }[]> = {};
  for (let n = 0; n < CUSTOMERS; n++) {
    ordered[`c-${n}`] = 0;
    spent[`c-${n}`] = 0;
  }
  for (const [order, row] of latest.get('orders') ?? []) {
    const { customer, sku, qty } = row as { customer: string; sku: string; qty: number };
    const cents = qty * (latest.get('prices')?.get(sku)?.['cents'] as number);
    costs[order] = { customer, cents };
    ordered[customer] = (ordered[customer] as number) + qty;
    spent[customer] = (spent[customer] as number) + cents;
    greatest[customer] = Math.max(greatest[customer] ?? qty, qty);
    bySku[sku] = [...(bySku[sku] ?? []), { order, qty }];
  }
  const top: Record<string, unknown> = {};
  const mean: Record<string, number> = {};
  for (const [sku, placed] of Object.entries(bySku)) {
    mean[sku] = placed.reduce((sum, { qty }) => sum + qty, 0) / placed.length;
    top[sku] = placed.sort((a, b) => b.qty - a.qty || (a.order < b.order ? -1 : 1)).slice(0, 3);
  }
  return { ordered, costs, spent, greatest, top, mean, regions: Object.fromEntries(latest.get('regions') ?? []) };
}

async function shown(engine: EngineProcess, view: string, query = ''): Promise<Record<string, unknown>> {
  const { json } = await engine.get(`/v1/views/${view}?limit=1000${query}`);
  const rows = json['rows'] as { key: string; value: unknown }[];
  // A row that two partitions show would be there twice.
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

async function viewsSettled(engine: EngineProcess, batchCount: number): Promise<void> {
  const wanted = expected(batchCount);
  await settled(async () => {
    const views = Object.keys(wanted).map(async (view) => [view, await shown(engine, view)] as const);
    return Object.fromEntries(await Promise.all(views));
  }, wanted);
}

/** Asks for one customer in every partition. */
async function regionsSettled(engine: EngineProcess, batchCount: number): Promise<void> {
  const { regions } = expected(batchCount) as { regions: Record<string, { region: string }> };
  const { region } = regions['c-7'] as { region: string };
  let round = 0;
  await settled(
    async () => {
      const prefix = `q-${round++}-`;
      const questions = Array.from({ length: QUESTIONS }, (_, n) => ({ id: `${prefix}${n}`, customer: 'c-7' }));
      expect((await engine.batch('/v1/streams/questions', questions)).status).toBe(200);
      return Object.values(await shown(engine, 'answers', `&prefix=${prefix}`));
    },
    Array.from({ length: QUESTIONS }, () => region),
  );
}

/** One batch after the other, until the engine dies. @returns the first batch that has no answer */
async function sendUntilKilled(engine: EngineProcess, from: number, killAfterMs: number): Promise<number> {
  const killed = sleep(killAfterMs).then(() => engine.kill());
  let next = from;
  try {
    for (; ; next++) {
      const { stream, events } = batchAt(next);
      expect((await engine.batch(`/v1/streams/${stream}`, events)).status).toBe(200);
    }
  } catch (error) {
    await killed;
    if (error instanceof Error && error.name === 'AssertionError') throw error;
    return next;
  }
}

describe('groups, foreign keys and global tables between partitions', () => {
  it('show what the events say, through kills in the middle and a drain at the end', async () => {
    const data = freshPath();
    const env = { MOKA_CHECKPOINT_MAX_TAIL_MS: '50', MOKA_WORKERS: '2' };
    const start = (): Promise<EngineProcess> => EngineProcess.start({ data, topology, partitions: PARTITIONS, env });
    let next = 0;
    for (const killAfterMs of [250, 400]) next = await sendUntilKilled(await start(), next, killAfterMs);
    const engine = await start();
    for (const end = Math.max(next + 1, 14); next < end; next++) {
      const { stream, events } = batchAt(next);
      expect((await engine.batch(`/v1/streams/${stream}`, events)).status).toBe(200);
    }
    await viewsSettled(engine, next);
    await regionsSettled(engine, next);
    expect((await engine.stop()).code).toBe(0);
    const again = await start();
    await viewsSettled(again, next);
    expect((await again.stop()).code).toBe(0);
  });
});
