import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src/base/limits.ts';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

const SEGMENT_BYTES = 16 * MIB;
const env = { MOKA_LOG_SEGMENT_BYTES: String(SEGMENT_BYTES), MOKA_LOG_RESERVE_BYTES: '0' };

/** Takes away the segments that stand ready: those that were never written to. */
function removeReady(data: string): number {
  const directory = join(data, 'log/0');
  const isBlank = (name: string): boolean =>
    readFileSync(join(directory, name))
      .subarray(0, 4)
      .every((byte) => byte === 0);
  const ready = readdirSync(directory).filter((name) => name.startsWith('slot-') && isBlank(name));
  for (const name of ready) rmSync(join(directory, name));
  return ready.length;
}

describe('an engine that says it is ready', () => {
  it('takes the first event, also where it had no segment to go on in when it started', async () => {
    const data = freshPath();
    let engine = await EngineProcess.start({ data, partitions: 1, env });
    // What is left of the segment is too little to let anything in without the next one.
    const bytes = 60_000;
    const count = Math.ceil((SEGMENT_BYTES - 2 * MIB) / bytes);
    for (let n = 0; n < count; n++) {
      expect((await engine.post(ORDERS, JSON.stringify(order(`o-${n}`)).padEnd(bytes))).status).toBe(201);
    }
    for (let start = 0; start < 3; start++) {
      await engine.kill();
      expect(removeReady(data)).toBeGreaterThan(0);
      engine = await EngineProcess.start({ data, env });
      const [ready, first] = await Promise.all([engine.get('/readyz'), engine.post(ORDERS, order(`first-${start}`))]);
      expect([ready.status, first.status, first.json['offset']]).toEqual([200, 201, count + start]);
    }
    expect((await engine.stop()).code).toBe(0);
  });
});
