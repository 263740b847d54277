import { MokaError } from '../base/errors.ts';
import type { Exchange, HeaderPair, HttpServer } from '../http/server.ts';
import type { ViewSpec } from '../topology/compiled.ts';
import { changeSocket } from './change-socket.ts';
import { openChangeStream } from './change-stream.ts';
import { keyJson, rowsJson } from './feed-message.ts';
import { parseAfter } from './position.ts';
import type { QueryRouter, RangeRead, ReadOptions, RowOptions, RowRead, WatchOptions } from './query-router.ts';
import { BOUNDS, decodePiece, readBounds, readNumber, readParameters, WATCH_PARAMETERS } from './read-parameters.ts';

const VIEWS_PATH = '/v1/views';

const READ_PARAMETERS = ['after', 'timeoutMs'];
const POINT_PARAMETERS = ['start', 'end', ...READ_PARAMETERS];
const RANGE_PARAMETERS = [...BOUNDS, 'limit', 'cursor', ...READ_PARAMETERS];

/**
 * Rows and changes of views over HTTP. What follows the view's name in a path is the row's key, slashes included and
 * percent-decoded. `changes` and `ws` are taken, as they are written here: a row with one of these keys is read with a
 * letter escaped (`%63hanges`, `%77s`) or as the first row of `?from=changes&limit=1`.
 */
export function registerViewRoutes(server: HttpServer, router: QueryRouter): void {
  server.route('get', VIEWS_PATH, (exchange) =>
    exchange.sendJson(200, { views: router.views.map(describeView) }, NO_STORE),
  );
  server.route('get', `${VIEWS_PATH}/:view`, (exchange) => answerRange(exchange, router));
  server.route('get', `${VIEWS_PATH}/:view/changes`, (exchange) => answerChanges(exchange, router), {
    headers: ['last-event-id'],
  });
  server.websocket(`${VIEWS_PATH}/:view/ws`, changeSocket(router));
  server.route('get', `${VIEWS_PATH}/:view/*`, (exchange) => answerPoint(exchange, router));
}

function answerPoint(exchange: Exchange, router: QueryRouter): void {
  const rawKey = exchange.path.slice(exchange.path.indexOf('/', VIEWS_PATH.length + 1) + 1);
  if (rawKey === 'ws') {
    // The same words as for any other WebSocket path; this one is met here since a key could stand in its place.
    exchange.problem('ERR_HTTP_UPGRADE_REQUIRED', 'this path is a WebSocket', {}, UPGRADE_HEADERS);
    return;
  }
  const parameters = readParameters(exchange.queryParameters, POINT_PARAMETERS);
  const read = router.get(exchange.param(0), decodePiece(rawKey), {
    window: readWindow(parameters),
    ...readOptions(parameters, router),
  });
  read.then(
    (row) => sendRow(exchange, row),
    (error: unknown) => refuse(exchange, error),
  );
}

function answerRange(exchange: Exchange, router: QueryRouter): void {
  const parameters = readParameters(exchange.queryParameters, RANGE_PARAMETERS);
  const read = router.range(exchange.param(0), {
    ...readBounds(parameters),
    limit: readNumber(parameters, 'limit'),
    cursor: parameters.get('cursor'),
    ...readOptions(parameters, router),
  });
  read.then(
    (page) => sendPage(exchange, page),
    (error: unknown) => refuse(exchange, error),
  );
}

function answerChanges(exchange: Exchange, router: QueryRouter): void {
  const parameters = readParameters(exchange.queryParameters, WATCH_PARAMETERS);
  const options: WatchOptions = {
    ...readBounds(parameters),
    // What the browser remembers is newer than what stood in the address when the page was made.
    resume: exchange.header('last-event-id') ?? parameters.get('resume'),
  };
  try {
    openChangeStream(exchange, router, exchange.param(0), options);
  } catch (error) {
    refuse(exchange, error);
  }
}

/** @throws MokaError ERR_VIEW_QUERY */
function readWindow(parameters: ReadonlyMap<string, string>): RowOptions['window'] {
  const [start, end] = [parameters.get('start'), parameters.get('end')];
  if (start === undefined && end === undefined) return undefined;
  if (start !== undefined && end !== undefined) return { start, end };
  throw new MokaError('ERR_VIEW_QUERY', 'start and end name a window together');
}

function readOptions(parameters: ReadonlyMap<string, string>, router: QueryRouter): ReadOptions {
  const after = parameters.get('after');
  return {
    after: after === undefined ? undefined : parseAfter(after, router.partitionCount),
    timeoutMs: readNumber(parameters, 'timeoutMs'),
  };
}

function sendRow(exchange: Exchange, row: RowRead): void {
  if (row.json === null) {
    exchange.problem(
      'ERR_VIEW_KEY_NOT_FOUND',
      `no row with this key: view=${row.view}`,
      { positions: row.positions },
      NO_STORE,
    );
    return;
  }
  const { view, key, json, positions } = row;
  const names = `{"view":${JSON.stringify(view)},${keyJson(key)},"value":`;
  exchange.send(200, JSON_HEADERS, `${names}${json},"position":${JSON.stringify(positions[0])}}`);
}

function sendPage(exchange: Exchange, page: RangeRead): void {
  const rows = rowsJson(page.keys, page.values);
  const rest = `"cursor":${JSON.stringify(page.cursor)},"positions":${JSON.stringify(page.positions)}}`;
  exchange.send(200, JSON_HEADERS, `{"view":${JSON.stringify(page.view)},"rows":[${rows}],${rest}`);
}

/** Anything but a MokaError is a bug; thrown from here it ends the process. */
function refuse(exchange: Exchange, error: unknown): void {
  if (!(error instanceof MokaError)) throw error;
  const place = error.partition === undefined ? {} : { partition: error.partition };
  exchange.problem(error.code, error.message, place, error.isRetryable ? RETRY_SOON : NO_STORE);
}

function describeView(view: ViewSpec): object {
  const path = `${VIEWS_PATH}/${encodeURIComponent(view.name)}`;
  return {
    name: view.name,
    ...(view.description !== undefined && { description: view.description }),
    isKeyedByPartitionKey: view.isKeyedByPartitionKey,
    isOfWindows: view.isOfWindows,
    schema: view.schema,
    links: {
      rows: view.isOfWindows ? `${path}{?key,from,to}` : path,
      row: `${path}/{key}${view.isOfWindows ? '{?start,end}' : ''}`,
      changes: `${path}/changes`,
      ws: `${path}/ws`,
    },
  };
}

const NO_STORE: readonly HeaderPair[] = [['Cache-Control', 'no-store']];
const RETRY_SOON: readonly HeaderPair[] = [...NO_STORE, ['Retry-After', '1']];
const JSON_HEADERS: readonly HeaderPair[] = [['Content-Type', 'application/json'], ...NO_STORE];
const UPGRADE_HEADERS: readonly HeaderPair[] = [
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
];
