import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface Asked {
  readonly path: string;
  readonly order: string;
  readonly id: string;
  readonly attempt: number;
}

/** A status and a body; `never`: no answer at all; a promise: later. */
export type Reaction = readonly [status: number, body: unknown] | 'never';

/** A service that an engine asks, and what it was asked. */
export class Outside {
  readonly url: string;
  readonly asked: Asked[] = [];
  react: (asked: Asked) => Reaction | Promise<Reaction> = () => [200, null];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', ({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, this.url);
      const of = (name: string): string => searchParams.get(name) ?? '';
      const asked = { path: pathname.slice(1), order: of('order'), id: of('id'), attempt: Number(of('attempt')) };
      this.asked.push(asked);
      void this.#answer(asked, response);
    });
  }

  static async open(): Promise<Outside> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outside = new Outside(server);
    afterAll(() => outside.close());
    return outside;
  }

  /** How often each order was asked about. */
  times(): Map<string, number> {
    const times = new Map<string, number>();
    for (const { order } of this.asked) times.set(order, (times.get(order) ?? 0) + 1);
    return times;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(asked: Asked, response: ServerResponse): Promise<void> {
    const reaction = await this.react(asked);
    if (reaction === 'never') return;
    const [status, body] = reaction;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}
