import { head, type RawAnswer, RawHttpClient } from './raw-http-client.ts';

export const OPCODE_TEXT = 1;
export const OPCODE_BINARY = 2;
export const OPCODE_CLOSE = 8;

export interface RawMessage {
  opcode: number;
  payload: Buffer;
}

/** A WebSocket client of bare frames: what it sends can be as wrong as a test needs it. */
export class RawWebSocket {
  readonly http: RawHttpClient;
  readonly messages: RawMessage[] = [];
  closeCode = -1;
  closeReason = '';
  isClosed = false;
  #buffer: Buffer;
  #wake: () => void = () => {};

  private constructor(http: RawHttpClient, rest: Buffer) {
    this.http = http;
    this.#buffer = rest;
    http.socket.removeAllListeners('data');
    http.socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#parse();
    });
    http.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    this.#parse();
  }

  /** @returns the socket, or the answer that refused the upgrade */
  static async open(
    port: number,
    path: string,
    protocol = '',
    headers: Record<string, string> = {},
  ): Promise<RawWebSocket | RawAnswer> {
    const http = await RawHttpClient.open(port);
    http.send(head('GET', path, { ...upgradeHeaders(protocol), ...headers }));
    const text = await http.until('\r\n\r\n');
    if (!text.startsWith('HTTP/1.1 101')) return http.answer();
    return new RawWebSocket(http, Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1'));
  }

  static async connect(port: number, path: string, protocol = ''): Promise<RawWebSocket> {
    const socket = await RawWebSocket.open(port, path, protocol);
    if (!(socket instanceof RawWebSocket)) throw new Error(`upgrade refused: ${socket.status} ${socket.body}`);
    return socket;
  }

  sendText(text: string): void {
    this.http.send(frame(OPCODE_TEXT, Buffer.from(text)));
  }

  sendBinary(bytes: Uint8Array): void {
    this.http.send(frame(OPCODE_BINARY, bytes));
  }

  /** Bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.http.send(bytes);
  }

  async next(): Promise<RawMessage> {
    for (;;) {
      const message = this.messages.shift();
      if (message !== undefined) return message;
      if (this.isClosed) throw new Error(`closed code=${this.closeCode} reason=${this.closeReason}`);
      await this.#more();
    }
  }

  async nextJson(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.next()).payload.toString()) as Record<string, unknown>;
  }

  /** @returns the code of the close frame; -1 if the connection just ended */
  async closed(): Promise<number> {
    while (!this.isClosed) await this.#more();
    return this.closeCode;
  }

  close(): void {
    this.http.close();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #parse(): void {
    for (;;) {
      const buffer = this.#buffer;
      if (buffer.length < 2) break;
      const short = (buffer[1] as number) & 0x7f;
      const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (buffer.length < headBytes) break;
      const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
      if (buffer.length < headBytes + length) break;
      const payload = Buffer.from(buffer.subarray(headBytes, headBytes + length));
      const opcode = (buffer[0] as number) & 0x0f;
      this.#buffer = buffer.subarray(headBytes + length);
      if (opcode === OPCODE_CLOSE) {
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : -1;
        this.closeReason = payload.toString('utf8', 2);
      } else if (opcode === OPCODE_TEXT || opcode === OPCODE_BINARY) {
        this.messages.push({ opcode, payload });
      }
    }
    this.#wake();
  }
}

export function upgradeHeaders(protocol: string): Record<string, string> {
  return {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === '' ? {} : { 'Sec-WebSocket-Protocol': protocol }),
  };
}

/** A whole message in one frame. */
export function frame(opcode: number, payload: Uint8Array, isMasked = true, isFinal = true): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const bytes = Buffer.alloc(2 + lengthBytes + (isMasked ? 4 : 0) + length);
  bytes[0] = (isFinal ? 0x80 : 0) | opcode;
  bytes[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) bytes.writeUInt16BE(length, 2);
  if (lengthBytes === 8) bytes.writeBigUInt64BE(BigInt(length), 2);
  const mask = [0x12, 0x34, 0x56, 0x78];
  const at = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (isMasked) bytes.set(mask, at - 4);
  for (let index = 0; index < length; index++) {
    bytes[at + index] = (payload[index] as number) ^ (isMasked ? (mask[index & 3] as number) : 0);
  }
  return bytes;
}
