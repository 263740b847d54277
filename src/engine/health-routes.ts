import { MokaError } from '../base/errors.ts';
import type { Exchange, HttpServer } from '../http/server.ts';
import type { SavedPartition } from './save-state.ts';

/** What health and control ask of the engine. */
export interface EngineControl {
  /** Null when ready; else why not, for a person. */
  unreadyReason(): string | null;
  /** Per partition: position, pressure, why intake is blocked. */
  describeLanes(): object[];
  renderMetrics(): Promise<{ contentType: string; body: string }>;
  checkpoint(): void;
  /** @throws MokaError ERR_DISK_FULL, ERR_NOT_READY */
  save(limitMs: number, isAbandoned: () => boolean): Promise<SavedPartition[]>;
  drain(): void;
  pause(isPaused: boolean): void;
  readonly threads: readonly string[];
  profile(thread: string, durationMs: number): Promise<string>;
}

const TEXT = [['content-type', 'text/plain; charset=utf-8']] as const;

/** `/livez`, `/readyz`, `/metrics`: on the public listener and on the admin one. */
export function registerHealth(server: HttpServer, control: EngineControl): void {
  // The process answers: it lives. A stuck lane is the watchdog's business, which ends the process.
  server.route('get', '/livez', (exchange) => exchange.send(200, TEXT, 'ok\n'));
  server.route('get', '/readyz', (exchange) => {
    const reason = control.unreadyReason();
    if (exchange.query('verbose') !== undefined) {
      exchange.sendJson(reason === null ? 200 : 503, {
        ready: reason === null,
        reason,
        partitions: control.describeLanes(),
      });
    } else {
      exchange.send(reason === null ? 200 : 503, TEXT, `${reason ?? 'ok'}\n`);
    }
  });
  server.route('get', '/metrics', (exchange) => {
    control.renderMetrics().then(
      ({ contentType, body }) => exchange.send(200, [['content-type', contentType]], body),
      () => exchange.problem('ERR_NOT_READY', 'metrics cannot be rendered'),
    );
  });
}

/** Control, on the admin listener only. */
export function registerControl(server: HttpServer, control: EngineControl): void {
  const action = (path: string, run: () => void): void =>
    server.route('post', path, (exchange: Exchange) => {
      run();
      exchange.sendJson(202, { accepted: true });
    });
  action('/admin/drain', () => control.drain());
  // Until `resume` or the next start: everything new is refused, what was taken goes on, and so do reads.
  action('/admin/pause', () => control.pause(true));
  action('/admin/resume', () => control.pause(false));
  registerCheckpoint(server, control);
  registerProfile(server, control);
  server.route('get', '/admin/partitions', (exchange) =>
    exchange.sendJson(200, { partitions: control.describeLanes() }),
  );
}

/** What `POST /admin/checkpoint?wait=<seconds>` answers. */
export interface SavedAnswer {
  /** Of the engine, so that whoever asks knows which one has answered. */
  readonly pid: number;
  readonly partitions: readonly SavedPartition[];
}

/**
 * `POST /admin/checkpoint`: a checkpoint of every partition is begun. With `?wait=60` the answer comes when all of them
 * are on disk and hold what was processed when it was asked for, or when it is clear that they will not.
 */
function registerCheckpoint(server: HttpServer, control: EngineControl): void {
  server.route('post', '/admin/checkpoint', (exchange: Exchange) => {
    const wait = exchange.query('wait');
    if (wait === undefined) {
      control.checkpoint();
      return exchange.sendJson(202, { accepted: true });
    }
    const seconds = Number(wait);
    if (!(seconds >= 0.1 && seconds <= WAIT_SECONDS_MAX)) {
      return exchange.problem('ERR_HTTP_BAD_REQUEST', `wait must be a number from 0.1 to ${WAIT_SECONDS_MAX}`);
    }
    control
      .save(seconds * 1000, () => exchange.isAborted)
      .then(
        (partitions) => exchange.sendJson(200, { pid: process.pid, partitions } satisfies SavedAnswer),
        (error: unknown) => {
          const code = error instanceof MokaError ? error.code : 'ERR_NOT_READY';
          exchange.problem(code, error instanceof Error ? error.message : String(error));
        },
      );
  });
}

/** `POST /admin/profile?thread=main&seconds=5`: what a thread's CPU goes into, one at a time. */
function registerProfile(server: HttpServer, control: EngineControl): void {
  let isRecording = false;
  server.route('post', '/admin/profile', (exchange: Exchange) => {
    const thread = exchange.query('thread') ?? 'main';
    const seconds = Number(exchange.query('seconds') ?? PROFILE_SECONDS);
    if (!control.threads.includes(thread)) {
      return exchange.problem('ERR_HTTP_BAD_REQUEST', `thread=${thread}, must be one of ${control.threads.join(', ')}`);
    }
    if (!(seconds >= 0.1 && seconds <= PROFILE_SECONDS_MAX)) {
      return exchange.problem('ERR_HTTP_BAD_REQUEST', `seconds must be a number from 0.1 to ${PROFILE_SECONDS_MAX}`);
    }
    if (isRecording) return exchange.problem('ERR_NOT_READY', 'another profile is being recorded');
    isRecording = true;
    const name = `moka-${thread}-${seconds}s.cpuprofile`;
    control
      .profile(thread, seconds * 1000)
      .then(
        (profile) =>
          exchange.send(200, [...JSON_TYPE, ['content-disposition', `attachment; filename="${name}"`]], profile),
        (error: unknown) => exchange.problem('ERR_NOT_READY', `profile cannot be recorded: ${String(error)}`),
      )
      .finally(() => {
        isRecording = false;
      });
  });
}

const WAIT_SECONDS_MAX = 600;
const PROFILE_SECONDS = 5;
const PROFILE_SECONDS_MAX = 60;
const JSON_TYPE = [['content-type', 'application/json']] as const;
