import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { MAX_FRAME_EVENTS } from '../../src/base/limits.ts';
import { PRESSURE_FULL } from '../../src/ring/lane.ts';
import { head, type RawAnswer, RawHttpClient } from '../http/raw-http-client.ts';
import { Harness, until } from './harness.ts';

const BATCH = '/v1/streams/orders/batch';

type Line = Record<string, unknown>;

function linesOf(answer: RawAnswer): Line[] {
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  expect(answer.body.endsWith('\n')).toBe(true);
  return answer.body
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function key(line: Line): unknown[] {
  return [line['status'], line['code'] ?? line['offset']];
}

describe('POST /v1/streams/{stream}/batch', () => {
  it('answers one result per line, in the order of the lines', async () => {
    const harness = await Harness.start({ partitions: 3 });
    const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
    const answer = await harness.batch(BATCH, keys.map((k) => `{"key":"${k}"}`).join('\n'));
    expect(answer.status).toBe(200);
    const lines = linesOf(answer);
    expect(lines).toHaveLength(50);
    lines.forEach((line, index) => {
      expect(line).toMatchObject({ status: 201, epoch: 1, level: 'durable', processed: true, duplicate: false });
      const lane = harness.lanes[line['partition'] as number];
      expect(lane?.events[line['offset'] as number]?.value.toString()).toBe(`{"key":"k${index}"}`);
    });
    expect(harness.lanes.map((lane) => lane.messages.length)).toEqual([1, 1, 1]);
  });

  it('lets no line spoil another', async () => {
    const harness = await Harness.start();
    const rejected = { errorId: ERRORS.ERR_EVENT_SCHEMA.id, detail: '[{"pointer":"/n","detail":"must be integer"}]' };
    harness.lane.judge = ({ value }) => {
      if (value.includes('bad')) return rejected;
      return value.includes('again') ? { duplicateOf: 7 } : 'accept';
    };
    const body = [
      '{"key":"a"}',
      'nonsense',
      '{"key":"a","n":"bad"}',
      '',
      '{"key":"again"}',
      '{"n":1}',
      '{"key":"b"}',
      '',
    ];
    const lines = linesOf(await harness.batch(BATCH, body.join('\n')));
    expect(lines.map(key)).toEqual([
      [201, 0],
      [400, 'ERR_EVENT_UNPARSEABLE'],
      [422, 'ERR_EVENT_SCHEMA'],
      [400, 'ERR_EVENT_EMPTY'],
      [201, 7],
      [422, 'ERR_EVENT_KEY_MISSING'],
      [201, 1],
    ]);
    expect(lines[2]?.['details']).toEqual([{ pointer: '/n', detail: 'must be integer' }]);
    expect(lines[4]?.['duplicate']).toBe(true);
  });

  it('refuses an event that is too large and takes the others', async () => {
    const harness = await Harness.start({ limits: { maxEventBytes: 100 } });
    const lines = linesOf(await harness.batch(BATCH, `{"key":"a","x":"${'x'.repeat(100)}"}\n{"key":"b"}\n`));
    expect(lines.map(key)).toEqual([
      [413, 'ERR_EVENT_TOO_LARGE'],
      [201, 0],
    ]);
  });

  it('refuses every later line of a lane after the first overload, and no line of another', async () => {
    const harness = await Harness.start({ partitions: 2, lane: { intakeBytes: 1024 * 1024 } });
    harness.lanes.forEach((lane) => {
      lane.isSilent = true;
    });
    const filler = `{"key":"a","x":"${'x'.repeat(60_000)}"}\n`.repeat(15);
    const firstAnswer = harness.batch(BATCH, filler);
    await until(() => harness.intake.outstanding === 1);
    harness.lanes.forEach((lane) => {
      lane.isHeld = true;
    });
    const secondBody: string[] = [];
    for (let n = 0; n < 40; n++)
      secondBody.push(`{"key":"${n % 4 === 0 ? 'a' : `k${n}`}","x":"${'x'.repeat(n % 4 === 0 ? 60_000 : 10)}"}`);
    secondBody.push('{"key":"a","last":true}');
    const secondAnswer = harness.batch(BATCH, secondBody.join('\n'));
    await until(() => harness.intake.outstanding === 2);
    const thirdAnswer = harness.batch(BATCH, `${`{"key":"a","x":"${'y'.repeat(60_000)}"}\n`.repeat(16)}{"key":"a"}`);
    await until(() => harness.intake.outstanding === 3);
    harness.lanes.forEach((lane) => {
      lane.isHeld = false;
      lane.isSilent = false;
    });
    harness.wake();
    await firstAnswer;
    const answers = [await secondAnswer, await thirdAnswer];
    for (const answer of answers) {
      const lines = linesOf(answer);
      const refused = lines.map((line) => line['status'] === 503);
      const partitions = lines.map((line) => line['partition']);
      for (const partition of [0, 1]) {
        const ofLane = refused.filter((_, index) => partitions[index] === partition);
        const first = ofLane.indexOf(true);
        if (first >= 0) expect(ofLane.slice(first).every((isRefused) => isRefused)).toBe(true);
      }
      for (const line of lines.filter((each) => each['status'] === 503)) {
        expect(line).toMatchObject({ code: 'ERR_OVERLOAD_PARTITION', retryAfterMs: 1000 });
      }
    }
    const thirdLines = linesOf(answers[1] as RawAnswer);
    expect(thirdLines.at(-1)?.['status']).toBe(503);
    expect(answers[1]?.headers.get('retry-after')).toBe('1');
  });

  it('refuses the lines of a full lane alone', async () => {
    const harness = await Harness.start({ partitions: 2 });
    (harness.lanes[0] as (typeof harness.lanes)[0]).link.status.pressure = PRESSURE_FULL;
    const body = Array.from({ length: 20 }, (_, n) => `{"key":"k${n}"}`).join('\n');
    const lines = linesOf(await harness.batch(BATCH, body));
    for (const line of lines) expect(line['status']).toBe(line['partition'] === 0 ? 503 : 201);
    expect(new Set(lines.map((line) => line['status'])).size).toBe(2);
  });

  it('cuts more events than a message may have, and reads their acks in order', async () => {
    const harness = await Harness.start();
    const body = Array.from({ length: MAX_FRAME_EVENTS }, (_, n) => `{"key":"a","n":${n}}`).join('\n');
    const lines = linesOf(await harness.batch(BATCH, body));
    expect(lines.map((line) => line['offset'])).toEqual(Array.from({ length: MAX_FRAME_EVENTS }, (_, n) => n));
    expect(harness.lane.messages.length).toBeGreaterThan(1);
    expect(harness.lane.events.map(({ header }) => header.frameIndex)).toEqual(lines.map((_, n) => n));
  });

  it('gives each line an identity of its own under the batch`s Idempotency-Key', async () => {
    const harness = await Harness.start();
    await harness.batch(BATCH, '{"key":"a"}\n{"key":"a"}\n{"key":"b"}', { 'Idempotency-Key': '"b-1"' });
    expect(harness.lane.events.map((event) => event.idempotencyKey)).toEqual(['b-1:0', 'b-1:1', 'b-1:2']);
    const hashes = new Set(
      harness.lane.events.map(({ header }) => `${header.idempotencyLow}:${header.idempotencyHigh}`),
    );
    expect(hashes.size).toBe(3);
  });

  it('acknowledges at most once on receipt, and on request', async () => {
    const harness = await Harness.start();
    for (const [path, headers] of [
      ['/v1/streams/clicks/batch', {}],
      [BATCH, { Prefer: 'respond-async' }],
    ] as const) {
      const lines = linesOf(await harness.batch(path, '{"key":"a"}\nx', headers));
      expect(lines.map(key)).toEqual([
        [202, null],
        [400, 'ERR_EVENT_UNPARSEABLE'],
      ]);
    }
    expect(harness.intake.outstanding).toBe(0);
  });

  it('answers a batch of refused lines at once', async () => {
    const harness = await Harness.start();
    expect(linesOf(await harness.batch(BATCH, 'x\ny\n')).map(key)).toEqual([
      [400, 'ERR_EVENT_UNPARSEABLE'],
      [400, 'ERR_EVENT_UNPARSEABLE'],
    ]);
    expect(harness.intake.outstanding).toBe(0);
  });

  it('refuses the whole of what is no batch', async () => {
    const harness = await Harness.start();
    const type = await harness.post(BATCH, '{"key":"a"}');
    expect([type.status, type.json['code']]).toEqual([415, 'ERR_HTTP_MEDIA_TYPE']);
    const empty = await harness.batch(BATCH, '');
    expect([empty.status, empty.json['code']]).toEqual([400, 'ERR_EVENT_EMPTY']);
    const lines = await harness.batch(BATCH, '{}\n'.repeat(MAX_FRAME_EVENTS + 1));
    expect([lines.status, lines.json['code']]).toEqual([413, 'ERR_HTTP_TOO_LARGE']);
    const identity = await harness.batch(BATCH, '{}', { 'Idempotency-Key': 'x'.repeat(251) });
    expect([identity.status, identity.json['code']]).toEqual([400, 'ERR_IDENTITY_INVALID']);
    const client = await RawHttpClient.open(harness.port);
    client.send(head('POST', BATCH, { 'Content-Type': 'application/x-ndjson', 'Content-Length': '1048577' }));
    expect((await client.answer()).status).toBe(413);
    await client.closed();
    expect((await harness.batch('/v1/streams/nope/batch', '{}')).json['code']).toBe('ERR_STREAM_UNKNOWN');
  });

  it('answers 504 when its time is up, and 202 by line when it may', async () => {
    const harness = await Harness.start();
    harness.lane.isHeld = true;
    expect((await harness.batch(BATCH, '{"key":"a"}', { Prefer: 'wait=1' })).json['code']).toBe('ERR_HTTP_TIMEOUT');
    const late = await harness.batch(BATCH, '{"key":"a"}\nx', { Prefer: 'wait=1, respond-async' });
    expect(linesOf(late).map((line) => line['status'])).toEqual([202, 400]);
    harness.lane.isHeld = false;
    harness.wake();
    await until(() => harness.intake.outstanding === 0);
    expect(harness.lane.events).toHaveLength(2);
  });

  it('keeps its slot until the acks of a client that has gone', async () => {
    const harness = await Harness.start({ partitions: 2 });
    for (const lane of harness.lanes) lane.isHeld = true;
    const client = await RawHttpClient.open(harness.port);
    const body = Array.from({ length: 10 }, (_, n) => `{"key":"k${n}"}`).join('\n');
    client.send(
      head('POST', BATCH, { 'Content-Type': 'application/x-ndjson', 'Content-Length': `${body.length}` }) + body,
    );
    await until(() => harness.intake.outstanding === 1);
    client.close();
    for (const lane of harness.lanes) lane.isHeld = false;
    (harness.lanes[1] as (typeof harness.lanes)[0]).isHeld = true;
    harness.wake();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(harness.intake.outstanding).toBe(1);
    (harness.lanes[1] as (typeof harness.lanes)[0]).isHeld = false;
    harness.wake();
    await until(() => harness.intake.outstanding === 0);
  });

  it('takes its lines from the client`s quota together', async () => {
    const harness = await Harness.start({ quota: { eventsPerSecond: 0.1, burst: 3 } });
    expect((await harness.batch(BATCH, '{"key":"a"}\n{"key":"a"}')).status).toBe(200);
    expect((await harness.batch(BATCH, '{"key":"a"}\n{"key":"a"}')).status).toBe(429);
  });
});
