import type { ErrorCode } from '../base/error-catalogue.ts';
import { problemOf } from '../http/problem.ts';
import type { Exchange, HeaderPair } from '../http/server.ts';
import type { FeedMessage } from './feed-message.ts';
import { HEARTBEAT_MS } from './query-limits.ts';
import type { QueryRouter, WatchOptions } from './query-router.ts';
import type { FeedSink, ViewFeed } from './view-feed.ts';

/**
 * The changes of a view as server-sent events (HTML Living Standard, 9.2). The event's name is the message's type and
 * its data the message; `id` is where a reconnect goes on, which browsers do by themselves with `Last-Event-ID`. A
 * comment keeps the line alive where nothing happens. `end` carries a problem: the engine goes down, or the reader was
 * too slow.
 *
 * @throws MokaError as `QueryRouter.planWatch`
 */
export function openChangeStream(exchange: Exchange, router: QueryRouter, view: string, options: WatchOptions): void {
  const plan = router.planWatch(view, options);
  exchange.startStream(200, STREAM_HEADERS);
  if (exchange.method === 'head') {
    exchange.end();
    return;
  }
  exchange.write(`retry: ${RECONNECT_MS}\n\n`);
  const sink = new ChangeStream(exchange);
  const feed = router.watch(plan, sink);
  sink.attach(feed);
}

const RECONNECT_MS = 1000;

const STREAM_HEADERS: readonly HeaderPair[] = [
  ['Content-Type', 'text/event-stream'],
  ['Cache-Control', 'no-store'],
  // nginx would hold events back otherwise
  ['X-Accel-Buffering', 'no'],
];

class ChangeStream implements FeedSink {
  readonly #exchange: Exchange;
  #heartbeat: NodeJS.Timeout | undefined;
  #isHeld = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  attach(feed: ViewFeed): void {
    const exchange = this.#exchange;
    exchange.onAborted(() => {
      clearInterval(this.#heartbeat);
      feed.close();
    });
    exchange.onWritable(() => {
      this.#isHeld = false;
      feed.resume();
    });
    this.#heartbeat = setInterval(() => {
      if (!this.#isHeld) this.#write(':\n\n');
    }, HEARTBEAT_MS);
  }

  send(message: FeedMessage): boolean {
    return this.#write(eventOf(message));
  }

  end(code: ErrorCode, detail: string): void {
    clearInterval(this.#heartbeat);
    this.#write(`event: end\ndata: ${JSON.stringify(problemOf(code, detail))}\n\n`);
    this.#exchange.end();
  }

  #write(text: string): boolean {
    const isTaken = this.#exchange.write(text);
    if (!isTaken) this.#isHeld = true;
    return isTaken;
  }
}

/** JSON has no line breaks of its own, so the data is one line. */
function eventOf({ type, id, json }: FeedMessage): string {
  const idLine = id === null ? '' : `id: ${id}\n`;
  return `event: ${type}\n${idLine}data: ${json}\n\n`;
}
