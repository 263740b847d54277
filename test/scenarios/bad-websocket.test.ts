import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_FRAME_EVENTS } from '../../src/base/limits.ts';
import { head, RawHttpClient } from '../http/raw-http-client.ts';
import { OPCODE_BINARY, OPCODE_TEXT, RawWebSocket, frame as rawFrame, upgradeHeaders } from '../http/raw-websocket.ts';
import { BAD_JSON, BAD_MSGPACK, BAD_RECORDS, type BadEvent, pack, paymentRecord } from './support/bad-events.ts';
import { EngineProcess } from './support/engine-process.ts';
import { Flood } from './support/flood.ts';
import {
  BINARY_PROTOCOL,
  binaryFrame,
  connectIntake,
  type FrameAck,
  JSON_PROTOCOL,
  jsonFrame,
  readBinaryAck,
  readText,
} from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** A bad event is answered in its frame's ack; a bad frame ends its connection with a reason. Neither reaches the log. */
const data = freshPath();
const ORDERS_WS = `${ORDERS}/ws`;
const PAYMENTS_WS = '/v1/streams/payments/ws';
const CREDIT_EVENTS = 10;
let engine: EngineProcess;
let taken = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({
    data,
    partitions: 2,
    env: { MOKA_WEBSOCKET_CREDIT_EVENTS: String(CREDIT_EVENTS), MOKA_WEBSOCKET_MAX_FRAME_BYTES: '131072' },
  });
});

afterAll(() => engine.kill());

function nextGood(): object {
  taken += 1;
  return order(`good-${taken}`);
}

function nextGoodBytes(): Buffer {
  return Buffer.from(JSON.stringify(nextGood()));
}

/** The ack of a frame that holds a good event, a bad one and a good one. */
function expectAround(ack: FrameAck, { status, code }: BadEvent): void {
  expect([ack.accepted, ack.duplicate]).toEqual([2, 0]);
  expect(ack.rejected.map(({ index, status, code }) => [index, status, code])).toEqual([[1, status, code]]);
}

describe('moka.json.v1', () => {
  let socket: RawWebSocket;
  let frames = 0;

  beforeAll(async () => {
    ({ socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL));
  });

  it.each(BAD_JSON)('answers an event with $name with $status $code, and takes the others', async (row) => {
    frames += 1;
    socket.http.send(rawFrame(OPCODE_TEXT, jsonFrame({ frame: frames }, [nextGood(), row.bytes, nextGood()])));
    // A text message that is no UTF-8 never comes to us: the server library ends the connection.
    if (row.code === 'ERR_EVENT_ENCODING' && !row.bytes.includes(0x5c)) {
      expect(await socket.closed()).toBe(-1);
      taken -= 2;
      ({ socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL));
      return;
    }
    const ack = (await socket.nextJson()) as unknown as FrameAck & { rejected: { details?: { pointer: string }[] }[] };
    expectAround(ack, row);
    if (row.pointer !== undefined) expect(ack.rejected[0]?.details).toMatchObject([{ pointer: row.pointer }]);
  });
});

describe.each([
  ['JSON', 0, ORDERS_WS, BAD_JSON, nextGoodBytes],
  ['msgpack', 1, ORDERS_WS, BAD_MSGPACK, () => pack(nextGood())],
  [
    'msgpack records',
    2,
    PAYMENTS_WS,
    BAD_RECORDS,
    () => {
      taken += 1;
      return paymentRecord(`good-${taken}`);
    },
  ],
] as const)('moka.bin.v1 with %s', (_name, codec, path, rows, good) => {
  let socket: RawWebSocket;
  let frames = 0;

  beforeAll(async () => {
    ({ socket } = await connectIntake(engine.port, path, BINARY_PROTOCOL));
  });

  it.each(rows)('answers an event with $name with $status $code, and takes the others', async (row) => {
    frames += 1;
    socket.sendBinary(binaryFrame({ frame: frames, codec }, [good(), row.bytes, good()]));
    const { payload } = await socket.next();
    const ack = readBinaryAck(payload);
    expectAround(ack, row);
    if (row.pointer === undefined) return;
    const details = JSON.parse(ack.rejected[0]?.detail ?? '') as { pointer: string }[];
    expect(details[0]?.pointer).toBe(row.pointer);
  });
});

/** What a frame is answered with when it ends the connection: the code, and the number of the close. */
async function fault(protocol: string, bytes: Uint8Array, path = ORDERS_WS): Promise<[unknown, number]> {
  const { socket } = await connectIntake(engine.port, path, protocol);
  socket.http.send(bytes);
  const { payload } = await socket.next();
  const { type, code } = readText(payload);
  expect(type).toBe('error');
  const closeCode = await socket.closed();
  expect(socket.closeReason).toBe(code);
  return [code, closeCode];
}

const text = (message: string | Uint8Array): Buffer => rawFrame(OPCODE_TEXT, Buffer.from(message));
const binary = (message: Uint8Array): Buffer => rawFrame(OPCODE_BINARY, message);

/** A good binary frame with one of its bytes changed. */
function patched(at: number, ...bytes: number[]): Buffer {
  const message = binaryFrame({ frame: 1 }, [Buffer.from(JSON.stringify(order('never')))]);
  message.set(bytes, at);
  return message;
}

const EVENT = JSON.stringify(order('never'));
const many = (count: number): string[] => new Array<string>(count).fill(EVENT);

describe('a frame', () => {
  it.each<[string, Uint8Array, string, number]>([
    ['whose head is no JSON', text(`frame 1\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['whose head is an array', text(`[1]\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['without a number', text(`{}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a negative number', text(`{"frame":-1}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with an unknown member', text(`{"frame":1,"codec":0}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a sequence of nobody', text(`{"frame":1,"seq":0}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a number twice', text(`{"frame":1,"frame":2}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a number twice, once escaped', text(`{"frame":1,"fr\\u0061me":2}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with an id twice', text(`{"id":"a:\\"","frame":1,"id":"b"}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a sequence and an id', text(`{"frame":1,"seq":0,"id":"a"}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with an empty id', text(`{"frame":1,"id":""}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['with a long id', text(`{"frame":1,"id":"${'i'.repeat(251)}"}\n${EVENT}`), 'ERR_FRAME_INVALID', 1007],
    ['of too many events', text(`{"frame":1}${'\n{}'.repeat(MAX_FRAME_EVENTS + 1)}`), 'ERR_FRAME_INVALID', 1007],
    ['in binary', binary(jsonFrame({ frame: 1 }, [EVENT])), 'ERR_FRAME_INVALID', 1003],
    ['of too many bytes', text(`{"frame":1}\n${' '.repeat(131_072)}`), 'ERR_FRAME_INVALID', 1009],
    ['beyond credit', text(jsonFrame({ frame: 1 }, many(2 * CREDIT_EVENTS + 1))), 'ERR_CREDIT_EXCEEDED', 1008],
  ])('of moka.json.v1 %s is refused', async (_name, bytes, code, closeCode) => {
    expect(await fault(JSON_PROTOCOL, bytes)).toEqual([code, closeCode]);
  });

  it.each<[string, Uint8Array, string, number]>([
    ['in text', text('{"frame":1}'), 'ERR_FRAME_INVALID', 1003],
    ['shorter than its header', binary(patched(0).subarray(0, 31)), 'ERR_FRAME_INVALID', 1007],
    ['of another magic', binary(patched(0, 0)), 'ERR_FRAME_INVALID', 1007],
    ['of another version', binary(patched(2, 2)), 'ERR_FRAME_INVALID', 1007],
    ['of a type that only the server sends', binary(patched(3, 3)), 'ERR_FRAME_INVALID', 1007],
    ['with a sequence that is no number', binary(patched(8, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)), 'ERR_FRAME_INVALID', 1007],
    ['that promises more events', binary(patched(16, 2)), 'ERR_FRAME_INVALID', 1007],
    ['that promises fewer events', binary(patched(16, 0)), 'ERR_FRAME_INVALID', 1007],
    ['that promises 2^32 events', binary(patched(16, 0xff, 0xff, 0xff, 0xff)), 'ERR_FRAME_INVALID', 1007],
    ['in an unknown codec', binary(patched(20, 3)), 'ERR_FRAME_INVALID', 1007],
    ['with reserved bytes', binary(patched(24, 1)), 'ERR_FRAME_INVALID', 1007],
    ['with an event beyond its end', binary(patched(32, 0xff, 0xff, 0xff, 0xff)), 'ERR_FRAME_INVALID', 1007],
    ['with reserved bytes of an event', binary(patched(36, 1)), 'ERR_FRAME_INVALID', 1007],
    ['of too many bytes', binary(Buffer.alloc(131_073)), 'ERR_FRAME_INVALID', 1009],
    [
      'beyond credit',
      binary(
        binaryFrame(
          { frame: 1 },
          many(2 * CREDIT_EVENTS + 1).map((event) => Buffer.from(event)),
        ),
      ),
      'ERR_CREDIT_EXCEEDED',
      1008,
    ],
  ])('of moka.bin.v1 %s is refused', async (_name, bytes, code, closeCode) => {
    expect(await fault(BINARY_PROTOCOL, bytes)).toEqual([code, closeCode]);
  });

  it('whose number does not rise is refused', async () => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 5 }, [nextGood()]).toString());
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', frame: 5, accepted: 1 });
    socket.sendText(jsonFrame({ frame: 5 }, [EVENT]).toString());
    expect(await socket.nextJson()).toMatchObject({ type: 'error', code: 'ERR_FRAME_INVALID' });
    expect(await socket.closed()).toBe(1008);
  });

  it('out of the sequence of its producer is refused', async () => {
    const { socket, hello } = await connectIntake(engine.port, `${ORDERS_WS}?producer=gap`, JSON_PROTOCOL);
    expect(hello).toMatchObject({ producer: 'gap', lastSeq: -1 });
    socket.sendText(jsonFrame({ frame: 1, seq: 0 }, [nextGood(), nextGood()]).toString());
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', accepted: 2 });
    socket.sendText(jsonFrame({ frame: 2, seq: 3 }, [EVENT]).toString());
    expect(await socket.nextJson()).toMatchObject({ type: 'error', code: 'ERR_PRODUCER_GAP' });
    expect(await socket.closed()).toBe(1008);
  });

  it('of a producer without a sequence is refused', async () => {
    const path = `${ORDERS_WS}?producer=numbers`;
    expect(await fault(JSON_PROTOCOL, text(jsonFrame({ frame: 1 }, [EVENT])), path)).toEqual([
      'ERR_FRAME_INVALID',
      1007,
    ]);
  });

  it('without events is answered', async () => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    socket.sendText('{"frame":1}');
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', frame: 1, accepted: 0, duplicate: 0, rejected: [] });
    socket.close();
  });
});

describe('the wire', () => {
  // The server library ends these by itself, and sends no close frame.
  it.each<[string, Uint8Array]>([
    ['the first reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['the second reserved bit', Buffer.from([0xa1, 0x80, 0, 0, 0, 0])],
    ['the third reserved bit', Buffer.from([0x91, 0x80, 0, 0, 0, 0])],
    ['a reserved opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
    ['a reserved opcode of control', Buffer.from([0x8b, 0x80, 0, 0, 0, 0])],
    ['a long ping', rawFrame(9, Buffer.alloc(126))],
    ['a ping in pieces', Buffer.from([0x09, 0x80, 0, 0, 0, 0])],
    ['a continuation of nothing', Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
    ['a message within a message', Buffer.concat([rawFrame(OPCODE_TEXT, Buffer.from('{'), true, false), text('{}')])],
    ['text that is no UTF-8', rawFrame(OPCODE_TEXT, Buffer.from([0xff, 0xfe]))],
    ['a message of 16 MiB', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])],
    ['a close of half a code', rawFrame(8, Buffer.from([3]))],
    ['a close of a code that is none', rawFrame(8, Buffer.from([3, 0xed]))],
  ])('ends the connection at %s', async (_name, bytes) => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    socket.sendRaw(bytes);
    expect(await socket.closed()).toBe(-1);
    expect(socket.messages).toEqual([]);
  });

  // RFC 6455, 5.1 wants a close. The server library takes the first four bytes of the payload for the mask.
  it('leaves an unmasked frame without an answer until four more bytes come, and then it is no frame', async () => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    socket.sendRaw(rawFrame(OPCODE_TEXT, jsonFrame({ frame: 1 }, [EVENT]), false));
    expect((await engine.post(ORDERS, nextGood())).status).toBe(201);
    expect([socket.isClosed, socket.messages.length]).toEqual([false, 0]);
    socket.sendRaw(Buffer.alloc(4));
    expect(await socket.nextJson()).toMatchObject({ type: 'error', code: 'ERR_FRAME_INVALID' });
    expect(await socket.closed()).toBe(1007);
  });

  it('agrees on no extension', async () => {
    const client = await RawHttpClient.open(engine.port);
    const extension = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
    client.send(head('GET', ORDERS_WS, { ...upgradeHeaders(JSON_PROTOCOL), ...extension }));
    const answer = await client.until('\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
    expect(answer.toLowerCase()).not.toContain('sec-websocket-extensions');
    client.close();
  });

  it('takes a message in pieces', async () => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    const message = jsonFrame({ frame: 1 }, [nextGood()]);
    socket.sendRaw(rawFrame(OPCODE_TEXT, message.subarray(0, 20), true, false));
    socket.sendRaw(rawFrame(0, message.subarray(20)));
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', accepted: 1 });
    socket.close();
  });

  it('forgets a frame whose client goes in the middle of it', async () => {
    const { socket } = await connectIntake(engine.port, ORDERS_WS, JSON_PROTOCOL);
    socket.sendRaw(text(jsonFrame({ frame: 1 }, [EVENT])).subarray(0, 60));
    socket.close();
    await socket.closed();
    expect((await engine.post(ORDERS, nextGood())).status).toBe(201);
  });
});

describe('a client that does nothing but send', () => {
  it.each([
    ['pings', rawFrame(9, Buffer.alloc(120))],
    ['pongs', rawFrame(10, Buffer.alloc(0))],
  ])('%s and reads nothing is closed 1008, and orders are answered meanwhile', async (_name, bytes) => {
    const flood = await Flood.start(engine.port, ORDERS_WS, JSON_PROTOCOL, bytes);
    expect((await engine.post(ORDERS, nextGood())).status).toBe(201);
    const received = await flood.stop();
    const close = Buffer.concat([Buffer.from([0x88, 25, 0x03, 0xf0]), Buffer.from('too many control frames')]);
    expect(received.subarray(-close.length)).toEqual(close);
    expect((await engine.post(ORDERS, nextGood())).status).toBe(201);
  });

  // Nobody here sees a piece of a message: the room's README says what that means.
  it('empty pieces of a message holds up nobody for long', async () => {
    const begun = rawFrame(OPCODE_TEXT, Buffer.from('{'), true, false);
    const flood = await Flood.start(
      engine.port,
      ORDERS_WS,
      JSON_PROTOCOL,
      rawFrame(0, Buffer.alloc(0), true, false),
      begun,
    );
    expect((await engine.post(ORDERS, nextGood())).status).toBe(201);
    flood.kill();
  });
});

const wsKey = (key: string): Record<string, string> => ({ 'Sec-WebSocket-Key': key });

describe('the upgrade', () => {
  it.each<[string, string, string, Record<string, string>, number, string]>([
    ['to an unknown stream', '/v1/streams/order/ws', JSON_PROTOCOL, {}, 404, 'ERR_STREAM_UNKNOWN'],
    ['to an unknown view', '/v1/views/order/ws', '', {}, 404, 'ERR_VIEW_UNKNOWN'],
    ['without a protocol', ORDERS_WS, '', {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with an unknown protocol', ORDERS_WS, 'moka.json.v2', {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['of an old version', ORDERS_WS, JSON_PROTOCOL, { 'Sec-WebSocket-Version': '8' }, 426, 'ERR_HTTP_UPGRADE_REQUIRED'],
    ['without a version', ORDERS_WS, JSON_PROTOCOL, { 'Sec-WebSocket-Version': '' }, 426, 'ERR_HTTP_UPGRADE_REQUIRED'],
    ['to something else', ORDERS_WS, JSON_PROTOCOL, { Upgrade: 'h2c' }, 426, 'ERR_HTTP_UPGRADE_REQUIRED'],
    ['to nothing', ORDERS_WS, JSON_PROTOCOL, { Upgrade: '' }, 426, 'ERR_HTTP_UPGRADE_REQUIRED'],
    ['of a connection that stays', ORDERS_WS, JSON_PROTOCOL, { Connection: 'keep-alive' }, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['without a connection', ORDERS_WS, JSON_PROTOCOL, { Connection: '' }, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with a key of other characters', ORDERS_WS, JSON_PROTOCOL, wsKey('!'.repeat(24)), 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with a key of 17 bytes', ORDERS_WS, JSON_PROTOCOL, wsKey(`${'A'.repeat(23)}=`), 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with a short key', ORDERS_WS, JSON_PROTOCOL, wsKey('abc'), 400, 'ERR_HTTP_BAD_REQUEST'],
    ['without a key', ORDERS_WS, JSON_PROTOCOL, wsKey(''), 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with a broken escape', `${ORDERS_WS}?producer=%zz`, JSON_PROTOCOL, {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with an unknown parameter', `${ORDERS_WS}?prodcer=a`, JSON_PROTOCOL, {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with two producers', `${ORDERS_WS}?producer=a&producer=b`, JSON_PROTOCOL, {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['with a foreign producer', `${ORDERS_WS}?producer=%c3%a9`, JSON_PROTOCOL, {}, 400, 'ERR_IDENTITY_INVALID'],
    ['to a view with a broken escape', '/v1/views/orders/ws?prefix=%zz', '', {}, 400, 'ERR_HTTP_BAD_REQUEST'],
    ['to a view with an unknown parameter', '/v1/views/orders/ws?prefx=a', '', {}, 400, 'ERR_VIEW_QUERY'],
    ['from another site', ORDERS_WS, JSON_PROTOCOL, { Origin: 'https://evil.test' }, 403, 'ERR_HTTP_FORBIDDEN_ORIGIN'],
    ['with an empty producer', `${ORDERS_WS}?producer=`, JSON_PROTOCOL, {}, 400, 'ERR_IDENTITY_INVALID'],
    [
      'with a long producer',
      `${ORDERS_WS}?producer=${'p'.repeat(129)}`,
      JSON_PROTOCOL,
      {},
      400,
      'ERR_IDENTITY_INVALID',
    ],
  ])('%s is refused: %s', async (_name, path, protocol, headers, status, code) => {
    const answer = await RawWebSocket.open(engine.port, path, protocol, headers);
    if (answer instanceof RawWebSocket) throw new Error('upgraded');
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });

  it('that is none is 426', async () => {
    const answer = await engine.get(ORDERS_WS);
    expect([answer.status, answer.json['code'], answer.headers.get('upgrade')]).toEqual([
      426,
      'ERR_HTTP_UPGRADE_REQUIRED',
      'websocket',
    ]);
  });
});

describe('the log', () => {
  it('holds what was taken and nothing else', async () => {
    await engine.stop();
    const texts = readLogs(data).map(({ bytes }) => bytes.toString('latin1'));
    expect(texts.filter((text) => !/good-\d+/.test(text))).toEqual([]);
    expect(texts).toHaveLength(taken);
  });
});
