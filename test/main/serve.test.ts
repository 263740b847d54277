import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/base/exit-codes.ts';
import { MOKA, moka, ServedEngine } from './moka-process.ts';

let directory: string;
let engines: ServedEngine[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moka-serve-'));
  engines = [];
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.kill()));
  rmSync(directory, { recursive: true });
});

function serve(...args: string[]): ServedEngine {
  const engine = new ServedEngine(['--data', join(directory, 'data'), '--port', '0', '--admin-port', '0', ...args]);
  engines.push(engine);
  return engine;
}

function orderOf(orderId: string): object {
  return {
    orderId,
    customerId: 'c-1',
    storeId: 'kiosk-7',
    placedAt: Date.now(),
    items: [{ sku: 'flat-white', qty: 1, priceCents: 420, options: [] }],
    totalCents: 420,
    currency: 'EUR',
  };
}

async function place(url: string, orderId: string): Promise<Record<string, unknown>> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify(orderOf(orderId));
  const response = await fetch(`${url}/v1/streams/orders`, { method: 'POST', headers, body });
  return { status: response.status, ...((await response.json()) as object) };
}

describe('moka serve', () => {
  it('says where it is, takes an order, drains on SIGTERM and has the order when it comes back', async () => {
    const first = serve();
    const { url, adminUrl, pid } = await first.ready();
    expect(pid).toBe(first.child.pid);
    expect(await place(url, 'ord_1')).toMatchObject({ status: 201, offset: 0, level: 'durable' });
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
    first.child.kill('SIGTERM');
    expect(await first.exit()).toEqual([EXIT_CODES.ok, null]);

    const second = serve();
    const { url: urlAfter } = await second.ready();
    const row = await fetch(`${urlAfter}/v1/views/orders/ord_1`);
    expect(await row.json()).toMatchObject({ value: { orderId: 'ord_1', status: 'placed' } });
    expect(await place(urlAfter, 'ord_1')).toMatchObject({ status: 422 });
  });

  it('stops at once on the second signal, and still has what it acknowledged', async () => {
    const engine = serve();
    const { url } = await engine.ready();
    expect(await place(url, 'ord_1')).toMatchObject({ status: 201 });
    engine.child.kill('SIGTERM');
    engine.child.kill('SIGINT');
    expect(await engine.exit()).toEqual([null, 'SIGKILL']);

    const { url: urlAfter } = await serve().ready();
    expect((await fetch(`${urlAfter}/v1/views/orders/ord_1`)).status).toBe(200);
  });

  it('ends by itself when it is drained over the admin listener', async () => {
    const engine = serve();
    const { adminUrl } = await engine.ready();
    expect((await fetch(`${adminUrl}/admin/drain`, { method: 'POST' })).status).toBe(202);
    expect(await engine.exit()).toEqual([EXIT_CODES.ok, null]);
  });

  it('is refused a data directory that another holds, and names the holder', async () => {
    const holder = serve();
    const { pid } = await holder.ready();
    const { code, stderr } = moka(['serve', '--data', join(directory, 'data'), '--port', '0', '--admin-port', '0']);
    expect(code).toBe(EXIT_CODES.occupied);
    expect(stderr).toContain(`in use by process pid=${pid}`);
  });

  it('is refused a port that another has, and leaves nothing running', async () => {
    const holder = serve();
    const { url } = await holder.ready();
    const args = ['--data', join(directory, 'other'), '--port', new URL(url).port, '--admin-port', '0'];
    const { code, stderr } = moka(['serve', '--json', ...args]);
    expect(code).toBe(EXIT_CODES.occupied);
    const lines = stderr.trim().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ event: 'error', code: 'ERR_PORT_OCCUPIED' });
  });

  it('runs a topology of its own, written in TypeScript', async () => {
    const shop = join(directory, 'shop');
    moka(['init', shop]);
    const { url } = await serve('--topology', join(shop, 'topology.ts'), '--partitions', '2').ready();
    const sale = { saleId: 's-1', shop: 'north', item: 'cup', cents: 900 };
    const headers = { 'Content-Type': 'application/json' };
    const sold = await fetch(`${url}/v1/streams/sales`, { method: 'POST', headers, body: JSON.stringify(sale) });
    expect(sold.status).toBe(201);
    const row = await fetch(`${url}/v1/views/takings/north`);
    expect(await row.json()).toMatchObject({ value: { sales: 1, cents: 900 } });
  });

  it('ends with 2 for a topology that is not there or is none', () => {
    writeFileSync(join(directory, 'none.js'), 'export const topology = 1;');
    for (const file of ['missing.ts', 'none.js']) {
      const { code, stderr } = moka(['serve', '--data', join(directory, 'data'), '--topology', join(directory, file)]);
      expect([file, code]).toEqual([file, EXIT_CODES.usage]);
      expect(stderr).toContain('ERR_TOPOLOGY_LOAD');
    }
  });
});

describe('moka log', () => {
  it('reads what was taken in, block by block too, and finds it good', async () => {
    const engine = serve('--partitions', '1');
    const { url } = await engine.ready();
    for (const orderId of ['ord_1', 'ord_2', 'ord_3']) await place(url, orderId);
    const data = ['--data', join(directory, 'data')];

    const lines = moka(['log', ...data])
      .stdout.trim()
      .split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^0:2 {2}\S+Z {2}event stream=orders {2}\{"orderId":"ord_3"/);

    engine.child.kill('SIGTERM');
    await engine.exit();
    const json = moka(['log', ...data, '--json', '--offset', '1'])
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(json.map(({ event, offset }) => offset ?? event)).toEqual([1, 2, 'end']);
    expect(json[0]).toMatchObject({ kind: 'event', stream: 0, streamName: 'orders', value: { orderId: 'ord_2' } });
    expect(json[2]).toMatchObject({ kind: 'confirmed', nextOffset: 3 });
    expect(moka(['log', ...data, '--blocks', '--limit', '1']).stdout).toMatch(/^0:0-\d+ .* records=/);
    expect(moka(['log', ...data, '--since', '2100-01-01']).stdout).toBe('');

    const verified = moka(['log', ...data, '--verify']);
    expect([verified.code, verified.stdout]).toEqual([0, '']);
    expect(verified.stderr).toContain('next offset 3, good to its end');

    rmSync(join(directory, 'data', 'moka.json'));
    expect(moka(['log', ...data, '--limit', '1']).stdout).toMatch(/^0:0 .* event stream=0 {2}/);
  });

  it('ends quietly when its reader has gone', async () => {
    const engine = serve('--partitions', '1');
    const { url } = await engine.ready();
    // More than a pipe holds.
    const lines = Array.from({ length: 2000 }, (_, n) => JSON.stringify(orderOf(`ord_${n}`))).join('\n');
    const headers = { 'Content-Type': 'application/x-ndjson' };
    expect((await fetch(`${url}/v1/streams/orders/batch`, { method: 'POST', headers, body: lines })).status).toBe(200);
    await engine.kill();
    const args = [process.execPath, MOKA, 'log', '--data', join(directory, 'data')];
    const piped = spawnSync('bash', ['-c', 'set -o pipefail; "$@" | head -1; echo "code=$?"', 'bash', ...args], {
      encoding: 'utf8',
    });
    expect(piped.stderr).toBe('');
    expect(piped.stdout).toMatch(/^0:0 {2}.*ord_0.*\ncode=0\n$/);
  });

  it('ends with its own code when there is no log', () => {
    const { code, stderr } = moka(['log', '--data', directory]);
    expect(code).toBe(EXIT_CODES.environment);
    expect(stderr).toContain('no log in data directory=');
  });
});
