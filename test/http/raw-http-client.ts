import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
  json: Record<string, unknown>;
}

/** One TCP connection that sends exactly the bytes it is told, and reads answers by their Content-Length. */
export class RawHttpClient {
  readonly socket: Socket;
  isClosed = false;
  #buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static open(port: number): Promise<RawHttpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(new RawHttpClient(socket)));
      socket.once('error', reject);
    });
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  /** @throws when the connection ends before an answer is complete */
  async answer(hasBody = true): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#tryParse(hasBody);
      if (answer !== null) return answer;
      if (this.isClosed)
        throw new Error(`connection closed with ${this.#buffer.length} bytes: ${this.#buffer.toString()}`);
      await this.#more();
    }
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<void> {
    while (!this.isClosed) await this.#more();
  }

  get pendingText(): string {
    return this.#buffer.toString('latin1');
  }

  /** Resolves when this text has come. */
  async until(text: string): Promise<string> {
    while (!this.pendingText.includes(text)) {
      if (this.isClosed) throw new Error(`connection closed; got ${this.pendingText}`);
      await this.#more();
    }
    return this.pendingText;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #tryParse(hasBody: boolean): RawAnswer | null {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [line, ...rows] = this.#buffer.toString('latin1', 0, end).split('\r\n');
    const headers = new Map<string, string>();
    for (const row of rows) {
      const colon = row.indexOf(':');
      headers.set(row.slice(0, colon).toLowerCase(), row.slice(colon + 1).trim());
    }
    const length = hasBody ? Number(headers.get('content-length') ?? 0) : 0;
    if (this.#buffer.length < end + 4 + length) return null;
    const body = this.#buffer.toString('utf8', end + 4, end + 4 + length);
    this.#buffer = this.#buffer.subarray(end + 4 + length);
    const isJson = body !== '' && /[/+]json$/.test(headers.get('content-type') ?? '');
    return { status: Number((line as string).split(' ')[1]), headers, body, json: isJson ? JSON.parse(body) : {} };
  }
}

/** One request on one connection. */
export async function request(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Uint8Array = '',
): Promise<RawAnswer> {
  const client = await RawHttpClient.open(port);
  client.send(head(method, path, { 'Content-Length': String(Buffer.byteLength(body)), ...headers }));
  if (body.length > 0) client.send(body);
  const answer = await client.answer(method !== 'HEAD');
  client.close();
  return answer;
}

export function head(method: string, path: string, headers: Record<string, string> = {}): string {
  const rows = Object.entries({ Host: 'moka.test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${rows.join('')}\r\n`;
}
