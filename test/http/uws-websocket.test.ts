import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServer, Socket, WebSocketBehaviour } from '../../src/http/server.ts';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { type RawAnswer, request } from './raw-http-client.ts';
import { frame, OPCODE_TEXT, RawWebSocket } from './raw-websocket.ts';

const servers: HttpServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Data {
  key: string;
}

interface Opened {
  port: number;
  sockets: Socket<Data>[];
  closes: number[];
}

async function serve(changes: Partial<WebSocketBehaviour<Data>> = {}): Promise<Opened> {
  const server = createUwsServer({ allowedOrigins: ['https://kiosk.example'] });
  servers.push(server);
  const sockets: Socket<Data>[] = [];
  const closes: number[] = [];
  server.websocket<Data>('/ws/:key', {
    maxPayloadBytes: 100,
    upgrade: (info) => ({ data: { key: info.param(0) }, protocol: info.protocols[0] ?? '' }),
    open: (socket) => sockets.push(socket),
    message: (socket, bytes, isBinary) => socket.send(Buffer.from(bytes), isBinary),
    close: (_socket, code) => closes.push(code),
    ...changes,
  });
  return { port: await server.listen('127.0.0.1', 0), sockets, closes };
}

async function refused(port: number, headers: Record<string, string>): Promise<RawAnswer> {
  const answer = await RawWebSocket.open(port, '/ws/a', '', headers);
  if (answer instanceof RawWebSocket) throw new Error('upgraded');
  return answer;
}

describe('HttpServer.websocket', () => {
  it('upgrades, hands over its data and answers', async () => {
    const { port, sockets } = await serve();
    const socket = await RawWebSocket.connect(port, '/ws/a%2Fb', 'one');
    socket.sendText('hello');
    expect((await socket.next()).payload.toString()).toBe('hello');
    expect(sockets[0]?.data.key).toBe('a/b');
    socket.close();
  });

  it('answers 426 to a plain GET and to another version', async () => {
    const { port } = await serve();
    const plain = await request(port, 'GET', '/ws/a');
    expect([plain.status, plain.json['code'], plain.headers.get('upgrade')]).toEqual([
      426,
      'ERR_HTTP_UPGRADE_REQUIRED',
      'websocket',
    ]);
    const old = await refused(port, { 'Sec-WebSocket-Version': '8' });
    expect([old.status, old.headers.get('sec-websocket-version')]).toEqual([426, '13']);
    expect((await request(port, 'POST', '/ws/a')).status).toBe(405);
  });

  it('refuses foreign pages with 403 and takes listed ones', async () => {
    const { port } = await serve();
    const foreign = await refused(port, { Origin: 'https://evil.example' });
    expect([foreign.status, foreign.json['code']]).toEqual([403, 'ERR_HTTP_FORBIDDEN_ORIGIN']);
    for (const origin of ['https://kiosk.example', 'http://moka.test']) {
      const socket = await RawWebSocket.open(port, '/ws/a', '', { Origin: origin });
      expect(socket).toBeInstanceOf(RawWebSocket);
      (socket as RawWebSocket).close();
    }
  });

  it('refuses what its behaviour refuses', async () => {
    const { port } = await serve({
      upgrade: () => ({ refuse: 'ERR_STREAM_UNKNOWN', detail: 'no', extra: { x: 1 }, headers: [['Retry-After', '1']] }),
    });
    const { status, json, headers } = await refused(port, {});
    expect([status, json['x'], headers.get('retry-after')]).toEqual([404, 1, '1']);
  });

  it('ends connections that send oversized, broken or reserved frames', async () => {
    const { port, closes } = await serve();
    const oversized = await RawWebSocket.connect(port, '/ws/a');
    oversized.sendText('x'.repeat(101));
    await oversized.closed();
    const broken = await RawWebSocket.connect(port, '/ws/a');
    broken.sendRaw(frame(OPCODE_TEXT, Buffer.from([0xff, 0xfe])));
    await broken.closed();
    const reserved = await RawWebSocket.connect(port, '/ws/a');
    reserved.sendRaw(frame(0x0b, Buffer.from('x')));
    await reserved.closed();
    expect(closes).toHaveLength(3);
  });

  it('joins a fragmented message', async () => {
    const { port } = await serve();
    const socket = await RawWebSocket.connect(port, '/ws/a');
    socket.sendRaw(frame(OPCODE_TEXT, Buffer.from('hel'), true, false));
    socket.sendRaw(frame(0, Buffer.from('lo'), true, true));
    expect((await socket.next()).payload.toString()).toBe('hello');
    socket.close();
  });

  it.each([
    ['pings', 9],
    ['pongs', 10],
  ])('takes 64 %s at once, and closes 1008 at one more', async (_name, opcode) => {
    const { port, closes } = await serve();
    const patient = await RawWebSocket.connect(port, '/ws/a');
    patient.sendRaw(Buffer.concat(new Array(64).fill(frame(opcode, Buffer.from('x')))));
    patient.sendText('still here');
    expect((await patient.next()).payload.toString()).toBe('still here');
    expect(closes).toEqual([]);
    const flooding = await RawWebSocket.connect(port, '/ws/a');
    flooding.sendRaw(Buffer.concat(new Array(65).fill(frame(opcode, Buffer.from('x')))));
    expect(await flooding.closed()).toBe(1008);
    expect(flooding.closeReason).toBe('too many control frames');
    expect(closes).toEqual([1008]);
    patient.close();
  });

  it('closes a reader that is too slow instead of dropping a message', async () => {
    const { port, sockets, closes } = await serve({ maxBufferedBytes: 1024 });
    const socket = await RawWebSocket.connect(port, '/ws/a');
    socket.http.socket.pause();
    while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const message = 'x'.repeat(256 * 1024);
    let isSent = true;
    for (let n = 0; n < 200 && isSent; n++) isSent = sockets[0]?.send(message, false) ?? false;
    expect(isSent).toBe(false);
    while (closes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sockets[0]?.send('more', false)).toBe(false);
    socket.close();
  });

  it('makes everything a no-op after the close', async () => {
    const { port, sockets } = await serve();
    const socket = await RawWebSocket.connect(port, '/ws/a');
    while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const [server] = sockets as [Socket<Data>];
    server.end(1008, 'enough');
    expect(await socket.closed()).toBe(1008);
    expect(socket.closeReason).toBe('enough');
    expect([server.isClosed, server.send('x', false), server.bufferedBytes()]).toEqual([true, false, 0]);
    server.end(1000, '');
    server.cork(() => {
      throw new Error('corked');
    });
  });
});
