import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** A burst, then so little that no test is slow enough to get more. */
let engine: EngineProcess;

beforeAll(async () => {
  engine = await EngineProcess.start({
    data: freshPath(),
    partitions: 1,
    env: { MOKA_HTTP_QUOTA_EVENTS_PER_SECOND: '1', MOKA_HTTP_QUOTA_BURST: '120' },
  });
});

afterAll(() => engine.kill());

describe('a client beyond its quota', () => {
  it('is refused 429 with the time until the next event would be taken', async () => {
    const lines = Array.from({ length: 120 }, (_, n) => order(`o-${n}`));
    expect((await engine.batch(ORDERS, [...lines, ...lines])).status).toBe(200);
    const { status, json, headers } = await engine.post(ORDERS, order('more'));
    expect([status, json['code'], json['retryable']]).toEqual([429, 'ERR_OVERLOAD_QUOTA', true]);
    // The debt of the batch and one event more, less what the seconds since then have given back.
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThanOrEqual(121);
    expect(seconds).toBe(Math.ceil((json['retryAfterMs'] as number) / 1000));
    expect((await engine.batch(ORDERS, [order('more')])).status).toBe(429);
    expect(await engine.metric('moka_events_received_total')).toBe(240);
  });

  it('still reads, and sends over a WebSocket, which has credit', async () => {
    expect((await engine.get('/v1/views/orders/o-1')).status).toBe(200);
    const { socket } = await connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 1 }, [order('more')]).toString());
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', accepted: 1 });
    socket.close();
  });
});
