import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MAX_EVENT_BYTES } from '../../src/base/limits.ts';
import { head, type RawAnswer, RawHttpClient } from '../http/raw-http-client.ts';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { BAD_JSON, BAD_MSGPACK } from './support/bad-events.ts';
import { EngineProcess } from './support/engine-process.ts';
import { JSON_PROTOCOL } from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** Whatever is wrong with a request, the answer says exactly what, and nothing of it reaches the log. */
const data = freshPath();
let engine: EngineProcess;
let taken = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, partitions: 2 });
});

afterAll(() => engine.kill());

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, '1']));
}

/** A good order goes through after every refusal. */
async function expectTaken(): Promise<void> {
  taken += 1;
  expect((await engine.post(ORDERS, order(`good-${taken}`))).status).toBe(201);
}

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect([answer.status, answer.json['code']]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.json).toMatchObject({
    status,
    type: expect.stringMatching(/^urn:moka:problem:/),
    requestId: expect.any(String),
  });
  expect(answer.json['detail']).not.toMatch(/ at |\n/);
}

describe.each([
  ['application/json', BAD_JSON],
  ['application/msgpack', BAD_MSGPACK],
])('POST of one event in %s', (contentType, rows) => {
  it.each(rows)('with $name is $status $code', async ({ bytes, status, code, pointer }) => {
    const answer = await engine.post(ORDERS, bytes, { 'Content-Type': contentType });
    expectProblem(answer, status, code);
    if (pointer !== undefined) expect(answer.json['details']).toMatchObject([{ pointer }]);
    await expectTaken();
  });
});

describe('POST of one event', () => {
  const body = JSON.stringify(order('never'));
  const json = { 'Content-Type': 'application/json' };

  it.each<[string, string, Record<string, string>, number, string]>([
    ['to an unknown stream', '/v1/streams/order', {}, 404, 'ERR_STREAM_UNKNOWN'],
    ['to an unknown path', '/v1/stream/orders', {}, 404, 'ERR_HTTP_NOT_FOUND'],
    ['to a path with a broken escape', '/v1/streams/%zz', {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['to a view', '/v1/views/orders', {}, 405, 'ERR_HTTP_METHOD'],
    ['of no type', ORDERS, { 'Content-Type': '' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['of text', ORDERS, { 'Content-Type': 'text/plain' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['in UTF-16', ORDERS, { 'Content-Type': 'application/json; charset=utf-16' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['compressed', ORDERS, { 'Content-Encoding': 'gzip' }, 415, 'ERR_HTTP_MEDIA_TYPE'],
    ['with an empty Idempotency-Key', ORDERS, { 'Idempotency-Key': '""' }, 400, 'ERR_IDENTITY_INVALID'],
    ['with a long Idempotency-Key', ORDERS, { 'Idempotency-Key': 'k'.repeat(256) }, 400, 'ERR_IDENTITY_INVALID'],
    ['with a foreign Idempotency-Key', ORDERS, { 'Idempotency-Key': '\u00e9' }, 400, 'ERR_IDENTITY_INVALID'],
    ['with an expectation', ORDERS, { Expect: '200-ok' }, 417, 'ERR_HTTP_EXPECTATION'],
  ])('%s is refused: %s %o → %i %s', async (_name, path, headers, status, code) => {
    expectProblem(await engine.post(path, body, headers), status, code);
    await expectTaken();
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('with %s is 405 and says what would do', async (method) => {
    const client = await RawHttpClient.open(engine.port);
    client.send(head(method, ORDERS, { 'Content-Length': '0' }));
    const answer = await client.answer(method !== 'HEAD');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    if (method !== 'HEAD') expectProblem(answer, 405, 'ERR_HTTP_METHOD');
    client.close();
  });

  it.each([
    ['text/plain', 'application/json'],
    ['application/json', 'application/json'],
  ])('of two types, %s and %s, is 415', async (first, second) => {
    for (const path of [ORDERS, `${ORDERS}/batch`]) {
      const client = await RawHttpClient.open(engine.port);
      const types = { 'Content-Type': `${first}\r\nContent-Type: ${second}` };
      client.send(head('POST', path, { ...types, 'Content-Length': String(body.length) }) + body);
      expectProblem(await client.answer(), 415, 'ERR_HTTP_MEDIA_TYPE');
      client.close();
    }
  });

  it('with two Idempotency-Keys is 400', async () => {
    const client = await RawHttpClient.open(engine.port);
    const headers = head('POST', ORDERS, { ...json, 'Content-Length': String(body.length), 'Idempotency-Key': 'a' });
    client.send(headers.replace('Idempotency-Key: a', 'Idempotency-Key: a\r\nIdempotency-Key: b') + body);
    expectProblem(await client.answer(), 400, 'ERR_IDENTITY_INVALID');
    client.close();
  });

  it('that takes the most bytes is taken, and one byte more is 413 before it is sent', async () => {
    const longest = order('longest', { customerId: 'c' });
    const padding = DEFAULT_MAX_EVENT_BYTES - JSON.stringify(longest).length;
    const answer = await engine.post(ORDERS, `${JSON.stringify(longest)}${' '.repeat(padding)}`);
    expect(answer.status).toBe(201);
    taken += 1;
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', ORDERS, { ...json, 'Content-Length': String(DEFAULT_MAX_EVENT_BYTES + 1) }));
    expectProblem(await client.answer(), 413, 'ERR_HTTP_TOO_LARGE');
    await client.closed();
  });
});

describe('a request on the wire', () => {
  const body = JSON.stringify(order('never'));
  const length = String(body.length);
  const twice = `${length}\r\nContent-Length: ${body.length + 1}`;
  const json = { 'Content-Type': 'application/json' };

  /** The answer, after which the server closes. */
  async function refused(bytes: string, port = engine.port): Promise<RawAnswer> {
    const client = await RawHttpClient.open(port);
    client.send(bytes);
    const answer = await client.answer();
    await client.closed();
    return answer;
  }

  it.each<[string, string, number, string]>([
    ['without a length', head('POST', ORDERS, json), 411, 'ERR_HTTP_LENGTH_REQUIRED'],
    ['of an empty length', head('POST', ORDERS, { ...json, 'Content-Length': '' }), 400, 'ERR_HTTP_BAD_REQUEST'],
    [
      'in chunks',
      `${head('POST', ORDERS, { ...json, 'Transfer-Encoding': 'chunked' })}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      411,
      'ERR_HTTP_LENGTH_REQUIRED',
    ],
    [
      'of two lengths',
      `${head('POST', ORDERS, { ...json, 'Content-Length': twice })}${body}`,
      400,
      'ERR_HTTP_BAD_REQUEST',
    ],
  ])('%s is refused and ends its connection', async (_name, bytes, status, code) => {
    expectProblem(await refused(bytes), status, code);
    await expectTaken();
  });

  describe.each<[string, Record<string, string>, string, number, string]>([
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, '5\nhello\r\n0\r\nXY', 411, 'ERR_HTTP_LENGTH_REQUIRED'],
    ['in an unknown coding', { 'Transfer-Encoding': 'identity' }, '', 411, 'ERR_HTTP_LENGTH_REQUIRED'],
    [
      'in a hidden coding',
      { 'Transfer-Encoding': '\r\nTransfer-Encoding: chunked' },
      '0\r\n\r\n',
      411,
      'ERR_HTTP_LENGTH_REQUIRED',
    ],
    ['of two lengths', { 'Content-Length': '0\r\nContent-Length: 5' }, '', 400, 'ERR_HTTP_BAD_REQUEST'],
  ])('%s', (_name, headers, text, status, code) => {
    // What a proxy may have taken for a part of the first request's body.
    const smuggled = `${head('POST', ORDERS, { ...json, 'Content-Length': length })}${body}`;

    it.each<[string, string, 'port' | 'adminPort']>([
      ['POST', ORDERS, 'port'],
      ['POST', `${ORDERS}/batch`, 'port'],
      ['POST', '/nope', 'port'],
      ['PUT', ORDERS, 'port'],
      ['GET', '/v1/views', 'port'],
      ['GET', '/livez', 'port'],
      ['GET', `${ORDERS}/ws`, 'port'],
      ['POST', '/nope', 'adminPort'],
      ['POST', '/admin/resume', 'adminPort'],
      ['GET', '/admin/partitions', 'adminPort'],
    ])('with %s %s of the %s is refused, and nothing behind it is a request', async (method, path, port) => {
      expectProblem(await refused(head(method, path, headers), engine[port]), status, code);
      const client = await RawHttpClient.open(engine[port]);
      client.send(head(method, path, headers) + text + smuggled);
      await client.closed();
      expect(client.pendingText).not.toContain('HTTP/1.1 2');
      expect(client.pendingText.split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
    });

    it('upgrades nothing', async () => {
      const answer = await RawWebSocket.open(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL, headers);
      if (answer instanceof RawWebSocket) throw new Error('upgraded');
      expectProblem(answer, status, code);
    });
  });

  // The server library refuses these by itself, in HTML, before any code of ours sees them.
  it.each<[string, string, number]>([
    ['of no whole length', head('POST', ORDERS, { ...json, 'Content-Length': '1.5' }), 400],
    ['of negative length', head('POST', ORDERS, { ...json, 'Content-Length': '-1' }), 400],
    [
      'in chunks with a length',
      head('POST', ORDERS, { ...json, 'Content-Length': length, 'Transfer-Encoding': 'chunked' }),
      400,
    ],
    ['that is no HTTP', 'GIVE ME COFFEE\r\n\r\n', 505],
    ['of an old version', `POST ${ORDERS} HTTP/1.0\r\nHost: a\r\n\r\n`, 505],
    ['of a newer version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 505],
    ['in lines without a CR', `GET /livez HTTP/1.1\nHost: a\n\n`, 505],
    ['with a header line without a CR', `GET /livez HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n`, 400],
    ['for a whole address', head('GET', 'http://moka.test/livez'), 505],
    ['for options of everything', head('OPTIONS', '*'), 505],
    ['for a tunnel', head('CONNECT', 'moka.test:80'), 505],
    ['without a host', `POST ${ORDERS} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`, 400],
    ['of two hosts', head('GET', '/livez', { Host: 'a\r\nHost: b' }), 400],
    ['with a folded header', head('GET', '/livez', { 'X-A': 'b\r\n c' }), 400],
    ['with a space before a colon', head('GET', '/livez', { 'X-A ': 'b' }), 400],
    ['with a zero byte in a header', head('GET', '/livez', { 'X-A': 'a\0b' }), 400],
    ['of more than 100 headers', head('GET', '/livez', numbered(101)), 431],
    ['of a very long address', head('GET', `/v1/views/orders/${'a'.repeat(8192)}`), 431],
    ['of a length with a sign', head('POST', ORDERS, { ...json, 'Content-Length': `+${length}` }), 400],
    ['of a list of lengths', head('POST', ORDERS, { ...json, 'Content-Length': `${length}, ${length}` }), 400],
    ['of a length beyond all numbers', head('POST', ORDERS, { ...json, 'Content-Length': '9'.repeat(20) }), 400],
    ['with endless headers', head('POST', ORDERS, { ...json, 'X-Long': 'x'.repeat(20_000) }), 431],
  ])('%s is no request', async (_name, bytes, status) => {
    expect((await refused(bytes)).status).toBe(status);
    await expectTaken();
  });

  it.each<[string, string, string, number, string]>([
    ['GET', '/v1/views/orders?prefix=%zz', 'port', 400, 'ERR_HTTP_BAD_REQUEST'],
    ['GET', '/v1/views/orders?prefix=%', 'port', 400, 'ERR_HTTP_BAD_REQUEST'],
    ['GET', '/v1/views/orders?prefix=%c0%af', 'port', 400, 'ERR_VIEW_QUERY'],
    ['GET', '/v1/views/orders/changes?resume=%zz', 'port', 400, 'ERR_HTTP_BAD_REQUEST'],
    ['POST', '/admin/profile?thread=%zz', 'adminPort', 400, 'ERR_HTTP_BAD_REQUEST'],
    ['GET', '/v1/views/orders?prefx=a', 'port', 400, 'ERR_VIEW_QUERY'],
    ['TRACE', '/', 'port', 404, 'ERR_HTTP_NOT_FOUND'],
    ['post', ORDERS, 'port', 405, 'ERR_HTTP_METHOD'],
  ])('%s %s of the %s is %i %s', async (method, path, port, status, code) => {
    const client = await RawHttpClient.open(engine[port as 'port' | 'adminPort']);
    client.send(head(method, path));
    expectProblem(await client.answer(), status, code);
    client.close();
  });

  it('of 90 headers and no host of any name is one like any other', async () => {
    taken += 1;
    const event = JSON.stringify(order(`good-${taken}`));
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', ORDERS, { ...json, ...numbered(90), Host: '', 'Content-Length': String(event.length) }));
    client.send(event);
    expect((await client.answer()).status).toBe(201);
    client.close();
  });

  it('that stalls in its head or its body is closed without an answer, and holds up nobody', async () => {
    const bytes = [
      `POST ${ORDERS} HTTP/1.1\r\nHost: a\r\nContent-Ty`,
      head('POST', ORDERS, { ...json, 'Content-Length': length }) + body.slice(0, 50),
    ];
    const clients = await Promise.all(bytes.map(() => RawHttpClient.open(engine.port)));
    for (const [index, client] of clients.entries()) client.send(bytes[index] as string);
    await expectTaken();
    expect(clients.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    await Promise.all(clients.map((client) => client.closed()));
    expect(clients.map(({ pendingText }) => pendingText)).toEqual(['', '']);
    await expectTaken();
  });

  it('that asks whether to go on is taken, told so or not', async () => {
    taken += 1;
    const event = JSON.stringify(order(`good-${taken}`));
    const client = await RawHttpClient.open(engine.port);
    const headers = { ...json, 'Content-Length': String(event.length), Expect: '100-continue' };
    client.send(head('POST', ORDERS, headers) + event);
    let { status } = await client.answer();
    if (status === 100) ({ status } = await client.answer());
    expect(status).toBe(201);
    client.close();
  });

  it('that does not wait for the answer to the one before ends the connection, and loses nothing that was answered', async () => {
    const events = ['pipelined-1', 'pipelined-2'].map((orderId) => JSON.stringify(order(orderId)));
    const client = await RawHttpClient.open(engine.port);
    client.send(
      events.map((event) => head('POST', ORDERS, { ...json, 'Content-Length': String(event.length) }) + event).join(''),
    );
    await client.closed();
    for (const event of events) expect((await engine.post(ORDERS, event)).status).toBe(201);
    taken += 2;
  });

  it('whose client goes in the middle of the body leaves nothing behind', async () => {
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', ORDERS, { ...json, 'Content-Length': length }) + body.slice(0, 50));
    client.close();
    await client.closed();
    await expectTaken();
  });

  it('whose client goes before the answer is taken once, and a repetition gets the same answer', async () => {
    const event = JSON.stringify(order('gone'));
    const client = await RawHttpClient.open(engine.port);
    client.send(head('POST', ORDERS, { ...json, 'Content-Length': String(event.length) }) + event);
    client.close();
    await client.closed();
    const answer = await engine.post(ORDERS, event);
    expect(answer.status).toBe(201);
    taken += 1;
  });
});

describe('the log', () => {
  it('holds what was taken and nothing else', async () => {
    await engine.stop();
    const texts = readLogs(data).map(({ bytes }) => bytes.toString());
    expect(texts.filter((text) => !/"orderId":"(good-\d+|longest|pipelined-\d|gone)"/.test(text))).toEqual([]);
    expect(texts).toHaveLength(taken);
  });
});
