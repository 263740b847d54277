import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/limits.ts';
import { request } from '../http/raw-http-client.ts';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, ORDERS, order, orderIds } from './support/shop.ts';

/**
 * A file system of a few MiB with not one block left, which no reserve has kept the engine from: segments cannot be
 * made, checkpoints cannot be saved. Whoever runs the tests must be allowed to mount one.
 */
const mountPoint = freshPath('tiny');
mkdirSync(mountPoint, { recursive: true });
const isMounted =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${24 * MIB}`, 'tmpfs', mountPoint]).status === 0;

const BALLAST_BYTES = 6 * MIB;

describe.skipIf(!isMounted)('a disk without room', () => {
  const data = join(mountPoint, 'data');
  /** Room for the next segment, which nobody gets at first. */
  const ballast = join(mountPoint, 'ballast');
  const env = { MOKA_LOG_RESERVE_BYTES: '0' };
  let engine: EngineProcess;
  let taken = 0;

  afterAll(async () => {
    await engine.kill();
    spawnSync('umount', [mountPoint]);
    rmdirSync(mountPoint);
  });

  /** Takes whatever is left, to the last block. */
  function fill(): void {
    const descriptor = openSync(join(mountPoint, 'filler'), 'w');
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(4 * KIB));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      closeSync(descriptor);
    }
  }

  it('refuses intake and puts off checkpoints, and the engine goes on', async () => {
    engine = await EngineProcess.start({ data, partitions: 1, env });
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
    let status = 201;
    while (status === 201) {
      ({ status } = await engine.post(ORDERS, JSON.stringify(order(`o-${taken}`)).padEnd(20_000)));
      if (status === 201) taken += 1;
    }
    expect(status).toBe(507);
    fill();
    const saves = 'moka_checkpoints_total{partition="0",outcome="failed"}';
    while (!(await failed(saves))) {
      await request(engine.adminPort, 'POST', '/admin/checkpoint');
      await sleep(50);
    }
    const { status: unsaved, json } = await request(engine.adminPort, 'POST', '/admin/checkpoint?wait=30');
    expect([unsaved, json['detail']]).toEqual([507, 'checkpoint of partition=0 finds no room on the disk']);
    expect((await allKeys(engine, 'orders')).length).toBe(taken);
  });

  async function failed(metric: string): Promise<boolean> {
    const { body } = await engine.get('/metrics');
    const line = body.split('\n').find((text) => text.startsWith(metric));
    return Number(line?.split(' ').at(-1) ?? 0) > 0;
  }

  it('does not keep a killed engine from starting and answering questions', async () => {
    await engine.kill();
    engine = await EngineProcess.start({ data, env });
    expect((await allKeys(engine, 'orders')).length).toBe(taken);
    const refused = await engine.post(ORDERS, order('refused'));
    expect([refused.status, refused.json['code']]).toEqual([507, 'ERR_DISK_FULL']);
  });

  it('is used again when there is room', async () => {
    rmSync(ballast);
    let status = 507;
    while (status === 507) ({ status } = await engine.post(ORDERS, order('after')));
    expect(status).toBe(201);
    expect((await engine.stop()).code).toBe(0);
    expect(orderIds(data)).toEqual([...Array.from({ length: taken }, (_, n) => `o-${n}`), 'after']);
  });
});
