import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import {
  LANE_DRAINING,
  LANE_RECOVERING,
  LANE_STARTING,
  LANE_STOPPED,
  PRESSURE_FULL,
  PRESSURE_HIGH,
} from '../../src/ring/lane.ts';
import { head, RawHttpClient } from '../http/raw-http-client.ts';
import { Harness, until } from './harness.ts';

const ORDERS = '/v1/streams/orders';
const POST_A = `${head('POST', ORDERS, { 'Content-Type': 'application/json', 'Content-Length': '11' })}{"key":"a"}`;

/** A key of each of two partitions. */
async function keysOf(harness: Harness): Promise<[string, string]> {
  const keys: string[] = [];
  for (let n = 0; keys[0] === undefined || keys[1] === undefined; n++) {
    const { json } = await harness.post(ORDERS, `{"key":"k${n}"}`);
    keys[json['partition'] as number] = `k${n}`;
  }
  return keys as [string, string];
}

describe('POST under pressure', () => {
  it('is refused by a lane that does not run', async () => {
    const harness = await Harness.start();
    const rows: [number, number, string][] = [
      [LANE_STARTING, 503, 'ERR_NOT_READY'],
      [LANE_RECOVERING, 503, 'ERR_NOT_READY'],
      [LANE_DRAINING, 503, 'ERR_DRAINING'],
      [LANE_STOPPED, 503, 'ERR_PARTITION_STOPPED'],
    ];
    for (const [state, status, code] of rows) {
      harness.lane.link.status.state = state;
      const answer = await harness.post(ORDERS, '{"key":"a"}');
      expect([answer.status, answer.json['code'], answer.json['retryable']]).toEqual([status, code, true]);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('is refused 507 while the disk is full, and taken when it is not', async () => {
    const harness = await Harness.start();
    harness.lane.link.status.intakeBlockedReason = ERRORS.ERR_DISK_FULL.id;
    const refused = await harness.post(ORDERS, '{"key":"a"}');
    expect([refused.status, refused.json['code']]).toEqual([507, 'ERR_DISK_FULL']);
    harness.lane.link.status.intakeBlockedReason = 0;
    expect((await harness.post(ORDERS, '{"key":"a"}')).status).toBe(201);
  });

  it('is refused by the box at header time when every lane is full', async () => {
    const harness = await Harness.start({ partitions: 2 });
    for (const lane of harness.lanes) lane.link.status.pressure = PRESSURE_FULL;
    const client = await RawHttpClient.open(harness.port);
    client.send(head('POST', ORDERS, { 'Content-Type': 'application/json', 'Content-Length': '11' }));
    const { status, json, headers } = await client.answer();
    expect([status, json['code'], json['retryAfterMs'], headers.get('retry-after')]).toEqual([
      503,
      'ERR_OVERLOAD_BOX',
      1000,
      '1',
    ]);
    client.close();
  });

  it('is refused by the lane of its key alone, which is named', async () => {
    const harness = await Harness.start({ partitions: 2 });
    const [first, second] = await keysOf(harness);
    (harness.lanes[1] as (typeof harness.lanes)[0]).link.status.pressure = PRESSURE_FULL;
    expect((await harness.post(ORDERS, `{"key":"${first}"}`)).status).toBe(201);
    const { status, json } = await harness.post(ORDERS, `{"key":"${second}"}`);
    expect([status, json['code'], json['partition']]).toEqual([503, 'ERR_OVERLOAD_PARTITION', 1]);
  });

  it('is taken under high pressure', async () => {
    const harness = await Harness.start();
    harness.lane.link.status.pressure = PRESSURE_HIGH;
    expect((await harness.post(ORDERS, '{"key":"a"}')).status).toBe(201);
  });

  it('is refused when the ring is full, and nothing that was taken is lost', async () => {
    const harness = await Harness.start({ lane: { intakeBytes: 1024 * 1024 } });
    harness.lane.isHeld = true;
    const body = `{"key":"a","x":"${'x'.repeat(60_000)}"}`;
    const sent = Array.from({ length: 40 }, () => harness.post(ORDERS, body));
    await until(() => harness.intake.outstanding > 10);
    await new Promise((resolve) => setTimeout(resolve, 50));
    harness.lane.isHeld = false;
    harness.wake();
    const answers = await Promise.all(sent);
    const taken = answers.filter(({ status }) => status === 201).length;
    expect(taken).toBe(harness.lane.events.length);
    expect(taken).toBeLessThan(20);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.json).toMatchObject({ code: 'ERR_OVERLOAD_PARTITION', partition: 0 });
    expect(harness.intake.outstanding).toBe(0);
  });

  it('is told to come back when the backlog will have drained', async () => {
    const harness = await Harness.start({ partitions: 1 });
    harness.lane.isHeld = true;
    const sent = Array.from({ length: 10 }, () => harness.post(ORDERS, '{"key":"a"}'));
    await until(() => harness.intake.outstanding === 10);
    harness.lane.link.status.pressure = PRESSURE_FULL;
    for (const [drainRate, seconds] of [
      [2, 5],
      [3, 4],
      [0.01, 60],
      [1000, 1],
    ] as const) {
      harness.lane.link.status.drainRate = drainRate;
      const { headers, json } = await harness.post(ORDERS, '{"key":"a"}');
      expect(headers.get('retry-after')).toBe(`${seconds}`);
      const exact = Math.ceil(Math.min(60_000, Math.max(1000, 10_000 / drainRate)));
      expect(json['retryAfterMs']).toBe(exact);
    }
    harness.lane.isHeld = false;
    harness.wake();
    await Promise.all(sent);
  });

  it('is refused when as many replies wait as may', async () => {
    const harness = await Harness.start({ limits: { maxOutstanding: 2 } });
    harness.lane.isHeld = true;
    const sent = [harness.post(ORDERS, '{"key":"a"}'), harness.post(ORDERS, '{"key":"a"}')];
    await until(() => harness.intake.outstanding === 2);
    expect((await harness.post(ORDERS, '{"key":"a"}')).json['code']).toBe('ERR_OVERLOAD_BOX');
    harness.lane.isHeld = false;
    harness.wake();
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([201, 201]);
  });

  it('is refused when the acks that are owed fill the ack ring', async () => {
    const harness = await Harness.start({ lane: { ackBytes: 2048 } });
    harness.lane.isSilent = true;
    const owed = 2048 / 40 - 1;
    const sent = Array.from({ length: Math.floor(owed) }, () => harness.post(ORDERS, '{"key":"a"}'));
    await until(() => harness.lane.events.length === sent.length);
    expect((await harness.post(ORDERS, '{"key":"a"}')).json['code']).toBe('ERR_OVERLOAD_BOX');
    harness.lane.isSilent = false;
    harness.wake();
    expect((await Promise.all(sent)).every(({ status }) => status === 201)).toBe(true);
    for (let n = 0; n < 40; n++) expect((await harness.post(ORDERS, '{"key":"a"}')).status).toBe(201);
  });

  it('is refused 429 beyond the client`s quota', async () => {
    const harness = await Harness.start({ quota: { eventsPerSecond: 0.5, burst: 2 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await harness.post(ORDERS, '{"key":"a"}')).status);
    expect(statuses).toEqual([201, 201, 429]);
    const { json, headers } = await harness.post(ORDERS, '{"key":"a"}');
    expect(json['code']).toBe('ERR_OVERLOAD_QUOTA');
    expect(json['retryAfterMs']).toBeLessThanOrEqual(2000);
    expect(headers.get('retry-after')).toBe('2');
  });

  it('is refused while bodies in pieces take all their memory', async () => {
    const harness = await Harness.start({ limits: { gatherBytes: 65536 } });
    const open = await RawHttpClient.open(harness.port);
    open.send(POST_A.slice(0, -3));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const second = await RawHttpClient.open(harness.port);
    second.send(POST_A.slice(0, -3));
    await new Promise((resolve) => setTimeout(resolve, 10));
    second.send(POST_A.slice(-3));
    expect((await second.answer()).json['code']).toBe('ERR_OVERLOAD_BOX');
    open.send(POST_A.slice(-3));
    expect((await open.answer()).status).toBe(201);
    second.send(POST_A);
    expect((await second.answer()).status).toBe(201);
    for (const client of [open, second]) client.close();
  });
});

describe('a client that goes away', () => {
  it('before its body is there leaves nothing behind', async () => {
    const harness = await Harness.start({ limits: { gatherBytes: 65536 } });
    for (let n = 0; n < 3; n++) {
      const client = await RawHttpClient.open(harness.port);
      client.send(POST_A.slice(0, -3));
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(harness.intake.outstanding).toBe(0);
    expect(harness.lane.events).toHaveLength(0);
    expect((await harness.post(ORDERS, '{"key":"a"}')).status).toBe(201);
  });

  it('before its ack keeps its slot until the ack, and its event', async () => {
    const harness = await Harness.start({ limits: { maxOutstanding: 1 } });
    harness.lane.isHeld = true;
    const client = await RawHttpClient.open(harness.port);
    client.send(POST_A);
    await until(() => harness.intake.outstanding === 1);
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(harness.intake.outstanding).toBe(1);
    harness.lane.isHeld = false;
    harness.wake();
    await until(() => harness.intake.outstanding === 0);
    expect(harness.lane.events).toHaveLength(1);
    expect((await harness.post(ORDERS, '{"key":"a"}')).json['offset']).toBe(1);
  });

  it('with a second request before the first answer loses its connection, not its event', async () => {
    const harness = await Harness.start();
    harness.lane.isHeld = true;
    const client = await RawHttpClient.open(harness.port);
    client.send(POST_A);
    await until(() => harness.intake.outstanding === 1);
    client.send(POST_A);
    await client.closed();
    harness.lane.isHeld = false;
    harness.wake();
    await until(() => harness.intake.outstanding === 0);
    expect(harness.lane.events).toHaveLength(1);
  });
});
