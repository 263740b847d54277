import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameParser, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG } from './websocket-frame.ts';

const READ_BYTES = 64 * 1024;
const END_OF_HEAD = '\r\n\r\n';
const sharedRead = Buffer.allocUnsafe(READ_BYTES);
const parser = new FrameParser();
const NOTHING = Buffer.alloc(0);

export interface WebSocketClient {
  /** One whole message; the bytes are valid during the call only. */
  onMessage(connection: WebSocketConnection, isBinary: boolean, payload: Buffer): void;
  onClosed(connection: WebSocketConnection, reason: string): void;
}

export interface WebSocketTarget {
  host: string;
  port: number;
  /** With the query. */
  path: string;
  protocol: string;
}

/** A WebSocket client on a bare socket: prepared frames go out as they are, messages come in as bytes. */
export class WebSocketConnection {
  readonly id: number;
  readonly #socket: Socket;
  readonly #client: WebSocketClient;
  #isUpgraded = false;
  #isClosed = false;
  #partial = NOTHING;

  constructor(id: number, target: WebSocketTarget, client: WebSocketClient) {
    this.id = id;
    this.#client = client;
    const onread = {
      buffer: sharedRead,
      callback: (length: number, bytes: Uint8Array): boolean => {
        this.#onBytes(bytes as Buffer, length);
        return true;
      },
    };
    this.#socket = connect({ host: target.host, port: target.port, noDelay: true, onread }, () => {
      this.#socket.write(
        `GET ${target.path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nUpgrade: websocket\r\n` +
          `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${target.protocol}\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
    });
    this.#socket.on('error', (error) => this.#closed(error.message));
    this.#socket.on('close', () => this.#closed('closed by the server'));
  }

  /** `frame` is a whole client frame and must stay as it is until the server has acknowledged it. */
  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #onBytes(bytes: Buffer, length: number): void {
    let source = bytes;
    let end = length;
    let start = 0;
    if (this.#partial.length > 0) {
      source = Buffer.concat([this.#partial, bytes.subarray(0, length)]);
      end = source.length;
      this.#partial = NOTHING;
    }
    if (!this.#isUpgraded) start = this.#onUpgrade(source, end);
    while (start < end && !this.#isClosed) {
      const next = parser.parse(source, start, end);
      if (next < 0) break;
      this.#onFrame(source, parser.opcode, parser.payloadStart, parser.payloadEnd);
      start = next;
    }
    if (start < end) this.#partial = Buffer.from(source.subarray(start, end));
  }

  /** The end of the response's head; 0 while it is incomplete. */
  #onUpgrade(bytes: Buffer, end: number): number {
    const headEnd = bytes.subarray(0, end).indexOf(END_OF_HEAD, 0, 'latin1');
    if (headEnd < 0) return 0;
    const head = bytes.toString('latin1', 0, headEnd);
    if (!head.startsWith('HTTP/1.1 101')) {
      this.#closed(`upgrade refused: ${bytes.toString('latin1', 0, end)}`);
      this.close();
      return end;
    }
    this.#isUpgraded = true;
    return headEnd + END_OF_HEAD.length;
  }

  #onFrame(bytes: Buffer, opcode: number, start: number, end: number): void {
    const payload = bytes.subarray(start, end);
    if (opcode === OPCODE_PING) {
      this.send(encodeFrame(OPCODE_PONG, payload));
    } else if (opcode === OPCODE_CLOSE) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#closed(`close code=${code} reason=${payload.toString('latin1', 2)}`);
      this.close();
    } else if (opcode !== OPCODE_PONG) {
      this.#client.onMessage(this, opcode === 2, payload);
    }
  }

  #closed(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.onClosed(this, reason);
  }
}
