import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src/base/limits.ts';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { freshPath } from './support/scratch.ts';
import { allKeys, ORDERS, order, orderIds } from './support/shop.ts';

/** The disk is full when it has no more than the reserve: here all of what is free but this. */
const ROOM_BYTES = 1024 * MIB;
/** Others use the same disk meanwhile; this much more or less of it does not matter. */
const BALLAST_BYTES = 2 * ROOM_BYTES;

/** Takes room at once, without writing it. */
function takeRoom(path: string): boolean {
  return spawnSync('fallocate', ['-l', String(BALLAST_BYTES), path]).status === 0;
}

const probe = freshPath('probe');
mkdirSync(dirname(probe), { recursive: true });
const canTakeRoom = takeRoom(probe);
rmSync(probe, { force: true });

describe.skipIf(!canTakeRoom)('a disk that is full', () => {
  const data = freshPath();
  const ballast = freshPath('ballast');
  let engine: EngineProcess;
  let taken = 0;

  const send = async (): Promise<{ status: number; code: unknown; retryAfter: number }> => {
    // Large, so that what stands ready is soon used up; the rest of it is white space.
    const { status, json, headers } = await engine.post(ORDERS, JSON.stringify(order(`o-${taken}`)).padEnd(60_000));
    if (status === 201) taken += 1;
    return { status, code: json['code'], retryAfter: Number(headers.get('retry-after')) };
  };

  it('is refused with 507 when what stands ready is used up, not before', async () => {
    const { bavail, bsize } = statfsSync(dirname(data));
    const reserveBytes = bavail * bsize - ROOM_BYTES;
    engine = await EngineProcess.start({ data, partitions: 1, env: { MOKA_LOG_RESERVE_BYTES: String(reserveBytes) } });
    expect((await send()).status).toBe(201);
    expect(takeRoom(ballast)).toBe(true);
    let answer = await send();
    while (answer.status === 201) answer = await send();
    expect([answer.status, answer.code]).toEqual([507, 'ERR_DISK_FULL']);
    expect(answer.retryAfter).toBeGreaterThanOrEqual(1);
    expect(taken).toBeGreaterThan(60);
  });

  it('says so to everybody, and goes on answering questions', async () => {
    const ready = await engine.get('/readyz');
    expect([ready.status, ready.body]).toEqual([503, 'partition=0 blocked by ERR_DISK_FULL\n']);
    const batch = await engine.batch(ORDERS, [order('batch')]);
    expect(batch.status).toBe(507);
    await expect(connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL)).rejects.toThrow('507');
    expect((await engine.get('/v1/views/orders/o-0')).status).toBe(200);
    expect((await allKeys(engine, 'orders')).length).toBe(taken);
    expect(await engine.metric('moka_events_rejected_total')).toBeGreaterThan(0);
  });

  it('that has room again is used again, by itself', async () => {
    rmSync(ballast);
    let answer = await send();
    while (answer.status === 507) answer = await send();
    expect(answer.status).toBe(201);
    expect((await engine.get('/readyz')).status).toBe(200);
    const { socket } = await connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 1 }, [order('frame')]).toString());
    expect(await socket.nextJson()).toMatchObject({ accepted: 1 });
    socket.close();
  });

  it('has lost nothing', async () => {
    expect((await engine.stop()).code).toBe(0);
    expect(orderIds(data)).toEqual([...Array.from({ length: taken }, (_, n) => `o-${n}`), 'frame']);
  });
});
