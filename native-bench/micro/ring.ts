#!/usr/bin/env node
import { EMPTY, SpscRing } from '../../src/ring/spsc-ring.ts';
import { runMicro } from './micro.ts';

/**
 * Messages through one ring, both ends in this thread: the cost of the ring itself, without a wake-up.
 *
 *   tryClaim ─ write ─ commit … publish │ poll ─ read ─ release … acknowledge
 *
 *   node .bench/build/native-bench/micro/ring.js [--small]
 */
const BATCH = 256;

function ringCase(name: string, messageBytes: number, perPublish: number): Parameters<typeof runMicro>[1][number] {
  const ring = new SpscRing(SpscRing.allocate(1 << 20));
  const { u32 } = ring;
  const run = (): number => {
    let sum = 0;
    for (let sent = 0; sent < BATCH; sent += perPublish) {
      for (let index = sent; index < sent + perPublish; index++) {
        const position = ring.tryClaim(messageBytes);
        u32[position >>> 2] = index;
        ring.commit(messageBytes);
      }
      ring.publish();
      for (let position = ring.poll(); position !== EMPTY; position = ring.poll()) {
        sum += u32[position >>> 2] as number;
        ring.release();
      }
      ring.acknowledge();
    }
    return sum;
  };
  return { name, operations: BATCH, run, checksum: (BATCH * (BATCH - 1)) / 2 };
}

await runMicro('ring', [
  ringCase('64 bytes, published in batches of 64', 64, 64),
  ringCase('64 bytes, published one by one', 64, 1),
  ringCase('352 bytes (an order), published in batches of 64', 352, 64),
]);
