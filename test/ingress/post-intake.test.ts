import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { KeyedHash } from '../../src/base/hash.ts';
import { IDENTITY_IDEMPOTENCY, identityOf } from '../../src/record/identity.ts';
import { LEVEL_DURABLE, LEVEL_RECEIVED, LEVEL_WRITTEN } from '../../src/record/intake-message.ts';
import { CODEC_JSON, CODEC_MSGPACK } from '../../src/record/layout.ts';
import { head, RawHttpClient, request } from '../http/raw-http-client.ts';
import type { TakenEvent } from './fake-lane.ts';
import { Harness, IDENTITY_SECRET, ROUTING_SECRET, until } from './harness.ts';

const ORDERS = '/v1/streams/orders';

describe('POST /v1/streams/{stream}', () => {
  it('answers 201 with the position and the level', async () => {
    const harness = await Harness.start();
    await harness.post(ORDERS, '{"key":"a"}');
    const { status, headers, body } = await harness.post(ORDERS, '{"key":"b"}');
    expect(status).toBe(201);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toBe('{"partition":0,"offset":1,"epoch":1,"level":"durable","processed":true,"duplicate":false}');
  });

  it('lays the event down as it came, with the hashes of its key and its Idempotency-Key', async () => {
    const harness = await Harness.start();
    const body = '{"n":1, "key" : "käse"}';
    await harness.post(ORDERS, body, { 'Idempotency-Key': '"k-1"' });
    const [{ header, value, idempotencyKey }] = harness.lane.events as [TakenEvent];
    const routing = new KeyedHash(ROUTING_SECRET);
    routing.hashString('käse');
    const identity = new KeyedHash(IDENTITY_SECRET);
    identityOf(identity, 0, routing.low, routing.high, IDENTITY_IDEMPOTENCY, 'k-1');
    expect(value.toString()).toBe(body);
    expect(idempotencyKey).toBe('k-1');
    expect(header).toMatchObject({
      streamId: 0,
      codec: CODEC_JSON,
      keyLow: routing.low,
      keyHigh: routing.high,
      idempotencyLow: identity.low,
      idempotencyHigh: identity.high,
      producerLow: 0,
      producerSequence: -1,
      frameIndex: 0,
    });
    expect(harness.lane.levels).toEqual([LEVEL_DURABLE]);
  });

  it('routes a key alike however it is written', async () => {
    const harness = await Harness.start();
    for (const body of ['{"key":"12"}', '{"key":12}', '{"key":"\\u0031\\u0032"}']) {
      expect((await harness.post(ORDERS, body)).status).toBe(201);
    }
    const hashes = new Set(harness.lane.events.map(({ header }) => `${header.keyLow}:${header.keyHigh}`));
    expect(hashes.size).toBe(1);
  });

  it('takes msgpack', async () => {
    const harness = await Harness.start();
    const body = Buffer.from([0x81, 0xa3, 0x6b, 0x65, 0x79, 0xa1, 0x61]);
    const { status } = await harness.post(ORDERS, body, { 'Content-Type': 'application/msgpack' });
    expect([status, harness.lane.events[0]?.header.codec]).toEqual([201, CODEC_MSGPACK]);
  });

  it('answers a duplicate with the position of its first', async () => {
    const harness = await Harness.start();
    harness.lane.judge = () => ({ duplicateOf: 41 });
    const { status, json } = await harness.post(ORDERS, '{"key":"a"}');
    expect([status, json['offset'], json['duplicate']]).toEqual([201, 41, true]);
  });

  it('answers what the lane refuses, with pointers as details', async () => {
    const harness = await Harness.start();
    harness.lane.judge = () => ({
      errorId: ERRORS.ERR_EVENT_SCHEMA.id,
      detail: '[{"pointer":"/n","detail":"must be integer"}]',
    });
    const { status, json, headers } = await harness.post(ORDERS, '{"key":"a","n":"x"}');
    expect(status).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({
      type: 'urn:moka:problem:event-schema',
      code: 'ERR_EVENT_SCHEMA',
      detail: '/n: must be integer',
      details: [{ pointer: '/n', detail: 'must be integer' }],
      retryable: false,
    });
    expect(typeof json['requestId']).toBe('string');
  });

  it('gives the words of the lane where there are no pointers, and a time where a retry helps', async () => {
    const harness = await Harness.start();
    harness.lane.judge = () => ({ errorId: ERRORS.ERR_IDENTITY_WINDOW_FULL.id, detail: 'every entry is in use' });
    const { status, json, headers } = await harness.post(ORDERS, '{"key":"a"}');
    expect([status, json['detail'], json['partition'], json['retryAfterMs'], headers.get('retry-after')]).toEqual([
      503,
      'every entry is in use',
      0,
      2000,
      '2',
    ]);
  });

  it('acknowledges at most once on receipt', async () => {
    const harness = await Harness.start();
    const { status, body } = await harness.post('/v1/streams/clicks', '{"key":"a"}');
    expect(status).toBe(202);
    expect(body).toBe('{"partition":0,"offset":null,"epoch":1,"level":"received","processed":false,"duplicate":false}');
    await until(() => harness.lane.events.length === 1);
    expect(harness.lane.levels).toEqual([LEVEL_RECEIVED]);
    expect(harness.intake.outstanding).toBe(0);
  });

  it('asks for the level of the stream', async () => {
    const harness = await Harness.start();
    const { json } = await harness.post('/v1/streams/notes', '{"key":"a"}');
    expect(json['level']).toBe('written');
    expect(harness.lane.levels).toEqual([LEVEL_WRITTEN]);
  });

  it('joins a body that comes in pieces', async () => {
    const harness = await Harness.start();
    const client = await RawHttpClient.open(harness.port);
    const body = '{"key":"abc"}';
    client.send(head('POST', ORDERS, { 'Content-Type': 'application/json', 'Content-Length': `${body.length}` }));
    for (const piece of [body.slice(0, 3), body.slice(3, 9), body.slice(9)]) {
      client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await client.answer()).status).toBe(201);
    expect(harness.lane.events[0]?.value.toString()).toBe(body);
    client.close();
  });

  it('tells a client that asks to go on with its body', async () => {
    const harness = await Harness.start();
    const client = await RawHttpClient.open(harness.port);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': '11', Expect: '100-continue' };
    client.send(head('POST', ORDERS, headers));
    expect((await client.answer()).status).toBe(100);
    client.send('{"key":"a"}');
    expect((await client.answer()).status).toBe(201);
    client.close();
  });

  it('serves many requests on one connection', async () => {
    const harness = await Harness.start();
    const client = await RawHttpClient.open(harness.port);
    for (let n = 0; n < 20; n++) {
      const body = `{"key":"k${n}"}`;
      client.send(
        head('POST', ORDERS, { 'Content-Type': 'application/json', 'Content-Length': `${body.length}` }) + body,
      );
      expect((await client.answer()).json['offset']).toBe(n);
    }
    client.close();
  });
});

describe('POST /v1/streams/{stream} refuses before it reads', () => {
  const json = { 'Content-Type': 'application/json' };
  const rows: [string, Record<string, string>, number, string][] = [
    ['a chunked body', { ...json, 'Transfer-Encoding': 'chunked' }, 411, 'ERR_HTTP_LENGTH_REQUIRED'],
    ['a missing length', json, 411, 'ERR_HTTP_LENGTH_REQUIRED'],
    ['too long a body', { ...json, 'Content-Length': '65537' }, 413, 'ERR_HTTP_TOO_LARGE'],
    ['an expectation', { ...json, 'Content-Length': '9', Expect: 'payment' }, 417, 'ERR_HTTP_EXPECTATION'],
  ];
  for (const [what, headers, status, code] of rows) {
    it(`${what} with ${status}, and closes`, async () => {
      const harness = await Harness.start();
      const client = await RawHttpClient.open(harness.port);
      client.send(head('POST', ORDERS, headers));
      const answer = await client.answer();
      expect([answer.status, answer.json['code']]).toEqual([status, code]);
      await client.closed();
    });
  }

  it('two lengths with 400, and closes', async () => {
    const harness = await Harness.start();
    const client = await RawHttpClient.open(harness.port);
    const lengths = 'Content-Length: 11\r\nContent-Length: 12\r\n';
    client.send(`POST ${ORDERS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${lengths}\r\n{"key":"a"} `);
    const text = await client.until('\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 400/);
    await client.closed();
    expect(harness.lane.events).toHaveLength(0);
  });

  const types: [string, Record<string, string>][] = [
    ['no type', {}],
    ['another type', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'Content-Type': 'application/json; charset=latin1' }],
    ['an encoding', { ...json, 'Content-Encoding': 'gzip' }],
  ];
  for (const [what, headers] of types) {
    it(`${what} with 415, and keeps the connection`, async () => {
      const harness = await Harness.start();
      const client = await RawHttpClient.open(harness.port);
      client.send(`${head('POST', ORDERS, { ...headers, 'Content-Length': '11' })}{"key":"a"}`);
      const answer = await client.answer();
      expect([answer.status, answer.json['code']]).toEqual([415, 'ERR_HTTP_MEDIA_TYPE']);
      client.send(`${head('POST', ORDERS, { ...json, 'Content-Length': '11' })}{"key":"a"}`);
      expect((await client.answer()).status).toBe(201);
      client.close();
    });
  }

  it('an Idempotency-Key that is empty, too long, not printable or repeated with 400', async () => {
    const harness = await Harness.start();
    for (const key of ['', '""', 'x'.repeat(256), 'käse', 'a\r\nIdempotency-Key: b']) {
      const answer = await harness.post(ORDERS, '{"key":"a"}', { 'Idempotency-Key': key });
      expect([answer.status, answer.json['code']]).toEqual([400, 'ERR_IDENTITY_INVALID']);
    }
    expect((await harness.post(ORDERS, '{"key":"a"}', { 'Idempotency-Key': 'x'.repeat(255) })).status).toBe(201);
  });

  it('an unknown stream with 404 and another method with 405', async () => {
    const harness = await Harness.start();
    const missing = await harness.post('/v1/streams/nope', '{}');
    expect([missing.status, missing.json['code']]).toEqual([404, 'ERR_STREAM_UNKNOWN']);
    const method = await request(harness.port, 'PUT', ORDERS);
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('POST /v1/streams/{stream} refuses bodies without a key', () => {
  const bodies: [string, number, string][] = [
    ['', 400, 'ERR_EVENT_EMPTY'],
    ['{', 400, 'ERR_EVENT_UNPARSEABLE'],
    ['nonsense', 400, 'ERR_EVENT_UNPARSEABLE'],
    ['\ufeff{"key":"a"}', 400, 'ERR_EVENT_UNPARSEABLE'],
    ['{"key":NaN}', 400, 'ERR_EVENT_UNPARSEABLE'],
    ['[1]', 422, 'ERR_EVENT_SCHEMA'],
    ['"text"', 422, 'ERR_EVENT_SCHEMA'],
    ['{"n":1}', 422, 'ERR_EVENT_KEY_MISSING'],
    ['{"key":null}', 422, 'ERR_EVENT_KEY_INVALID'],
    ['{"key":1.5}', 422, 'ERR_EVENT_KEY_INVALID'],
    ['{"key":""}', 422, 'ERR_EVENT_KEY_INVALID'],
    ['{"key":{}}', 422, 'ERR_EVENT_KEY_INVALID'],
    [`{"key":"${'k'.repeat(513)}"}`, 422, 'ERR_EVENT_KEY_INVALID'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)},"key":"a"}`, 400, 'ERR_EVENT_TOO_DEEP'],
    ['{"__proto__":{},"n":1}', 400, 'ERR_EVENT_FORBIDDEN_MEMBER'],
  ];
  for (const [body, status, code] of bodies) {
    it(`${body.slice(0, 24)} with ${status} ${code}`, async () => {
      const harness = await Harness.start();
      const answer = await harness.post(ORDERS, body);
      expect([answer.status, answer.json['code']]).toEqual([status, code]);
      expect(harness.lane.events).toHaveLength(0);
    });
  }

  it('broken UTF-8 in the key is the lane`s to refuse', async () => {
    const harness = await Harness.start();
    const body = Buffer.concat([Buffer.from('{"key":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect((await harness.post(ORDERS, body)).status).toBe(201);
  });

  it('takes a key of the greatest length', async () => {
    const harness = await Harness.start();
    expect((await harness.post(ORDERS, `{"key":"${'k'.repeat(512)}"}`)).status).toBe(201);
  });

  it('takes a body of the greatest length', async () => {
    const harness = await Harness.start();
    const body = `{"key":"a","x":"${'x'.repeat(65536 - 18)}"}`;
    expect(Buffer.byteLength(body)).toBe(65536);
    expect((await harness.post(ORDERS, body)).status).toBe(201);
    expect(harness.lane.events[0]?.value.toString()).toBe(body);
  });
});
