import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_FRAME_EVENTS, MIB } from '../../src/base/limits.ts';
import { head, RawHttpClient } from '../http/raw-http-client.ts';
import { BAD_JSON } from './support/bad-events.ts';
import { EngineProcess } from './support/engine-process.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

/** A bad line is answered in its place and spoils no other. */
const data = freshPath();
const BATCH = `${ORDERS}/batch`;
let engine: EngineProcess;
let taken = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, partitions: 2 });
});

afterAll(() => engine.kill());

interface Result {
  status: number;
  code?: string;
  partition?: number;
  offset?: number;
  duplicate?: boolean;
  details?: { pointer: string }[];
}

async function send(lines: Uint8Array, headers: Record<string, string> = {}): Promise<Result[]> {
  const answer = await engine.post(BATCH, lines, { 'Content-Type': 'application/x-ndjson', ...headers });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  return answer.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

function lines(...values: (Uint8Array | object)[]): Uint8Array {
  const newline = Buffer.from('\n');
  return Buffer.concat(
    values.flatMap((value) => [value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)), newline]),
  );
}

function nextGood(): object {
  taken += 1;
  return order(`good-${taken}`);
}

describe('POST of a batch', () => {
  it.each(BAD_JSON)('answers a line with $name with $status $code, and takes the others', async (row) => {
    const results = await send(lines(nextGood(), row.bytes, nextGood()));
    expect(results.map(({ status, code }) => [status, code])).toEqual([
      [201, undefined],
      [row.status, row.code],
      [201, undefined],
    ]);
    if (row.pointer !== undefined) expect(results[1]?.details).toMatchObject([{ pointer: row.pointer }]);
  });

  it('answers an event that is too large in its place', async () => {
    const large = order('large', { customerId: 'c'.repeat(70_000) });
    const results = await send(lines(nextGood(), large, nextGood()));
    expect(results.map(({ status, code }) => [status, code])).toEqual([
      [201, undefined],
      [413, 'ERR_EVENT_TOO_LARGE'],
      [201, undefined],
    ]);
  });

  it('gives lines of one order their places in the order they came', async () => {
    taken += 3;
    const results = await send(lines(order('steps'), later('steps', 'changed'), later('steps', 'ready')), {
      'Idempotency-Key': 'steps',
    });
    const [first] = results;
    expect(results).toMatchObject(
      [0, 1, 2].map((step) => ({ status: 201, partition: first?.partition, offset: (first?.offset as number) + step })),
    );
  });

  it('of one line without a newline is taken', async () => {
    expect(await send(Buffer.from(JSON.stringify(nextGood())))).toMatchObject([{ status: 201 }]);
  });

  it('that is sent again gets the first answers again', async () => {
    taken += 2;
    const both = lines(order('again-1'), later('again-1', 'ready'));
    const first = await send(both, { 'Idempotency-Key': 'again' });
    const second = await send(both, { 'Idempotency-Key': 'again' });
    expect(second).toEqual(first.map((result) => ({ ...result, duplicate: true })));
  });

  it.each<[string, string, string, Record<string, string>, number, string]>([
    ['of no line', BATCH, '', {}, 400, 'ERR_EVENT_EMPTY'],
    ['to an unknown stream', '/v1/streams/order/batch', '{}', {}, 404, 'ERR_STREAM_UNKNOWN'],
    ['of JSON', BATCH, '{}', { 'Content-Type': 'application/json' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['compressed', BATCH, '{}', { 'Content-Encoding': 'gzip' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['of too many lines', BATCH, '\n'.repeat(MAX_FRAME_EVENTS + 1), {}, 413, 'ERR_HTTP_TOO_LARGE'],
    ['with a long Idempotency-Key', BATCH, '{}', { 'Idempotency-Key': 'k'.repeat(251) }, 400, 'ERR_IDENTITY_INVALID'],
  ])('%s is refused as a whole: %i %s', async (_name, path, body, headers, status, code) => {
    const answer = await engine.post(path, body, { 'Content-Type': 'application/x-ndjson', ...headers });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });

  it('is 405 with GET', async () => {
    const answer = await engine.get(BATCH);
    expect([answer.status, answer.json['code'], answer.headers.get('allow')]).toEqual([405, 'ERR_HTTP_METHOD', 'POST']);
  });

  it('is 413 before it is sent when it is too large', async () => {
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', BATCH, { 'Content-Type': 'application/x-ndjson', 'Content-Length': String(MIB + 1) }));
    const answer = await client.answer();
    expect([answer.status, answer.json['code']]).toEqual([413, 'ERR_HTTP_TOO_LARGE']);
    await client.closed();
  });

  it('is 411 without a length', async () => {
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', BATCH, { 'Content-Type': 'application/x-ndjson', 'Transfer-Encoding': 'chunked' }));
    const answer = await client.answer();
    expect([answer.status, answer.json['code']]).toEqual([411, 'ERR_HTTP_LENGTH_REQUIRED']);
    client.close();
  });

  it('whose client goes in the middle leaves nothing behind', async () => {
    const client = await RawHttpClient.open(engine.port);
    const body = JSON.stringify(order('never'));
    client.send(head('POST', BATCH, { 'Content-Type': 'application/x-ndjson', 'Content-Length': '5000' }) + body);
    client.close();
    await client.closed();
    expect(await send(lines(nextGood()))).toMatchObject([{ status: 201 }]);
  });
});

describe('the log', () => {
  it('holds what was taken and nothing else', async () => {
    await engine.stop();
    const texts = readLogs(data).map(({ bytes }) => bytes.toString());
    expect(texts.filter((text) => !/"orderId":"(good-\d+|steps|again-1)"/.test(text))).toEqual([]);
    expect(texts).toHaveLength(taken);
  });
});
