import { ERRORS } from '../base/error-catalogue.ts';
import type { StreamSpec, ViewSpec } from '../topology/compiled.ts';
import type { ApiNode } from './openapi.ts';

/** Name under which a stream's schema stands in the document. */
export function eventSchemaName(stream: StreamSpec): string {
  return `Event.${stream.name}`;
}

export function rowSchemaName(view: ViewSpec): string {
  return `Row.${view.name}`;
}

export function reference(name: string): ApiNode {
  return { $ref: `#/components/schemas/${name}` };
}

export function componentSchemas(streams: readonly StreamSpec[], views: readonly ViewSpec[]): ApiNode {
  return {
    ...Object.fromEntries(streams.map((stream) => [eventSchemaName(stream), stream.schema])),
    ...Object.fromEntries(views.map((view) => [rowSchemaName(view), view.schema ?? {}])),
    Ack: ACK,
    BatchResult: BATCH_RESULT,
    Position: POSITION,
    RowWindow: ROW_WINDOW,
    Problem: PROBLEM,
    SchemaIssue: SCHEMA_ISSUE,
    FeedMessage: FEED_MESSAGE,
  };
}

const OFFSET = { type: 'integer', minimum: -1, description: 'Place in the log of the partition, from 0; -1 for none.' };
const PARTITION = { type: 'integer', minimum: 0 };
const EPOCH = { type: 'integer', minimum: 0, description: 'Rises at every start of the engine.' };
const RESUME_ID = { type: ['string', 'null'], description: 'Where to resume; null before `ready`.' };

const POSITION = object(
  { partition: PARTITION, offset: OFFSET, epoch: EPOCH },
  'How much of a partition an answer reflects.',
);

const ACK = object(
  {
    partition: PARTITION,
    offset: { type: ['integer', 'null'], minimum: 0, description: 'Place in the log; null where it is not known yet.' },
    epoch: EPOCH,
    level: { enum: ['received', 'written', 'durable'], description: 'How far the event had come when this was sent.' },
    processed: { type: 'boolean' },
    duplicate: { type: 'boolean', description: 'The event was here before; the position is that of the first.' },
  },
  'The event was accepted.',
);

const PROBLEM: ApiNode = {
  type: 'object',
  description: 'RFC 9457. Every refusal looks like this; `x-problems` lists all codes.',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request can succeed later.' },
    details: { type: 'array', items: reference('SchemaIssue'), description: 'What does not fit, by JSON pointer.' },
    partition: PARTITION,
    retryAfterMs: { type: 'integer', minimum: 0 },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId', 'retryable'],
};

const SCHEMA_ISSUE = object({ pointer: { type: 'string' }, detail: { type: 'string' } });

const STATUS = { type: 'integer', description: 'That of the same event sent alone.' };

const BATCH_RESULT: ApiNode = {
  description: 'One line of the answer to a batch, in the order of its events: an ack, or why the event was refused.',
  oneOf: [
    { allOf: [reference('Ack'), object({ status: STATUS })] },
    {
      type: 'object',
      properties: {
        status: STATUS,
        code: { type: 'string', enum: Object.keys(ERRORS) },
        detail: { type: 'string' },
        details: { type: 'array', items: reference('SchemaIssue') },
        partition: PARTITION,
        retryAfterMs: { type: 'integer', minimum: 0 },
      },
      required: ['status', 'code', 'detail'],
    },
  ],
};

const ROW_WINDOW = object(
  { key: { type: 'string' }, start: { type: 'integer' }, end: { type: 'integer' } },
  'What the key of a row says in a view of windows: bounds in ms since 1970, or numbers of events.',
);

const CHANGE: ApiNode = {
  type: 'object',
  properties: {
    offset: OFFSET,
    n: { type: 'integer', minimum: 0, description: 'Number of the change within its event.' },
    key: { type: 'string' },
    window: reference('RowWindow'),
    value: { description: 'The row from now on.' },
    deleted: { const: true },
  },
  required: ['offset', 'n', 'key'],
};

const ROW: ApiNode = {
  type: 'object',
  properties: { key: { type: 'string' }, window: reference('RowWindow'), value: {} },
  required: ['key', 'value'],
};

/** One schema for each `type` of message. */
const FEED_MESSAGE: ApiNode = {
  description: 'What a watcher of a view is told.',
  oneOf: [
    object(
      { type: { const: 'reset' }, reason: { enum: ['new', 'partitions', 'epoch', 'history', 'slow'] } },
      'Forget all rows; a snapshot follows.',
    ),
    object({ type: { const: 'rows' }, rows: { type: 'array', items: ROW } }, 'Rows of the snapshot.'),
    object(
      { type: { const: 'changes' }, partition: PARTITION, changes: { type: 'array', items: CHANGE }, id: RESUME_ID },
      'Changes of one partition, in order.',
    ),
    object(
      { type: { const: 'ready' }, positions: { type: 'array', items: reference('Position') }, id: RESUME_ID },
      'From here on the rows are the view.',
    ),
  ],
};

function object(properties: ApiNode, description?: string): ApiNode {
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties,
    required: Object.keys(properties),
  };
}
