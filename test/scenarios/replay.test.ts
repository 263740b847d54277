import { closeSync, cpSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moka } from '../main/moka-process.ts';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('moving');
const SALES = '/v1/streams/sales';
const PARTITIONS = 3;

interface Report {
  readonly partition: number;
  readonly base: string | null;
  readonly events: number;
  readonly rows: number;
  readonly fromOffset: number;
  readonly throughOffset: number;
  readonly differences: readonly string[];
}

function replayed(data: string, ...more: string[]): { code: number | null; reports: Report[]; stderr: string } {
  const { code, stdout, stderr } = moka(['replay', '--json', '--data', data, '--topology', topology, ...more]);
  const lines = stdout.trim() === '' ? [] : stdout.trim().split('\n');
  return { code, stderr, reports: lines.map((line) => JSON.parse(line) as Report) };
}

async function sell(engine: EngineProcess, from: number, count: number): Promise<void> {
  const sales = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    return { id: `s-${n}`, sku: `sku-${n % 31}`, store: `store-${n % 7}`, cents: n % 1000 };
  });
  const answer = await engine.batch(SALES, sales);
  expect(answer.status).toBe(200);
}

describe('moka replay', () => {
  it('finds the same state after kills, running and stopped, from the beginning and from a checkpoint', async () => {
    const data = freshPath();
    const env = { MOKA_CHECKPOINT_MAX_TAIL_MS: '50' };
    for (let life = 0; life < 3; life++) {
      const engine = await EngineProcess.start({ data, topology, partitions: PARTITIONS, env });
      for (let batch = 0; batch < 4; batch++) await sell(engine, life * 2000 + batch * 500, 500);
      if (life < 2) {
        await engine.kill();
        continue;
      }
      const running = replayed(data);
      expect([running.code, running.reports.flatMap(({ differences }) => differences)]).toEqual([0, []]);
      expect((await engine.stop()).code).toBe(0);
    }
    const { code, reports } = replayed(data);
    expect([code, reports.map(({ partition }) => partition)]).toEqual([0, [0, 1, 2]]);
    for (const report of reports) {
      expect(report.differences).toEqual([]);
      expect([report.base, report.fromOffset]).toEqual(['empty', 0]);
      expect(report.rows).toBeGreaterThan(5);
    }
    const events = reports.reduce((sum, report) => sum + report.events, 0);
    expect(events).toBeGreaterThan(6000);
    const one = replayed(data, '--partition', '1', '--from', '1000000');
    expect([one.code, one.reports[0]?.differences, one.reports.length]).toEqual([0, [], 1]);
    for (const view of ['skus', 'dead-letters']) {
      const some = replayed(data, '--view', view);
      expect([some.code, some.reports.flatMap(({ differences }) => differences)]).toEqual([0, []]);
      const rows = some.reports.reduce((sum, report) => sum + report.rows, 0);
      expect(rows).toBe(view === 'skus' ? 31 : 0);
    }
    expect(replayed(data, '--view', 'sku').stderr).toContain(
      '"ERR_VIEW_UNKNOWN","message":"no view=sku; use one of skus, stores, quiet, dead-letters"',
    );
  });

  it('begins with the state before the last one where that is not behind the offset or time asked for', async () => {
    const data = freshPath();
    const live = async (life: number): Promise<void> => {
      const engine = await EngineProcess.start({ data, topology, partitions: 1 });
      await sell(engine, life * 500, 500);
      expect((await engine.stop()).code).toBe(0);
    };
    const began = Date.now();
    await live(0);
    // Kept aside as the environment before the last, which an engine makes only after many events.
    const state = join(data, 'state/0');
    const pointer = join(state, 'CURRENT');
    const { current } = JSON.parse(readFileSync(pointer, 'utf8')) as { current: number };
    const aside = freshPath('environment');
    cpSync(join(state, String(current)), aside, { recursive: true });
    const previousOffset = replayed(data).reports[0]?.throughOffset;
    const between = Date.now();
    await live(1);
    renameSync(aside, join(state, '99'));
    writeFileSync(pointer, JSON.stringify({ version: 1, current, previous: 99, previousOffset }));
    const basesOf = (from: string): unknown => {
      const { code, reports } = replayed(data, '--from', from);
      expect([code, reports[0]?.differences]).toEqual([0, []]);
      return reports[0]?.base;
    };
    expect(['0', '9'.repeat(15)].map(basesOf)).toEqual(['empty', 'checkpoint']);
    for (const before of [`@${began}`, new Date(began).toISOString()]) expect(basesOf(before)).toBe('empty');
    for (const after of [`@${between}`, new Date(between).toISOString()]) expect(basesOf(after)).toBe('checkpoint');
    const wrong = ['-1', 'yesterday', '2026-99-99', '@', '12x'].map((from) => replayed(data, '--from', from));
    for (const { code, stderr } of wrong) {
      expect([code, stderr]).toEqual([2, expect.stringContaining('It must be an offset, a time such as')]);
    }
  });

  it('says what is not the same, and refuses what it cannot compare', async () => {
    const data = freshPath();
    const engine = await EngineProcess.start({ data, topology, partitions: 1 });
    await sell(engine, 0, 500);
    expect((await engine.stop()).code).toBe(0);
    const other = moka(['replay', '--data', data, '--topology', topologyFile('slow')]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('[ERR_TOPOLOGY_CHANGED]')]);
    expect(moka(['replay', '--data', freshPath(), '--topology', topology]).stderr).toContain('[ERR_DATA_UNUSABLE]');
    expect(moka(['replay', '--data', data, '--topology', topology, '--partition', '9']).stderr).toContain(
      'partitions=1',
    );
    // What a function calls is not in the fingerprint: the same topology by name that computes something else.
    const changed = moka(['replay', '--json', '--data', data, '--topology', topology], { SURCHARGE_CENTS: '1' });
    expect(changed.code).toBe(71);
    const report = JSON.parse(changed.stdout) as Report;
    expect(report.differences.length).toBeGreaterThan(10);
    expect(report.differences[0]).toMatch(
      /^store=sku-totals key="sku-0" replayed=\{"count":17,.*\} saved=\{"count":17,/,
    );
    const slot = openSync(join(data, 'log/0/slot-000001'), 'r+');
    writeSync(slot, 'rot', 2 * 4096 + 200);
    closeSync(slot);
    const rotten = replayed(data);
    expect([rotten.code, rotten.reports]).toEqual([71, []]);
    expect(rotten.stderr).toContain('"ERR_LOG_DAMAGED"');
  });
});
