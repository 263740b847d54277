import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/limits.ts';
import { EngineProcess } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, ORDERS, order } from './support/shop.ts';

/**
 * A file system that the log itself fills up: three segments and the reserve, in which checkpoints are saved, are all
 * there is room for. Nothing of the log is to be kept beyond what recovery needs. Whoever runs the tests must be allowed
 * to mount one.
 */
const SEGMENT_BYTES = 4 * MIB;
const RESERVE_BYTES = 8 * MIB;
const DISK_BYTES = 24 * MIB;
const SEGMENTS = 3;
const FAILED_CHECKPOINTS = 'moka_checkpoints_total{partition="0",outcome="failed"}';

const mountPoint = freshPath('small');
mkdirSync(mountPoint, { recursive: true });
const isMounted =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', mountPoint]).status === 0;

describe.skipIf(!isMounted)('a disk full of log', () => {
  const data = join(mountPoint, 'data');
  const filler = join(mountPoint, 'filler');
  const env = {
    MOKA_LOG_SEGMENT_BYTES: String(SEGMENT_BYTES),
    MOKA_LOG_RESERVE_BYTES: String(RESERVE_BYTES),
    MOKA_LOG_RETENTION_BYTES: '0',
    MOKA_LOG_RETENTION_MS: '1000',
    MOKA_DEDUPE_WINDOW_MS: '1000',
    MOKA_DEDUPE_MAX_ENTRIES: '10000',
  };
  const taken: string[] = [];
  let engine: EngineProcess;

  afterAll(async () => {
    await engine.kill();
    spawnSync('umount', [mountPoint]);
    rmdirSync(mountPoint);
  });

  async function send(): Promise<number> {
    const id = `o-${taken.length}`;
    const { status, json } = await engine.post(ORDERS, JSON.stringify(order(id)).padEnd(30_000));
    if (status === 201) {
      expect(json['offset']).toBe(taken.length);
      taken.push(id);
    }
    return status;
  }

  /** Takes all that is left, to the last block. */
  function fill(): void {
    const descriptor = openSync(filler, 'w');
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(4 * KIB));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      closeSync(descriptor);
    }
  }

  function slotCount(): number {
    return readdirSync(join(data, 'log/0')).filter((name) => /^slot-\d+$/.test(name)).length;
  }

  it('stays full while there is no room for a checkpoint', async () => {
    engine = await EngineProcess.start({ data, partitions: 1, env });
    while (slotCount() < SEGMENTS) await sleep(10);
    fill();
    let status = await send();
    while (status === 201) status = await send();
    expect(status).toBe(507);
    const failed = await engine.metric(FAILED_CHECKPOINTS);
    while ((await engine.metric(FAILED_CHECKPOINTS)) <= failed) await sleep(50);
    expect(await send()).toBe(507);
    expect((await allKeys(engine, 'orders')).length).toBe(taken.length);
  });

  it('comes free by itself, as often as the log fills it', async () => {
    rmSync(filler);
    while (taken.length * 30_000 < 2 * DISK_BYTES) {
      const status = await send();
      expect([201, 507]).toContain(status);
      if (status === 507) await sleep(20);
    }
    expect(slotCount()).toBe(SEGMENTS);
  });

  it('has lost nothing', async () => {
    await engine.kill();
    const { events, end } = readLog(data, 0);
    expect([end?.kind === 'damaged', end?.nextOffset]).toEqual([false, taken.length]);
    expect(events[0]?.offset).toBeGreaterThan(0);
    engine = await EngineProcess.start({ data, env });
    expect((await allKeys(engine, 'orders')).sort()).toEqual([...taken].sort());
    while ((await send()) !== 201) await sleep(20);
    expect((await engine.stop()).code).toBe(0);
  });
});
