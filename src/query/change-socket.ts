import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { problemOf } from '../http/problem.ts';
import type { Socket, UpgradeAccepted, UpgradeInfo, UpgradeRefused, WebSocketBehaviour } from '../http/server.ts';
import type { FeedMessage } from './feed-message.ts';
import { MAX_BATCH_BYTES, WATCH_BUFFERED_BYTES, WATCH_CREDIT } from './query-limits.ts';
import type { QueryRouter } from './query-router.ts';
import { readBounds, readParameters, WATCH_PARAMETERS } from './read-parameters.ts';
import type { FeedSink, ViewFeed } from './view-feed.ts';
import type { WatchPlan } from './view-feeds.ts';

export const CHANGES_PROTOCOL = 'moka.changes.v1';

/** Nothing but the server has anything to say on this socket. */
const MAX_PAYLOAD_BYTES = 1024;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_UNSUPPORTED = 1003;
const CLOSE_TRY_LATER = 1013;

interface Watcher {
  readonly plan: WatchPlan;
  feed: ViewFeed | undefined;
}

/**
 * The changes of a view over a WebSocket: every text message is one message of the feed, `id` included. Before the
 * engine closes, it sends `{"type":"end", …}` with the members of a problem.
 */
export function changeSocket(router: QueryRouter): WebSocketBehaviour<Watcher> {
  return {
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    maxBufferedBytes: maxBufferedBytes(router.partitionCount),
    upgrade: (info) => accept(router, info),
    open: (socket) => open(router, socket),
    message: (socket) => socket.end(CLOSE_UNSUPPORTED, 'this socket takes no messages'),
    drain: (socket) => {
      if (socket.bufferedBytes() < WATCH_BUFFERED_BYTES / 4) socket.data.feed?.resume();
    },
    close: (socket) => socket.data.feed?.close(),
  };
}

/** What was on its way when the feed paused must fit as well, with the room that JSON takes around it. */
function maxBufferedBytes(partitionCount: number): number {
  return WATCH_BUFFERED_BYTES + partitionCount * WATCH_CREDIT * 2 * MAX_BATCH_BYTES;
}

function accept(router: QueryRouter, info: UpgradeInfo): UpgradeAccepted<Watcher> | UpgradeRefused {
  try {
    const parameters = readParameters(info.queryParameters, WATCH_PARAMETERS);
    const plan = router.planWatch(info.param(0), {
      ...readBounds(parameters),
      resume: parameters.get('resume'),
    });
    return {
      data: { plan, feed: undefined },
      protocol: info.protocols.includes(CHANGES_PROTOCOL) ? CHANGES_PROTOCOL : '',
    };
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    return { refuse: error.code, detail: error.message };
  }
}

function open(router: QueryRouter, socket: Socket<Watcher>): void {
  try {
    socket.data.feed = router.watch(socket.data.plan, new SocketSink(socket));
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    new SocketSink(socket).end(error.code, error.message);
  }
}

class SocketSink implements FeedSink {
  readonly #socket: Socket<Watcher>;

  constructor(socket: Socket<Watcher>) {
    this.#socket = socket;
  }

  send(message: FeedMessage): boolean {
    return this.#socket.send(message.json, false) && this.#socket.bufferedBytes() < WATCH_BUFFERED_BYTES;
  }

  end(code: ErrorCode, detail: string): void {
    const { type: problemType, ...problem } = problemOf(code, detail);
    this.#socket.send(JSON.stringify({ type: 'end', problemType, ...problem }), false);
    const isShutdown = code === 'ERR_DRAINING' || code === 'ERR_ENGINE_CLOSED';
    this.#socket.end(isShutdown ? CLOSE_GOING_AWAY : CLOSE_TRY_LATER, ERRORS[code].title);
  }
}
