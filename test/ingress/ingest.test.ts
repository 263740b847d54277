import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { LANE_RECOVERING } from '../../src/ring/lane.ts';
import { Harness } from './harness.ts';

describe('Intake.ingest', () => {
  it('resolves with the position when the level is reached', async () => {
    const harness = await Harness.start();
    await expect(harness.intake.ingest('orders', { key: 'a', n: 1 })).resolves.toEqual({
      partition: 0,
      offset: 0,
      epoch: 1,
      level: 'durable',
      processed: true,
      duplicate: false,
    });
    await expect(harness.intake.ingest('notes', { key: 'a' })).resolves.toMatchObject({ level: 'written' });
    await expect(harness.intake.ingest('clicks', { key: 'a' })).resolves.toMatchObject({
      level: 'received',
      processed: false,
      offset: -1,
    });
    expect(harness.lane.events[0]?.value.toString()).toBe('{"key":"a","n":1}');
  });

  it('carries an Idempotency-Key and tells duplicates', async () => {
    const harness = await Harness.start();
    harness.lane.judge = ({ idempotencyKey }) => (idempotencyKey === 'again' ? { duplicateOf: 5 } : 'accept');
    const again = await harness.intake.ingest('orders', { key: 'a' }, { idempotencyKey: 'again' });
    expect(again).toMatchObject({ duplicate: true, offset: 5 });
  });

  it('rejects with the code of the refusal', async () => {
    const harness = await Harness.start({ limits: { maxEventBytes: 100 } });
    harness.lane.judge = () => ({ errorId: ERRORS.ERR_EVENT_SCHEMA.id, detail: '[{"pointer":"/n","detail":"no"}]' });
    const { intake } = harness;
    const rows: [Promise<unknown>, string][] = [
      [intake.ingest('nope', {}), 'ERR_STREAM_UNKNOWN'],
      [intake.ingest('orders', undefined), 'ERR_EVENT_UNPARSEABLE'],
      [intake.ingest('orders', { n: 1 }), 'ERR_EVENT_KEY_MISSING'],
      [intake.ingest('orders', { key: 'x'.repeat(100) }), 'ERR_EVENT_TOO_LARGE'],
      [intake.ingest('orders', { key: 'a' }, { idempotencyKey: 'x'.repeat(256) }), 'ERR_IDENTITY_INVALID'],
    ];
    for (const [promise, code] of rows) await expect(promise).rejects.toMatchObject({ code });
    await expect(intake.ingest('orders', { key: 'a' })).rejects.toMatchObject({
      code: 'ERR_EVENT_SCHEMA',
      message: '/n: no',
      partition: 0,
    });
    harness.lane.link.status.state = LANE_RECOVERING;
    await expect(intake.ingest('orders', { key: 'a' })).rejects.toMatchObject({ code: 'ERR_NOT_READY' });
    intake.stopAccepting();
    await expect(intake.ingest('orders', { key: 'a' })).rejects.toMatchObject({ code: 'ERR_DRAINING' });
  });
});
