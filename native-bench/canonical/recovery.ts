import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { flawOf, type LoadReport, runLoad } from '../run/load-run.ts';
import { BENCH_CONFIG, builtModule, ENGINE_MAIN, removeDirectory, scratchDirectory } from '../run/places.ts';
import { ServerProcess } from '../run/process.ts';
import { readView } from '../run/view-reader.ts';
import { countTurns, type TurnsResult } from './turns.ts';

/** Many rows of state: how long turns are while they are saved, and how soon orders are taken again after a kill -9. */
export interface RecoveryResult {
  rows: number;
  /** At half of the rate at which the rows came. */
  turns: TurnsResult;
  /** From the start of the new process to its ready line. */
  readyMs: number;
}

const READY_MS = 60_000;
const CONNECTIONS = 8;
const FRAME_EVENTS = 250;
/** Orders of the load under which turns are counted, and of the one under which the engine is killed: far apart. */
const STEADY_FIRST_ORDER = 2 ** 28;
const LAST_FIRST_ORDER = 2 ** 29;
const KILL_AFTER_MS = 2000;
/** Stages of an order's life that leave it open: rows = 3 × depth × frame × connections. */
const OPEN_STAGES = 3;

/**
 * Fills the order table with about `keys` open orders, has more come and go at half of that rate, kills the engine while
 * they come as fast as they can, and starts it again.
 */
export async function measureRecovery(
  directory: string | null,
  keys: number,
  loadSeconds: number,
): Promise<RecoveryResult> {
  const scratch = scratchDirectory('recovery', directory);
  const topology = builtModule('examples/canonical/order-table');
  const data = ['--data', join(scratch, 'data'), '--port', '0', '--admin-port', '0', '--topology', topology];
  const args = [ENGINE_MAIN, 'serve', '--json', '--config', BENCH_CONFIG, ...data];
  const first = new ServerProcess(args, {});
  let second: ServerProcess | null = null;
  try {
    const { url, adminUrl } = await first.whenReady(READY_MS);
    const depth = Math.max(1, Math.ceil(keys / (OPEN_STAGES * FRAME_EVENTS * CONNECTIONS)));
    const load = ['--url', url, '--transport', 'ws-json', '--workload', 'life-cycle', '--depth', String(depth)];
    const counts = ['--producer', '--connections', String(CONNECTIONS), '--frame', String(FRAME_EVENTS)];
    const filling = await loadAccepted([...load, ...counts, '--seconds', String(loadSeconds)]);
    const rate = String(Math.floor(filling.ordersPerSecond / 2));
    const steady = ['--rate', rate, '--seconds', String(loadSeconds / 2), '--first-order', String(STEADY_FIRST_ORDER)];
    const gentle = ['--url', url, '--transport', 'ws-json', '--workload', 'life-cycle', ...counts, ...steady];
    const turns = await countTurns(adminUrl, async () => (await loadAccepted(gentle)).ordersPerSecond);
    // This one outlasts the engine and complains of its lost connections; that is what is wanted here.
    const more = runLoad([...load, ...counts, '--seconds', '2', '--first-order', String(LAST_FIRST_ORDER)]);
    await sleep(KILL_AFTER_MS);
    await first.kill();
    await more;
    const start = performance.now();
    second = new ServerProcess(args, {});
    const ready = await second.whenReady(READY_MS);
    const readyMs = performance.now() - start;
    const rows = await readView(ready.url, 'orders', () => {});
    return { rows, turns, readyMs };
  } finally {
    await first.kill();
    await second?.stop();
    removeDirectory(scratch);
  }
}

async function loadAccepted(args: readonly string[]): Promise<LoadReport> {
  const report = await runLoad(args);
  const flaw = flawOf(report);
  if (flaw !== null) throw new Error(flaw);
  return report;
}
