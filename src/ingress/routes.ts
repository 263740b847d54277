import type { HttpServer } from '../http/server.ts';
import { HttpIntake } from './http-intake.ts';
import type { Intake } from './intake.ts';
import { PostIntake } from './post-intake.ts';
import type { QuotaOptions } from './quota.ts';

export interface IntakeRouteOptions {
  /** Events per second of each client; none unless given. */
  readonly quota?: QuotaOptions;
}

/** Opens the intake to the network: single events, batches and WebSockets of every stream. */
export function registerIntake(server: HttpServer, intake: Intake, options: IntakeRouteOptions = {}): void {
  const http = new HttpIntake(intake, options.quota ?? null);
  for (const stream of intake.streams.values()) {
    // A route per stream: the native router matches it, and no request asks for its path.
    const path = `/v1/streams/${encodeURIComponent(stream.spec.name)}`;
    server.rawRoute('post', path, new PostIntake(http, stream).handle);
  }
  server.route('post', '/v1/streams/:stream', (exchange) => {
    exchange.problem('ERR_STREAM_UNKNOWN', `stream=${exchange.param(0).slice(0, 64)} unknown`);
  });
}
