import type { ErrorCode } from '../base/error-catalogue.ts';
import type { ViewSpec } from '../topology/compiled.ts';
import type { ApiNode } from './openapi.ts';
import { jsonResponse, problemResponses } from './openapi-responses.ts';
import { reference } from './openapi-schemas.ts';
import { DEFAULT_PAGE_ROWS, DEFAULT_QUERY_TIMEOUT_MS, MAX_PAGE_ROWS, MAX_QUERY_TIMEOUT_MS } from './query-limits.ts';

const READ_ERRORS: readonly ErrorCode[] = [
  'ERR_VIEW_QUERY',
  'ERR_HTTP_BAD_REQUEST',
  'ERR_VIEW_UNKNOWN',
  'ERR_HTTP_METHOD',
  'ERR_VIEW_POSITION_LOST',
  'ERR_OVERLOAD_BOX',
  'ERR_ENGINE_CLOSED',
  'ERR_VIEW_POSITION_TIMEOUT',
  'ERR_HTTP_TIMEOUT',
];
const WATCH_ERRORS: readonly ErrorCode[] = [
  'ERR_VIEW_QUERY',
  'ERR_VIEW_UNKNOWN',
  'ERR_HTTP_METHOD',
  'ERR_OVERLOAD_BOX',
];
const SOCKET_ERRORS: readonly ErrorCode[] = [
  ...WATCH_ERRORS,
  'ERR_HTTP_UPGRADE_REQUIRED',
  'ERR_HTTP_FORBIDDEN_ORIGIN',
  'ERR_DRAINING',
];

/** The paths of one view. */
export function viewPaths(view: ViewSpec, rowSchema: string): ApiNode {
  const path = `/v1/views/${encodeURIComponent(view.name)}`;
  const about = { tags: ['views'], ...(view.description !== undefined && { description: view.description }) };
  return {
    [path]: { get: rangeOperation(view, rowSchema, about) },
    [`${path}/{key}`]: { get: pointOperation(view, rowSchema, about) },
    [`${path}/changes`]: {
      get: {
        ...about,
        operationId: `watch.${view.name}`,
        summary: `Watch ${view.name}: a snapshot, then changes, as server-sent events`,
        parameters: [...boundsOf(view), RESUME, LAST_EVENT_ID],
        responses: {
          200: jsonResponse(
            'Events named as the `type` of their message',
            reference('FeedMessage'),
            'text/event-stream',
          ),
          ...problemResponses(WATCH_ERRORS),
        },
      },
    },
    [`${path}/ws`]: {
      get: {
        ...about,
        operationId: `socket.${view.name}`,
        summary: `Watch ${view.name} over a WebSocket: every text message is one message of the feed`,
        parameters: [...boundsOf(view), RESUME],
        responses: { 101: { description: 'Subprotocol moka.changes.v1' }, ...problemResponses(SOCKET_ERRORS) },
      },
    },
  };
}

function pointOperation(view: ViewSpec, rowSchema: string, about: ApiNode): ApiNode {
  const row = {
    type: 'object',
    properties: {
      view: { const: view.name },
      key: { type: 'string' },
      ...windowProperty(view),
      value: reference(rowSchema),
      position: reference('Position'),
    },
    required: ['view', 'key', 'value', 'position'],
  };
  return {
    ...about,
    operationId: `get.${view.name}`,
    summary: `One row of ${view.name}`,
    parameters: [KEY, ...(view.isOfWindows ? WINDOW : []), ...READ_PARAMETERS],
    responses: { 200: jsonResponse('The row', row), ...problemResponses([...READ_ERRORS, 'ERR_VIEW_KEY_NOT_FOUND']) },
  };
}

function rangeOperation(view: ViewSpec, rowSchema: string, about: ApiNode): ApiNode {
  const row = {
    type: 'object',
    properties: { key: { type: 'string' }, ...windowProperty(view), value: reference(rowSchema) },
    required: ['key', 'value'],
  };
  const page = {
    type: 'object',
    properties: {
      view: { const: view.name },
      rows: { type: 'array', items: row, maxItems: MAX_PAGE_ROWS },
      cursor: { type: ['string', 'null'], description: 'For the next page; null: this is the last one.' },
      positions: { type: 'array', items: reference('Position') },
    },
    required: ['view', 'rows', 'cursor', 'positions'],
  };
  return {
    ...about,
    operationId: `range.${view.name}`,
    summary: `Rows of ${view.name} in UTF-8 order of their keys`,
    parameters: [...boundsOf(view), LIMIT, CURSOR, ...READ_PARAMETERS],
    responses: { 200: jsonResponse('A page of rows', page), ...problemResponses(READ_ERRORS) },
  };
}

function boundsOf(view: ViewSpec): readonly ApiNode[] {
  return view.isOfWindows ? WINDOW_BOUNDS : BOUNDS;
}

/** What the key of a row says, where it is of a window. */
function windowProperty(view: ViewSpec): ApiNode {
  return view.isOfWindows ? { window: reference('RowWindow') } : {};
}

function query(name: string, description: string, schema: ApiNode): ApiNode {
  return { name, in: 'query', description, schema };
}

const TEXT = { type: 'string' };
const KEY = {
  name: 'key',
  in: 'path',
  required: true,
  description:
    'The key, percent-encoded; slashes may stand as they are. `changes` and `ws` are written `%63hanges` and `%77s`.',
  schema: { type: 'string', minLength: 1 },
  allowReserved: true,
};
const BOUNDS = [
  query('prefix', 'Only keys that begin with this; not together with from or to', TEXT),
  query('from', 'Only keys from this one on', TEXT),
  query('to', 'Only keys before this one', TEXT),
];
const WINDOW_BOUNDS = [
  query('key', 'Only the windows of this key; not together with prefix', { type: 'string', minLength: 1 }),
  query(
    'from',
    'With key: only windows that start then or later, in ms since 1970. Else only row keys from here on',
    TEXT,
  ),
  query('to', 'With key: only windows that start before, in ms since 1970. Else only row keys before this one', TEXT),
  query('prefix', 'Only row keys that begin with this; not together with the others', TEXT),
];
const WINDOW = [
  query('start', 'Start of the window, in ms since 1970; with end', { type: 'integer' }),
  query('end', 'End of the window, in ms since 1970; with start', { type: 'integer' }),
];
const LIMIT = query('limit', 'Rows of a page', {
  type: 'integer',
  minimum: 1,
  maximum: MAX_PAGE_ROWS,
  default: DEFAULT_PAGE_ROWS,
});
const CURSOR = query('cursor', 'The `cursor` of the page before', TEXT);
const RESUME = query('resume', 'The `id` of the last message that had one', TEXT);
const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'The same, as browsers send it',
  schema: TEXT,
};
const READ_PARAMETERS = [
  query(
    'after',
    'Reflect at least this position of an ack, also behind a keyBy: `<partition>:<offset>` or `<partition>:<offset>:<epoch>`',
    {
      type: 'string',
      pattern: '^\\d+:\\d+(:\\d+)?(,\\d+:\\d+(:\\d+)?)*$',
    },
  ),
  query('timeoutMs', 'How long to wait for it', {
    type: 'integer',
    minimum: 1,
    maximum: MAX_QUERY_TIMEOUT_MS,
    default: DEFAULT_QUERY_TIMEOUT_MS,
  }),
];
