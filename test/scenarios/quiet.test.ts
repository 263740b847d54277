import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { moka } from '../main/moka-process.ts';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('quiet');
const DOORS = Array.from({ length: 300 }, (_, n) => `door-${String(n).padStart(3, '0')}`);

interface Entry {
  readonly key: string;
  readonly window?: { readonly start: number; readonly end: number };
  readonly value: number;
}

async function journal(engine: EngineProcess, view: string): Promise<{ key: string; value: Entry }[]> {
  const { json } = await engine.get(`/v1/views/${view}?limit=1000`);
  return json['rows'] as { key: string; value: Entry }[];
}

const doorsOf = (rows: { value: Entry }[]): string[] => rows.map(({ value }) => value.key).sort();

describe('a shop in which nothing happens any more', () => {
  it('tells what the clock has closed, once, the same after a kill, and is at rest then', async () => {
    const data = freshPath();
    const first = await EngineProcess.start({ data, topology, partitions: 2 });
    const scans = DOORS.map((door) => ({ door }));
    expect((await first.batch('/v1/streams/scans', scans)).status).toBe(200);
    await first.kill();

    const second = await EngineProcess.start({ data, topology, partitions: 2 });
    let told: Awaited<ReturnType<typeof journal>> = [];
    for (let tries = 0; tries < 100 && told.length < DOORS.length; tries++) {
      await sleep(100);
      told = [...(await journal(second, 'visitors'))];
    }
    expect(doorsOf(told)).toEqual(DOORS);
    expect(new Set(told.map(({ value }) => `${value.window?.start} ${value.value}`)).size).toBe(1);
    const every = await journal(second, 'told');
    expect(doorsOf(every)).toEqual(DOORS);
    // What a metric shows is a moment old.
    await sleep(1000);
    const processed = await second.metric('moka_processed_offset');
    await sleep(2500);
    expect(await second.metric('moka_processed_offset')).toBe(processed);
    await second.kill();

    const third = await EngineProcess.start({ data, topology, partitions: 2 });
    expect(await journal(third, 'visitors')).toEqual(told);
    expect(await journal(third, 'told')).toEqual(every);
    expect((await third.stop()).code).toBe(0);
    const { code, stdout, stderr } = moka(['replay', '--json', '--data', data, '--topology', topology]);
    expect([code, stderr]).toEqual([0, '']);
    const reports = stdout.trim().split('\n');
    expect(reports.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ partition: 0, differences: [] }),
      expect.objectContaining({ partition: 1, differences: [] }),
    ]);
  });
});
