import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('late');
const MINUTE = Date.parse('2026-03-01T12:00Z');
const sales = (...seconds: number[]): object[] => seconds.map((second) => ({ till: 'a', at: MINUTE + second * 1000 }));

async function lateOf(engine: EngineProcess): Promise<string[]> {
  // What a metric shows is a moment old.
  await sleep(1000);
  const { body } = await engine.get('/metrics');
  return body.split('\n').filter((line) => line.startsWith('moka_late_events_total'));
}

describe('moka_late_events_total', () => {
  it('counts what came too late for each node, also before a kill', async () => {
    const data = freshPath();
    const first = await EngineProcess.start({ data, topology, partitions: 1 });
    expect((await first.batch('/v1/streams/sales', sales(5, 55))).status).toBe(200);
    expect(await lateOf(first)).toEqual([
      'moka_late_events_total{partition="0",node="minutes"} 0',
      'moka_late_events_total{partition="0",node="pairs"} 0',
      'moka_late_events_total{partition="0",node="history"} 0',
    ]);
    // In the minute; behind the watermark by more than the grace, from both sides; and in history, just.
    expect((await first.batch('/v1/streams/sales', sales(45, 70, 59))).status).toBe(200);
    await first.kill();
    const second = await EngineProcess.start({ data, topology, partitions: 1 });
    expect((await second.batch('/v1/streams/sales', sales(59))).status).toBe(200);
    expect(await lateOf(second)).toEqual([
      'moka_late_events_total{partition="0",node="minutes"} 2',
      'moka_late_events_total{partition="0",node="pairs"} 6',
      'moka_late_events_total{partition="0",node="history"} 2',
    ]);
    expect((await second.stop()).code).toBe(0);
  });
});
