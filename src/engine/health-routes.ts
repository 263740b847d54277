import type { Exchange, HttpServer } from '../http/server.ts';

/** What health and control ask of the engine. */
export interface EngineControl {
  /** Null when ready; else why not, for a person. */
  unreadyReason(): string | null;
  /** Per partition: position, pressure, why intake is blocked. */
  describeLanes(): object[];
  renderMetrics(): Promise<{ contentType: string; body: string }>;
  checkpoint(): void;
  drain(): void;
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
  action('/admin/checkpoint', () => control.checkpoint());
  action('/admin/drain', () => control.drain());
  server.route('get', '/admin/partitions', (exchange) =>
    exchange.sendJson(200, { partitions: control.describeLanes() }),
  );
}
