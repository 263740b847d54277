#!/usr/bin/env node
import uWebSockets from 'uWebSockets.js';

/**
 * The ceiling of the transport: bare uWebSockets.js that takes the same requests as the engine and does nothing.
 * `POST /v1/streams/orders` is answered 202 when the body is there; a WebSocket message of either protocol is
 * acknowledged unread.
 *
 *   node .bench/build/native-bench/floor/floor-uws.js   prints {"event":"ready","url":…}
 */
/** Nothing is ever held back. */
const LIMIT = { events: 2 ** 50, bytes: 2 ** 50 };
const HELLO = JSON.stringify({ type: 'hello', lastSeq: -1, limit: LIMIT });
const ANSWER = '{"partition":0,"offset":0,"epoch":1,"level":"received","processed":false,"duplicate":false}';
const HEADER_BYTES = 32;
const ACK_BYTES = 56;
const TYPE_HELLO = 2;
const TYPE_ACK = 3;

interface Connection {
  isBinary: boolean;
}

function binaryMessage(type: number, frame: number, length: number): Buffer {
  const message = Buffer.alloc(length);
  message.writeUInt16LE(0x4b4d, 0);
  message[2] = 1;
  message[3] = type;
  message.writeUInt32LE(frame, 4);
  message.writeDoubleLE(LIMIT.events, 8);
  message.writeDoubleLE(LIMIT.bytes, 24);
  return message;
}

function binaryHello(): Buffer {
  return Buffer.concat([binaryMessage(TYPE_HELLO, 0, ACK_BYTES), Buffer.from(HELLO)]);
}

function binaryAck(frame: Buffer): Buffer {
  const message = binaryMessage(TYPE_ACK, frame.readUInt32LE(4), ACK_BYTES);
  message.writeUInt32LE(frame.readUInt32LE(16), HEADER_BYTES);
  return message;
}

function textAck(head: Buffer, frameEvents: number): string {
  const frame = Number(head.toString('latin1', '{"frame":'.length, '{"frame":'.length + 10));
  return JSON.stringify({
    type: 'ack',
    frame,
    accepted: frameEvents,
    duplicate: 0,
    rejected: [],
    limit: LIMIT,
  });
}

const app = uWebSockets.App();
app.post('/v1/streams/orders', (response) => {
  response.onAborted(() => {});
  response.onData((_chunk, isLast) => {
    if (!isLast) return;
    response.cork(() => {
      response.writeStatus('202 Accepted').writeHeader('Content-Type', 'application/json').end(ANSWER);
    });
  });
});
app.ws<Connection>('/v1/streams/orders/ws', {
  maxPayloadLength: 1024 * 1024,
  upgrade: (response, request, context) => {
    const protocol = request.getHeader('sec-websocket-protocol');
    const data: Connection = { isBinary: protocol === 'moka.bin.v1' };
    const key = request.getHeader('sec-websocket-key');
    response.upgrade(data, key, protocol, request.getHeader('sec-websocket-extensions'), context);
  },
  open: (socket) => {
    if (socket.getUserData().isBinary) socket.send(binaryHello(), true);
    else socket.send(HELLO, false);
  },
  message: (socket, message, isBinary) => {
    const bytes = Buffer.from(message);
    if (isBinary) socket.send(binaryAck(bytes), true);
    else socket.send(textAck(bytes, FRAME_EVENTS), false);
  },
});

/** A text frame is not counted, that would be work; the generator is told what it sent. */
const FRAME_EVENTS = Number(process.argv[2] ?? 250);

app.listen('127.0.0.1', 0, 1, (listenSocket) => {
  if (listenSocket === false) throw new Error('no port');
  const port = uWebSockets.us_socket_local_port(listenSocket);
  console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}`, pid: process.pid }));
});
