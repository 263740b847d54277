import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { request } from '../http/raw-http-client.ts';
import { EngineProcess } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, later, ORDERS, order } from './support/shop.ts';

const ORDER_COUNT = 1600;

/** While the next segment is being made the answer is 503, and a client comes back. */
async function posted(
  engine: EngineProcess,
  event: string | object,
  headers: Record<string, string> = {},
): ReturnType<EngineProcess['post']> {
  let answer = await engine.post(ORDERS, event, headers);
  for (let tries = 0; answer.status === 503 && tries < 200; tries++) {
    await sleep(50);
    answer = await engine.post(ORDERS, event, headers);
  }
  return answer;
}

describe('the log', () => {
  it('gives back what a checkpoint holds and nobody needs any more, and starts again from the rest', async () => {
    const data = freshPath();
    const env = {
      MOKA_LOG_SEGMENT_BYTES: String(4 * 1024 * 1024),
      MOKA_LOG_RETENTION_BYTES: '0',
      MOKA_LOG_RETENTION_MS: '1000',
      MOKA_DEDUPE_WINDOW_MS: '1000',
      MOKA_DEDUPE_MAX_ENTRIES: '10000',
    };
    let engine = await EngineProcess.start({ data, partitions: 1, env });
    const wide = (id: string): string => JSON.stringify(order(id)).padEnd(60_000);
    let slots = 0;
    for (let n = 0; n < ORDER_COUNT; n++) {
      expect((await posted(engine, wide(`o-${n}`))).status).toBe(201);
      expect((await posted(engine, later(`o-${n}`, 'cancelled'), { 'Idempotency-Key': `c-${n}` })).status).toBe(201);
      if (n % 50 === 0) await request(engine.adminPort, 'POST', '/admin/checkpoint');
      slots = Math.max(slots, readdirSync(join(data, 'log/0')).length);
    }
    // Without giving any back there would be 25 and those that stand ready.
    expect(slots).toBeLessThan(16);
    await engine.kill();
    const { events, end } = readLog(data, 0);
    expect([end?.kind === 'damaged', end?.nextOffset]).toEqual([false, 2 * ORDER_COUNT]);
    expect(events[0]?.offset).toBeGreaterThan(0);
    engine = await EngineProcess.start({ data, env });
    expect(await allKeys(engine, 'orders')).toEqual([]);
    expect((await posted(engine, order('next'))).json['offset']).toBe(2 * ORDER_COUNT);
    expect((await engine.stop()).code).toBe(0);
  });
});
