import { customerOf, type OrderBook } from './canonical-order.ts';
import { type HttpClient, HttpConnection } from './http-connection.ts';
import { HttpRequest } from './http-request.ts';
import type { ResponseParser } from './http-response.ts';
import type { Journal } from './journal.ts';
import type { LoadOptions } from './load-options.ts';
import { pace, Schedule } from './pacer.ts';
import type { Tally } from './tally.ts';

/** Different bodies per connection; with hundreds of connections thousands of different orders are on the way. */
export const TEMPLATES_PER_CONNECTION = 8;

/**
 * Orders over HTTP, one per request: closed loop (every answer is followed by the next order at once) or open loop at a
 * fixed rate. 429, 503 and 507 are waited out as `Retry-After` says and the same order is sent again.
 */
export class HttpLoad implements HttpClient {
  readonly #options: LoadOptions;
  readonly #book: OrderBook;
  readonly #tally: Tally;
  readonly #journal: Journal | null;
  readonly #connections: HttpConnection[] = [];
  readonly #requests: HttpRequest[] = [];
  readonly #underWay: HttpRequest[] = [];
  readonly #rounds: Int32Array;
  readonly #idle: HttpConnection[] = [];
  #schedule: Schedule | null = null;
  #isStopping = false;

  constructor(options: LoadOptions, book: OrderBook, tally: Tally, journal: Journal | null) {
    this.#options = options;
    this.#book = book;
    this.#tally = tally;
    this.#journal = journal;
    this.#rounds = new Int32Array(options.connections);
    const { host, port, path, connections } = options;
    for (let template = 0; template < connections * TEMPLATES_PER_CONNECTION; template++) {
      this.#requests.push(new HttpRequest(book, template, host, port, path));
    }
  }

  open(): Promise<void> {
    const { host, port, connections } = this.#options;
    return new Promise((resolve) => {
      let opened = 0;
      const onOpen = (): void => {
        opened++;
        if (opened === connections) resolve();
      };
      for (let id = 0; id < connections; id++) this.#connections.push(new HttpConnection(id, host, port, this, onOpen));
    });
  }

  start(): void {
    const rate = this.#options.ratePerSecond;
    if (rate === null) {
      const now = performance.now();
      for (const connection of this.#connections) this.#sendNext(connection, now);
      return;
    }
    this.#idle.push(...this.#connections);
    this.#schedule = new Schedule(rate, performance.now());
    pace(() => this.#pump());
  }

  /** No new orders from here on; what is under way is still answered. */
  stop(): void {
    this.#isStopping = true;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  onResponse(connection: HttpConnection, response: ResponseParser, bytes: Buffer): void {
    const now = performance.now();
    const request = this.#underWay[connection.id] as HttpRequest;
    const status = response.status;
    if (status === 429 || status === 503 || status === 507) {
      this.#tally.refused++;
      setTimeout(() => connection.send(request.bytes, connection.sentAt), response.retryAfterSeconds * 1000);
      return;
    }
    if (status >= 200 && status < 300) this.#accepted(request, connection, response, bytes, now);
    else this.#rejected(response, bytes);
    if (this.#isStopping) return;
    if (this.#schedule === null) this.#sendNext(connection, now);
    else this.#idle.push(connection);
  }

  onClosed(connection: HttpConnection, reason: string): void {
    this.#tally.lostConnections++;
    this.#tally.complain(`connection=${connection.id} ${reason}`);
  }

  #accepted(
    request: HttpRequest,
    connection: HttpConnection,
    response: ResponseParser,
    bytes: Buffer,
    now: number,
  ): void {
    this.#tally.answered(1, (now - connection.sentAt) * 1000);
    if (this.#journal === null) return;
    const answer = JSON.parse(bytes.toString('latin1', response.bodyStart, response.bodyEnd)) as Record<
      string,
      unknown
    >;
    this.#journal.acked(request.orderNumber, connection.id, Number(answer['partition']), Number(answer['offset']));
  }

  #rejected(response: ResponseParser, bytes: Buffer): void {
    this.#tally.rejected++;
    const body = bytes.toString('latin1', response.bodyStart, response.bodyEnd);
    this.#tally.complain(`status=${response.status} ${body}`);
  }

  #pump(): boolean {
    const schedule = this.#schedule as Schedule;
    let due = schedule.due(performance.now());
    while (due > 0 && this.#idle.length > 0 && !this.#isStopping) {
      this.#sendNext(this.#idle.pop() as HttpConnection, schedule.nextAt());
      schedule.take();
      due--;
    }
    return !this.#isStopping;
  }

  #sendNext(connection: HttpConnection, sentAt: number): void {
    const { connections, firstOrder } = this.#options;
    const round = this.#rounds[connection.id] as number;
    this.#rounds[connection.id] = round + 1;
    const place = round * connections + connection.id;
    const orderNumber = firstOrder + place;
    const request = this.#requests[orderNumber % this.#requests.length] as HttpRequest;
    const customer = customerOf(orderNumber);
    request.fill(orderNumber, customer, Date.now());
    this.#underWay[connection.id] = request;
    this.#tally.sent++;
    this.#tally.payloadBytes += request.bodyBytes;
    this.#tally.customers.add(customer, this.#book.totalCents[request.template] as number);
    connection.send(request.bytes, sentAt);
  }
}
