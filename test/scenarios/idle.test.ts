import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { cpuMs, hasProc, residentMib } from './support/proc.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** The goal is one percent; a machine that does other things as well gets more than that before a test fails. */
const IDLE_MS = 5_000;
const CPU_SHARE_MAX = 0.05;
/** After the last event the tail is confirmed and a checkpoint is saved. */
const SETTLE_MS = 1_500;

describe.skipIf(!hasProc)('an idle engine', () => {
  it('burns no processor', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), partitions: 2 });
    for (let n = 0; n < 10; n++) expect((await engine.post(ORDERS, order(`o-${n}`))).status).toBe(201);
    await sleep(SETTLE_MS);
    const before = cpuMs(engine.pid);
    const startedAt = performance.now();
    await sleep(IDLE_MS);
    const share = (cpuMs(engine.pid) - before) / (performance.now() - startedAt);
    const memory = Math.round(residentMib(engine.pid));
    console.log(`idle: cpu=${(share * 100).toFixed(2)} % over ms=${IDLE_MS}, resident MiB=${memory}`);
    expect(share).toBeLessThan(CPU_SHARE_MAX);
    await engine.kill();
  });
});
