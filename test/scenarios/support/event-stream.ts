import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A reader of server-sent events, as far as the changes of a view need it. */
export class EventStream {
  readonly response: IncomingMessage;
  readonly #lines: AsyncIterator<string>;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.on('error', () => {});
    this.#lines = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  static open(port: number, path: string, headers: Record<string, string> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, headers, agent: false };
      get(options, (response) => resolve(new EventStream(response))).on('error', reject);
    });
  }

  /** The next event with data; null at the end of the stream. */
  async next(): Promise<StreamEvent | null> {
    const fields = new Map<string, string>();
    for (;;) {
      const { value: line, done } = await this.#lines.next();
      if (done === true) return null;
      const colon = (line as string).indexOf(': ');
      if (colon > 0) fields.set((line as string).slice(0, colon), (line as string).slice(colon + 2));
      const data = fields.get('data');
      if (line === '' && data !== undefined) {
        return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? '', data: JSON.parse(data) };
      }
    }
  }

  close(): void {
    this.response.destroy();
  }
}
