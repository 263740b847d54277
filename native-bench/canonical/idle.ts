import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE_MAIN, KIOSK_CONFIG, removeDirectory, scratchDirectory } from '../run/places.ts';
import { ServerProcess } from '../run/process.ts';
import { costOf } from '../run/process-cost.ts';

/** What the engine costs while nobody wants anything: the kiosk profile with the coffee shop. */
export interface IdleResult {
  cpuPercent: number;
  residentMib: number;
  readyMs: number;
}

const READY_MS = 30_000;
const SETTLE_MS = 2000;

export async function measureIdle(directory: string | null, seconds: number): Promise<IdleResult> {
  const data = scratchDirectory('idle', directory);
  const start = performance.now();
  const ports = ['--port', '0', '--admin-port', '0'];
  const args = [ENGINE_MAIN, 'serve', '--json', '--config', KIOSK_CONFIG, '--data', join(data, 'data'), ...ports];
  const server = new ServerProcess(args, {});
  try {
    const { pid } = await server.whenReady(READY_MS);
    const readyMs = performance.now() - start;
    await sleep(SETTLE_MS);
    const before = costOf(pid);
    await sleep(seconds * 1000);
    const after = costOf(pid);
    if (before === null || after === null) return { cpuPercent: Number.NaN, residentMib: Number.NaN, readyMs };
    const cpuPercent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100;
    return { cpuPercent, residentMib: after.residentBytes / 2 ** 20, readyMs };
  } finally {
    await server.stop();
    removeDirectory(data);
  }
}
