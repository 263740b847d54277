import { describe, expect, it } from 'vitest';
import { NO_PREFERENCE, parsePrefer } from '../../src/ingress/prefer.ts';
import { Harness, until } from './harness.ts';

describe('parsePrefer', () => {
  it('reads wait and respond-async, alone and together', () => {
    expect(parsePrefer('wait=5')).toEqual({ isAsync: false, waitMs: 5000, applied: 'wait=5' });
    expect(parsePrefer('Respond-Async')).toEqual({ isAsync: true, waitMs: -1, applied: 'respond-async' });
    expect(parsePrefer('respond-async, wait="10"; x=1')).toEqual({
      isAsync: true,
      waitMs: 10_000,
      applied: 'respond-async, wait=10',
    });
  });

  it('takes the first wait, at most 60 s', () => {
    expect(parsePrefer('wait=2, wait=7').applied).toBe('wait=2');
    expect(parsePrefer('wait=99999').applied).toBe('wait=60');
  });

  it('ignores what it does not know', () => {
    for (const header of ['', 'return=minimal', 'wait', 'wait=-1', 'wait=0', 'wait=soon']) {
      expect(parsePrefer(header)).toBe(NO_PREFERENCE);
    }
  });
});

describe('Prefer', () => {
  const ORDERS = '/v1/streams/orders';

  it('wait is applied to an answer in time', async () => {
    const harness = await Harness.start();
    const { status, headers } = await harness.post(ORDERS, '{"key":"a"}', { Prefer: 'wait=5' });
    expect([status, headers.get('preference-applied')]).toEqual([201, 'wait=5']);
  });

  it('wait makes an at-most-once stream wait for its lane', async () => {
    const harness = await Harness.start();
    const { status, json } = await harness.post('/v1/streams/clicks', '{"key":"a"}', { Prefer: 'wait=5' });
    expect([status, json['level'], json['offset']]).toEqual([201, 'durable', 0]);
  });

  it('respond-async answers on receipt', async () => {
    const harness = await Harness.start();
    const { status, json, headers } = await harness.post(ORDERS, '{"key":"a"}', { Prefer: 'respond-async' });
    expect([status, json['level'], json['processed']]).toEqual([202, 'received', false]);
    expect(headers.get('preference-applied')).toBe('respond-async');
    await until(() => harness.lane.events.length === 1);
  });

  it('wait that runs out is 504: the outcome is not known', async () => {
    const harness = await Harness.start();
    harness.lane.isHeld = true;
    const { status, json } = await harness.post(ORDERS, '{"key":"a"}', { Prefer: 'wait=1' });
    expect([status, json['code'], json['retryable']]).toEqual([504, 'ERR_HTTP_TIMEOUT', true]);
    harness.lane.isHeld = false;
    harness.wake();
    await until(() => harness.intake.outstanding === 0);
    expect(harness.lane.events).toHaveLength(1);
  });

  it('wait with respond-async that runs out is 202', async () => {
    const harness = await Harness.start();
    harness.lane.isHeld = true;
    const { status, json, headers } = await harness.post(ORDERS, '{"key":"a"}', { Prefer: 'respond-async, wait=1' });
    expect([status, json['level'], json['partition']]).toEqual([202, 'received', 0]);
    expect(headers.get('preference-applied')).toBe('respond-async, wait=1');
  });

  it('no preference waits as long as the request timeout', async () => {
    const harness = await Harness.start({ limits: { requestTimeoutMs: 1 } });
    harness.lane.isHeld = true;
    expect((await harness.post(ORDERS, '{"key":"a"}')).status).toBe(504);
  });
});
