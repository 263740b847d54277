import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { Type } from 'moka';
import { describe, expect, it, vi } from 'vitest';
import type * as Moka from '../../src/index.ts';
import { request } from '../http/raw-http-client.ts';
import { BUILD } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** The engine inside somebody else's process, as the package gives it. */
const moka = (await import(pathToFileURL(join(BUILD, 'index.js')).href)) as typeof Moka;

const QUIET = {
  http: { port: 0 },
  admin: { port: 0 },
  log: { segmentBytes: 4 * 1024 * 1024 },
  logLevel: 'error',
} as const;

/** Runs a module in a process of its own. */
async function run(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

describe('createEngine', () => {
  it('takes events from a topology file, answers questions, and gives the directory back when it is closed', async () => {
    const options = { ...QUIET, dataDir: freshPath(), partitions: 2 };
    const topology = topologyFile('guarantees');
    const engine = await moka.createEngine(topology, options);
    const first = await engine.ingest('sales', { till: 'a', n: 1 });
    expect(first).toMatchObject({ offset: 0, epoch: 1, level: 'written', processed: true, duplicate: false });
    expect(await engine.ingest('sales', { till: 'a', n: 1 })).toEqual({ ...first, duplicate: true });
    expect(await engine.ingest('pings', { till: 'a', n: 1 })).toMatchObject({ level: 'received', processed: false });
    await Promise.all(Array.from({ length: 100 }, (_, n) => engine.ingest('notes', { till: `t-${n % 5}`, n })));
    const notes = engine.view<number>('notes');
    expect(await notes.get('t-3')).toBe(20);
    expect(await notes.get('nobody')).toBeUndefined();
    const { rows, cursor } = await notes.range({ prefix: 't-', limit: 3 });
    expect(rows).toEqual(['t-0', 't-1', 't-2'].map((key) => ({ key, value: 20 })));
    expect(cursor).not.toBeNull();
    expect((await fetch(`${engine.url}/livez`)).status).toBe(200);

    await Promise.all([engine.close(), engine.close()]);
    await expect(engine.ingest('notes', { till: 'late', n: 1 })).rejects.toMatchObject({ isRetryable: true });
    const again = await moka.createEngine(topology, options);
    expect(await again.view('notes').get('t-3')).toBe(20);
    await again.close();
  });

  it('refuses with the codes of the HTTP answers', async () => {
    const engine = await moka.createEngine(topologyFile('guarantees'), {
      ...QUIET,
      dataDir: freshPath(),
      partitions: 1,
    });
    await expect(engine.ingest('sale', {})).rejects.toMatchObject({ code: 'ERR_STREAM_UNKNOWN', status: 404 });
    await expect(engine.ingest('sales', { n: 1 })).rejects.toMatchObject({
      code: 'ERR_EVENT_KEY_MISSING',
      status: 422,
    });
    await expect(engine.ingest('sales', { till: 'a', n: 'x' })).rejects.toMatchObject({ code: 'ERR_EVENT_SCHEMA' });
    for (const idempotencyKey of ['é', 5, '', 'a\n', 'k'.repeat(256), null, {}] as string[]) {
      const refused = engine.ingest('sales', { till: 'a', n: 1 }, { idempotencyKey });
      await expect(refused).rejects.toMatchObject({ code: 'ERR_IDENTITY_INVALID', status: 400 });
    }
    for (const key of [undefined, null, 5, '', {}] as string[]) {
      await expect(engine.view('notes').get(key)).rejects.toMatchObject({ code: 'ERR_VIEW_QUERY', status: 400 });
    }
    for (const prefix of [null, 5, {}] as string[]) {
      await expect(engine.view('notes').range({ prefix })).rejects.toMatchObject({ code: 'ERR_VIEW_QUERY' });
      await expect(engine.view('notes').range({ from: prefix })).rejects.toMatchObject({ code: 'ERR_VIEW_QUERY' });
    }
    await engine.ingest('sales', { till: 'a', n: 1 }, { idempotencyKey: 'k' });
    const other = engine.ingest('sales', { till: 'a', n: 2 }, { idempotencyKey: 'k' });
    await expect(other).rejects.toMatchObject({ code: 'ERR_IDENTITY_MISMATCH', status: 422 });
    expect(() => engine.view('sale')).toThrow(expect.objectContaining({ code: 'ERR_VIEW_UNKNOWN' }));
    await engine.close();
  });

  it('runs a topology of this very thread with no workers, and with workers says why not', async () => {
    const { topology } = (await import(pathToFileURL(join(BUILD, 'examples/coffee-shop/topology.js')).href)) as {
      topology: Moka.CompiledTopology;
    };
    const options = { ...QUIET, dataDir: freshPath(), partitions: 1 };
    await expect(moka.createEngine(topology, { ...options, workers: 1 })).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    });
    const engine = await moka.createEngine(topology, { ...options, workers: 0 });
    const port = Number(new URL(engine.url).port);
    const body = JSON.stringify(order('inline'));
    const headers = { 'Content-Type': 'application/json' };
    expect((await request(port, 'POST', ORDERS, headers, body)).status).toBe(201);
    expect(await engine.view('orders').get('inline')).toMatchObject({ status: 'placed' });
    await engine.close();
  });

  it('ends the process it is in when an operator does not return, and goes on without that event in the next', async () => {
    const options = { ...QUIET, dataDir: freshPath(), partitions: 1, workers: 1, watchdogMs: 1000 };
    const job = { id: 'a', till: 'till-1', where: 'filter' };
    const script = `
      import { createEngine } from ${JSON.stringify(pathToFileURL(join(BUILD, 'index.js')).href)};
      process.on('exit', (code) => console.log('ends with ' + code));
      const engine = await createEngine(${JSON.stringify(topologyFile('careless'))}, ${JSON.stringify(options)});
      console.log((await engine.ingest('jobs', ${JSON.stringify(job)})).level);
      console.log((await engine.view('dead-letters').range()).rows[0].value.operator);
      await engine.close();`;
    const first = await run(script);
    expect([first.code, first.stdout]).toEqual([72, 'ends with 72\n']);
    expect(first.stderr).toMatch(/operator=sieve did not return .*partition=0 offset=0 stream=jobs key=/);
    expect(await run(script)).toEqual({ code: 0, stdout: 'durable\nsieve\nends with 0\n', stderr: '' });
  });

  it('asks the outside on this very thread, ends without an answer, and asks again', async () => {
    let lookup = (): Promise<number> => new Promise(() => {});
    let askedCount = 0;
    const topology = moka.defineTopology('asking', (t) => {
      const till = { schema: Type.Object({ till: Type.String(), n: Type.Integer() }), key: 'till' } as const;
      const ask = (): Promise<number> => {
        askedCount += 1;
        return lookup();
      };
      t.stream('sales', { ...till, guarantee: 'at-least-once' })
        .enrich('price', { lookup: ask }, ({ n }, price) => n * price)
        .toView('priced');
    });
    const options = { ...QUIET, dataDir: freshPath(), workers: 0, partitions: 2 };
    const first = await moka.createEngine(topology, options);
    for (const n of [1, 2, 3])
      expect(await first.ingest('sales', { till: `t-${n}`, n })).toMatchObject({ processed: true });
    await vi.waitFor(() => expect(askedCount).toBe(3));
    await first.close();
    lookup = async () => 100;
    const second = await moka.createEngine(topology, options);
    const priced = second.view('priced');
    const rows = (): Promise<unknown> => Promise.all([1, 2, 3].map((n) => priced.get(`t-${n}`)));
    await vi.waitFor(async () => expect(await rows()).toEqual([100, 200, 300]), 10_000);
    expect(askedCount).toBe(6);
    await second.close();
  });

  it('runs several partitions on this very thread, each with all of a global table', async () => {
    const topology = moka.defineTopology('menus', (t) => {
      const till = { schema: Type.Object({ till: Type.String(), n: Type.Integer() }), key: 'till' } as const;
      const menu = t.globalTable('menu', till);
      t.stream('sales', till)
        .leftJoin(menu, 'price', { key: ({ n }) => n }, (sale, item) => sale.n * (item?.n ?? 0))
        .toView('priced');
    });
    const engine = await moka.createEngine(topology, { ...QUIET, dataDir: freshPath(), workers: 0, partitions: 3 });
    await engine.ingest('menu', { till: '7', n: 6 }, { idempotencyKey: 'menu' });
    const tills = Array.from({ length: 12 }, (_, n) => `till-${n}`);
    // A row takes a moment to be everywhere.
    for (let round = 0; ; round++) {
      for (const till of tills) await engine.ingest('sales', { till, n: 7 }, { idempotencyKey: `${till} ${round}` });
      const priced = await Promise.all(tills.map((till) => engine.view('priced').get(till)));
      if (priced.every((price) => price === 42)) break;
      expect(round).toBeLessThan(50);
    }
    await engine.close();
  });
});
