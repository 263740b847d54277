import { connect, type Socket } from 'node:net';

/** A WebSocket client for one test: text messages in, whatever frame out. No fragments, no extensions. */
export class WebSocketClient {
  readonly messages: string[] = [];
  closeCode = 0;
  closeReason = '';
  protocol = '';
  readonly #socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @throws when the server does not switch protocols */
  static async open(port: number, path: string, headers: readonly string[] = []): Promise<WebSocketClient> {
    const { socket, head, rest } = await upgrade(port, path, headers);
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head);
    const client = new WebSocketClient(socket);
    client.protocol = /^sec-websocket-protocol: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
    socket.on('data', (chunk) => client.#take(chunk));
    client.#take(rest);
    return client;
  }

  sendText(text: string): void {
    const payload = Buffer.from(text);
    const mask = Buffer.from([1, 2, 3, 4]);
    const masked = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, masked]));
  }

  /** Stops and starts reading from the socket, as a slow reader would. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  drop(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const bytes = this.#received;
      if (bytes.length < 2) return;
      const short = (bytes[1] as number) & 0x7f;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length < start) return;
      const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < start + length) return;
      this.#takeFrame((bytes[0] as number) & 0x0f, bytes.subarray(start, start + length));
      this.#received = bytes.subarray(start + length);
    }
  }

  #takeFrame(opcode: number, payload: Buffer): void {
    if (opcode === 1) this.messages.push(payload.toString('utf8'));
    if (opcode === 8) {
      this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      this.closeReason = payload.subarray(2).toString('utf8');
      this.#socket.end();
    }
  }
}

/** Sends an upgrade request; the answer's head as text, and what came behind it. */
export function upgrade(
  port: number,
  path: string,
  headers: readonly string[] = [],
): Promise<{ socket: Socket; head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', function read(chunk) {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      resolve({ socket, head: received.subarray(0, end).toString('latin1'), rest: received.subarray(end + 4) });
    });
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}
