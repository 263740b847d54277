import type { Exchange, HttpServer } from '../http/server.ts';
import type { PoolCounts } from '../metrics/exposition.ts';
import { BatchIntake } from './batch-intake.ts';
import { FrameIntake } from './frame-intake.ts';
import { HttpIntake } from './http-intake.ts';
import type { Intake } from './intake.ts';
import { PostIntake } from './post-intake.ts';
import type { ProducerLookup } from './producers.ts';
import type { QuotaOptions } from './quota.ts';

export interface IntakeRouteOptions {
  /** Events per second of each client; none unless given. */
  readonly quota?: QuotaOptions;
  /** What the lanes hold of a producer; without it every producer is new. */
  readonly producerState?: ProducerLookup;
}

/** What the intake reuses. */
export interface IntakePools {
  readonly frames: PoolCounts;
  readonly exchanges: PoolCounts;
}

/**
 * Opens the intake to the network: single events, batches and WebSockets of every stream.
 * @returns its pools, for their counters
 */
export function registerIntake(server: HttpServer, intake: Intake, options: IntakeRouteOptions = {}): IntakePools {
  const http = new HttpIntake(intake, options.quota ?? null);
  const frames = new FrameIntake(intake, options.producerState ?? nobody);
  for (const stream of intake.streams.values()) {
    // A route per stream: the native router matches it, and no request asks for its path.
    const path = `/v1/streams/${encodeURIComponent(stream.spec.name)}`;
    server.rawRoute('post', path, new PostIntake(http, stream).handle);
    server.rawRoute('post', `${path}/batch`, new BatchIntake(http, stream).handle);
    server.websocket(`${path}/ws`, frames.behaviour(stream));
  }
  server.websocket('/v1/streams/:stream/ws', {
    maxPayloadBytes: 1024,
    upgrade: (info) => ({ refuse: 'ERR_STREAM_UNKNOWN', detail: unknownStream(info.param(0)) }),
    open() {},
    message() {},
    close() {},
  });
  const refuse = (exchange: Exchange): void => {
    exchange.problem('ERR_STREAM_UNKNOWN', unknownStream(exchange.param(0)));
  };
  server.route('post', '/v1/streams/:stream', refuse);
  server.route('post', '/v1/streams/:stream/batch', refuse);
  return { frames: frames.replies, exchanges: http.exchanges };
}

const nobody: ProducerLookup = () => Promise.resolve({ epoch: 0, lastSequence: -1 });

function unknownStream(name: string): string {
  return `stream=${name.slice(0, 64)} unknown`;
}
