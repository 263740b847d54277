import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { describe, it } from 'vitest';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { SpscRing } from '../../src/ring/spsc-ring.ts';
import type { StressOptions } from './stress-thread.ts';

/** A worker thread runs no TypeScript: its side is bundled from the sources as they are now. */
const THREAD = buildSync({
  entryPoints: [fileURLToPath(new URL('./stress-thread.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
}).outputFiles[0]?.text as string;

/**
 * Two threads and one ring. The only outcome allowed: the consumer sees every message once, in order, with the bytes it
 * was sent with, and both threads come to their end; a lost wake-up shows as a timeout.
 */
async function run(
  capacityBytes: number,
  maxMessageLength: number,
  messageCount: number,
  start: number,
): Promise<void> {
  const seed = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() | 0);
  console.log(`MOKA_FUZZ_SEED=${seed}`);
  const ring = SpscRing.allocate(capacityBytes, start);
  const bells: StressOptions['bells'] = [Doorbell.allocate(), Doorbell.allocate()];
  const shared = { ring, bells, messageCount, seed, maxMessageLength };
  await Promise.all([ended({ ...shared, side: 'producer' }), ended({ ...shared, side: 'consumer' })]);
}

function ended(options: StressOptions): Promise<void> {
  const code = new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`);
  const worker = new Worker(code, { workerData: options });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (exitCode) => (exitCode === 0 ? resolve() : reject(new Error(`exit code=${exitCode}`))));
  });
}

describe('SpscRing between two threads', () => {
  it('carries small messages through a ring that is nearly always full or empty', async () => {
    await run(128, 40, 60_000, 2 ** 31 - 65_536);
  });

  it('carries messages of all lengths, padding at most wraps', async () => {
    await run(4096, 2000, 60_000, 2 ** 32 - 65_536);
  });

  it('carries long batches', async () => {
    await run(65_536, 300, 400_000, 0);
  });
});
