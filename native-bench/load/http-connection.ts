import { connect, type Socket } from 'node:net';
import { INCOMPLETE, ResponseParser } from './http-response.ts';

/** All connections of the process are read into the same bytes: a read is used up before the next one begins. */
const READ_BYTES = 64 * 1024;
const sharedRead = Buffer.allocUnsafe(READ_BYTES);
const parser = new ResponseParser();
const NOTHING = Buffer.alloc(0);

export interface HttpClient {
  /** The answer to the request under way; `bytes` and the parser's fields are valid during the call only. */
  onResponse(connection: HttpConnection, response: ResponseParser, bytes: Buffer): void;
  /** The connection is gone; a request under way may or may not have been taken. */
  onClosed(connection: HttpConnection, reason: string): void;
}

/** One keep-alive connection with at most one request in flight. */
export class HttpConnection {
  readonly id: number;
  isBusy = false;
  /** When the request under way was sent, or was to be sent, in ms of `performance.now()`. */
  sentAt = 0;
  readonly #socket: Socket;
  readonly #client: HttpClient;
  #partial = NOTHING;
  #isClosed = false;

  constructor(id: number, host: string, port: number, client: HttpClient, onOpen: () => void) {
    this.id = id;
    this.#client = client;
    this.#socket = connect(
      {
        host,
        port,
        noDelay: true,
        onread: {
          buffer: sharedRead,
          callback: (length, bytes) => {
            this.#onBytes(bytes as Buffer, length);
            return true;
          },
        },
      },
      onOpen,
    );
    this.#socket.on('error', (error) => this.#closed(error.message));
    this.#socket.on('close', () => this.#closed('closed by the server'));
  }

  /** `request` must stay as it is until its answer has come. */
  send(request: Buffer, sentAt: number): void {
    this.isBusy = true;
    this.sentAt = sentAt;
    this.#socket.write(request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #onBytes(bytes: Buffer, length: number): void {
    if (this.#isClosed) return;
    let source = bytes;
    let end = length;
    if (this.#partial.length > 0) {
      source = Buffer.concat([this.#partial, bytes.subarray(0, length)]);
      end = source.length;
      this.#partial = NOTHING;
    }
    if (parser.parse(source, 0, end) === INCOMPLETE) {
      this.#partial = Buffer.from(source.subarray(0, end));
      return;
    }
    this.isBusy = false;
    this.#client.onResponse(this, parser, source);
  }

  #closed(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.onClosed(this, reason);
  }
}
