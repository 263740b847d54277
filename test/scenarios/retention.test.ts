import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src/base/limits.ts';
import { request } from '../http/raw-http-client.ts';
import { EngineProcess } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, later, ORDERS, order } from './support/shop.ts';

const ORDER_COUNT = 1600;
const SEGMENT_BYTES = 4 * MIB;
const ORDER_BYTES = 60_000;
/** Less than a segment is written from one checkpoint to the next. */
const ORDERS_PER_CHECKPOINT = 50;
/** 16 MiB of log may pile up beyond what is to be kept, here nothing; a checkpoint that finds more lets go of it. */
const SEGMENTS_AFTER_CHECKPOINT = 4;
/**
 * One more is begun before the next checkpoint, two stand ready behind it, and one may be made while those that are given
 * back are not ready yet. They are used again: it never becomes more.
 */
const SLOTS = SEGMENTS_AFTER_CHECKPOINT + 1 + 2 + 1;

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

/** Slots that hold a segment, by the mark they begin with. */
function segmentCount(directory: string): number {
  const mark = Buffer.alloc(4);
  return slots(directory).filter((name) => {
    const file = openSync(join(directory, name), 'r');
    readSync(file, mark, 0, mark.length, 0);
    closeSync(file);
    return mark.toString() === 'MOKS';
  }).length;
}

/** Also one that is being made. */
function slots(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('slot-'));
}

describe('the log', () => {
  it('gives back what a checkpoint holds and nobody needs any more, and starts again from the rest', async () => {
    const data = freshPath();
    const log = join(data, 'log/0');
    const env = {
      MOKA_LOG_SEGMENT_BYTES: String(SEGMENT_BYTES),
      MOKA_LOG_RETENTION_BYTES: '0',
      MOKA_LOG_RETENTION_MS: '1000',
      MOKA_DEDUPE_WINDOW_MS: '1000',
      MOKA_DEDUPE_MAX_ENTRIES: '10000',
    };
    let engine = await EngineProcess.start({ data, partitions: 1, env });
    const wide = (id: string): string => JSON.stringify(order(id)).padEnd(ORDER_BYTES);
    let most = 0;
    for (let n = 0; n < ORDER_COUNT; n++) {
      expect((await posted(engine, wide(`o-${n}`))).status).toBe(201);
      expect((await posted(engine, later(`o-${n}`, 'cancelled'), { 'Idempotency-Key': `c-${n}` })).status).toBe(201);
      most = Math.max(most, slots(log).length);
      if (n % ORDERS_PER_CHECKPOINT !== 0) continue;
      await request(engine.adminPort, 'POST', '/admin/checkpoint');
      while (segmentCount(log) > SEGMENTS_AFTER_CHECKPOINT) await sleep(10);
    }
    expect(most).toBeLessThanOrEqual(SLOTS);
    await engine.kill();
    const { events, end } = readLog(data, 0);
    expect([end?.kind === 'damaged', end?.nextOffset]).toEqual([false, 2 * ORDER_COUNT]);
    expect(events[0]?.offset).toBeGreaterThan(0);
    engine = await EngineProcess.start({ data, env });
    expect(await allKeys(engine, 'orders')).toEqual([]);
    expect((await engine.post(ORDERS, order('next'))).json['offset']).toBe(2 * ORDER_COUNT);
    expect((await engine.stop()).code).toBe(0);
  });
});
