import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const SALES = '/v1/streams/sales';
const HOUR = Date.parse('2026-03-01T12:00Z');
const sale = (sku: string, cents: number): object => ({ sku, cents, at: HOUR });

async function valuesOf(engine: EngineProcess, view: string): Promise<unknown[]> {
  const { json } = await engine.get(`/v1/views/${view}?limit=100`);
  return (json['rows'] as { value: unknown }[]).map(({ value }) => value);
}

describe('a topology whose state has another form than it had', () => {
  it('goes on with windows and states as they have become, and after a kill', async () => {
    const data = freshPath();
    const first = await EngineProcess.start({ data, topology: topologyFile('growing-1'), partitions: 1 });
    const sales = [sale('latte', 400), sale('mocha', 450), sale('latte', 10)];
    expect((await first.batch(SALES, sales)).status).toBe(200);
    expect([await valuesOf(first, 'hours'), await valuesOf(first, 'sums')]).toEqual([
      [410, 450],
      [410, 450],
    ]);
    expect((await first.stop()).code).toBe(0);

    const topology = topologyFile('growing-2');
    const second = await EngineProcess.start({ data, topology, partitions: 1 });
    const untouched = [
      { cents: 410, count: 0 },
      { cents: 450, count: 0 },
    ];
    expect([await valuesOf(second, 'hours'), await valuesOf(second, 'sums')]).toEqual([untouched, untouched]);
    expect((await second.batch(SALES, [sale('latte', 5)])).status).toBe(200);
    const changed = [
      { cents: 415, count: 1 },
      { cents: 450, count: 0 },
    ];
    expect([await valuesOf(second, 'hours'), await valuesOf(second, 'sums')]).toEqual([changed, changed]);
    expect(await valuesOf(second, 'added')).toEqual([1]);
    await expect.poll(() => valuesOf(second, 'latest'), { timeout: 10_000 }).toEqual([]);
    await second.kill();

    const third = await EngineProcess.start({ data, topology, partitions: 1 });
    expect([await valuesOf(third, 'hours'), await valuesOf(third, 'sums')]).toEqual([changed, changed]);
    expect([await valuesOf(third, 'added'), await valuesOf(third, 'latest')]).toEqual([[1], []]);
    expect((await third.stop()).code).toBe(0);
  });
});
