import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { request } from '../http/raw-http-client.ts';
import { EngineProcess } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, later, ORDERS, order } from './support/shop.ts';

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
    // Each of these fills a segment; all of them together would be a dozen.
    const wide = (id: string): string => JSON.stringify(order(id)).padEnd(60_000);
    let slots = 0;
    for (let n = 0; n < 800; n++) {
      expect((await engine.post(ORDERS, wide(`o-${n}`))).status).toBe(201);
      expect((await engine.post(ORDERS, later(`o-${n}`, 'cancelled'), { 'Idempotency-Key': `c-${n}` })).status).toBe(
        201,
      );
      if (n % 50 === 0) await request(engine.adminPort, 'POST', '/admin/checkpoint');
      slots = Math.max(slots, readdirSync(join(data, 'log/0')).length);
    }
    // five segments of slack, one in use, two that stand ready, one that is given back, and the file LOG
    expect(slots).toBeLessThan(11);
    await engine.kill();
    const { events, end } = readLog(data, 0);
    expect([end?.kind === 'damaged', end?.nextOffset]).toEqual([false, 1600]);
    expect(events[0]?.offset).toBeGreaterThan(0);
    engine = await EngineProcess.start({ data, env });
    expect(await allKeys(engine, 'orders')).toEqual([]);
    expect((await engine.post(ORDERS, order('next'))).json['offset']).toBe(1600);
    expect((await engine.stop()).code).toBe(0);
  });
});
