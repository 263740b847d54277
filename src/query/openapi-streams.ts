import type { ErrorCode } from '../base/error-catalogue.ts';
import { MAX_IDEMPOTENCY_KEY_BYTES, MAX_PRODUCER_BYTES } from '../base/limits.ts';
import type { StreamSpec } from '../topology/compiled.ts';
import type { ApiNode } from './openapi.ts';
import { jsonResponse, problemResponses } from './openapi-responses.ts';
import { reference } from './openapi-schemas.ts';

/** What one event can be refused for. */
const EVENT_ERRORS: readonly ErrorCode[] = [
  'ERR_EVENT_UNPARSEABLE',
  'ERR_EVENT_DUPLICATE_MEMBER',
  'ERR_EVENT_FORBIDDEN_MEMBER',
  'ERR_EVENT_ENCODING',
  'ERR_EVENT_MSGPACK',
  'ERR_EVENT_EMPTY',
  'ERR_EVENT_TOO_DEEP',
  'ERR_EVENT_SCHEMA',
  'ERR_EVENT_KEY_MISSING',
  'ERR_EVENT_KEY_INVALID',
  'ERR_EVENT_NUMBER_RANGE',
  'ERR_EVENT_TIME_RANGE',
  'ERR_EVENT_TOO_LARGE',
  'ERR_IDENTITY_MISSING',
  'ERR_IDENTITY_INVALID',
  'ERR_IDENTITY_MISMATCH',
  'ERR_IDENTITY_WINDOW_FULL',
];
/** What a whole request can be refused for. */
const REQUEST_ERRORS: readonly ErrorCode[] = [
  'ERR_STREAM_UNKNOWN',
  'ERR_HTTP_BAD_REQUEST',
  'ERR_HTTP_METHOD',
  'ERR_HTTP_LENGTH_REQUIRED',
  'ERR_HTTP_TOO_LARGE',
  'ERR_HTTP_MEDIA_TYPE',
  'ERR_HTTP_TIMEOUT',
  'ERR_OVERLOAD_QUOTA',
  'ERR_OVERLOAD_BOX',
  'ERR_OVERLOAD_PARTITION',
  'ERR_PARTITION_STOPPED',
  'ERR_DISK_FULL',
  'ERR_NOT_READY',
  'ERR_DRAINING',
  'ERR_INTAKE_PAUSED',
];
const SOCKET_ERRORS: readonly ErrorCode[] = [
  'ERR_STREAM_UNKNOWN',
  'ERR_HTTP_METHOD',
  'ERR_HTTP_UPGRADE_REQUIRED',
  'ERR_HTTP_FORBIDDEN_ORIGIN',
  'ERR_DRAINING',
];

/** The paths of one stream. */
export function streamPaths(stream: StreamSpec, eventSchema: string): ApiNode {
  const path = `/v1/streams/${encodeURIComponent(stream.name)}`;
  const about = { tags: ['streams'], ...(stream.description !== undefined && { description: stream.description }) };
  return {
    [path]: { post: { ...about, ...eventOperation(stream, eventSchema) } },
    [`${path}/batch`]: { post: { ...about, ...batchOperation(stream, eventSchema) } },
    [`${path}/ws`]: {
      get: {
        ...about,
        operationId: `intake.${stream.name}`,
        summary: `Send ${stream.name} over a WebSocket, in frames of many events`,
        parameters: [PRODUCER],
        responses: {
          101: { description: 'Subprotocol moka.json.v1 or moka.bin.v1' },
          ...problemResponses(SOCKET_ERRORS),
        },
      },
    },
  };
}

function eventOperation(stream: StreamSpec, eventSchema: string): ApiNode {
  const ack = jsonResponse('Accepted', reference('Ack'));
  return {
    operationId: `send.${stream.name}`,
    summary: `Send one event to ${stream.name} (${stream.guarantee})`,
    parameters: [IDEMPOTENCY_KEY, PREFER],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: reference(eventSchema) },
        'application/msgpack': { schema: reference(eventSchema) },
      },
    },
    responses: { 201: ack, 202: ack, ...problemResponses([...EVENT_ERRORS, ...REQUEST_ERRORS]) },
  };
}

function batchOperation(stream: StreamSpec, eventSchema: string): ApiNode {
  const results = jsonResponse('One result per line, in the order of the events', reference('BatchResult'), NDJSON);
  return {
    operationId: `batch.${stream.name}`,
    summary: `Send many events to ${stream.name}, one JSON per line`,
    parameters: [IDEMPOTENCY_KEY, PREFER],
    requestBody: { required: true, content: { [NDJSON]: { schema: reference(eventSchema) } } },
    responses: { 200: results, ...problemResponses(REQUEST_ERRORS) },
  };
}

const NDJSON = 'application/x-ndjson';
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Says which request this is: sent again with the same key and content, it gets the first answer again.',
  schema: { type: 'string', minLength: 1, maxLength: MAX_IDEMPOTENCY_KEY_BYTES },
};
const PREFER = {
  name: 'Prefer',
  in: 'header',
  description:
    '`respond-async`: answer on receipt. `wait=<seconds>`: how long the answer may take. Both: on receipt if it is not there by then.',
  schema: { type: 'string' },
};
const PRODUCER = {
  name: 'producer',
  in: 'query',
  description: 'A name under which sequence numbers go on after a reconnect.',
  schema: { type: 'string', maxLength: MAX_PRODUCER_BYTES },
};
