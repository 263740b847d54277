import type { HttpServer } from '../http/server.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { openApiOf } from './openapi.ts';
import type { QueryRouter } from './query-router.ts';
import { registerStreamRoutes } from './stream-routes.ts';
import { registerViewRoutes } from './view-routes.ts';

/** Everything that can be read: views, their changes, which streams there are, and the description of the whole API. */
export function registerQueries(server: HttpServer, router: QueryRouter, topology: CompiledTopology): void {
  registerViewRoutes(server, router);
  registerStreamRoutes(server, topology.streams);
  const document = JSON.stringify(openApiOf({ ...topology, views: router.views }));
  server.route('get', '/openapi.json', (exchange) =>
    exchange.send(200, [['Content-Type', 'application/json']], document),
  );
}
