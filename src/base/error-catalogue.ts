/**
 * Every operating failure moka can report, in one place: its number on the rings between threads, its HTTP status,
 * whether the same request can succeed later, and the title of its problem+json. Numbers are never reused.
 */
export interface CatalogueEntry {
  readonly id: number;
  readonly status: number;
  readonly isRetryable: boolean;
  readonly title: string;
}

function entry(id: number, status: number, isRetryable: boolean, title: string): CatalogueEntry {
  return { id, status, isRetryable, title };
}

export const ERRORS = {
  // the request
  ERR_HTTP_NOT_FOUND: entry(1, 404, false, 'No such resource'),
  ERR_HTTP_METHOD: entry(2, 405, false, 'Method not allowed'),
  ERR_HTTP_LENGTH_REQUIRED: entry(3, 411, false, 'Content-Length required'),
  ERR_HTTP_TOO_LARGE: entry(4, 413, false, 'Body too large'),
  ERR_HTTP_MEDIA_TYPE: entry(5, 415, false, 'Unsupported media type'),
  ERR_HTTP_BAD_REQUEST: entry(6, 400, false, 'Bad request'),
  ERR_HTTP_UPGRADE_REQUIRED: entry(7, 426, false, 'WebSocket upgrade required'),
  ERR_HTTP_FORBIDDEN_ORIGIN: entry(8, 403, false, 'Origin not allowed'),
  ERR_HTTP_TIMEOUT: entry(9, 504, true, 'No answer in time; outcome unknown, retry with the same identity'),
  ERR_HTTP_EXPECTATION: entry(10, 417, false, 'Expectation not supported'),
  // the event
  ERR_EVENT_UNPARSEABLE: entry(20, 400, false, 'Body cannot be parsed'),
  ERR_EVENT_DUPLICATE_MEMBER: entry(21, 400, false, 'Duplicate member'),
  ERR_EVENT_FORBIDDEN_MEMBER: entry(22, 400, false, 'Forbidden member name'),
  ERR_EVENT_SCHEMA: entry(23, 422, false, 'Body does not fit the schema'),
  ERR_EVENT_KEY_MISSING: entry(24, 422, false, 'Key missing'),
  ERR_EVENT_KEY_INVALID: entry(25, 422, false, 'Key invalid'),
  ERR_EVENT_NUMBER_RANGE: entry(26, 422, false, 'Number beyond 2^53'),
  ERR_EVENT_TIME_RANGE: entry(27, 422, false, 'Event time out of range'),
  ERR_EVENT_TOO_LARGE: entry(28, 413, false, 'Event too large'),
  ERR_EVENT_ENCODING: entry(29, 400, false, 'Body is not valid UTF-8'),
  ERR_EVENT_MSGPACK: entry(30, 400, false, 'msgpack uses records or extensions that are not allowed'),
  ERR_EVENT_EMPTY: entry(31, 400, false, 'Body is empty'),
  ERR_EVENT_TOO_DEEP: entry(32, 400, false, 'Body nested too deeply'),
  // identity
  ERR_IDENTITY_MISSING: entry(40, 400, false, 'Identity missing on an exactly-once stream'),
  ERR_IDENTITY_INVALID: entry(41, 400, false, 'Identity invalid'),
  ERR_IDENTITY_MISMATCH: entry(42, 422, false, 'Identity was used with other content'),
  ERR_IDENTITY_WINDOW_FULL: entry(43, 503, true, 'Deduplication window full'),
  ERR_PRODUCER_FENCED: entry(44, 409, false, 'A newer connection of this producer took over'),
  ERR_PRODUCER_GAP: entry(45, 409, false, 'Producer sequence has a gap'),
  // pressure
  ERR_OVERLOAD_QUOTA: entry(60, 429, true, 'Too many requests from this client'),
  ERR_OVERLOAD_BOX: entry(61, 503, true, 'The box is at its limit'),
  ERR_OVERLOAD_PARTITION: entry(62, 503, true, 'A partition is at its limit'),
  ERR_DRAINING: entry(63, 503, true, 'Shutting down'),
  ERR_NOT_READY: entry(64, 503, true, 'Not ready yet'),
  ERR_DISK_FULL: entry(65, 507, true, 'Disk full; intake paused'),
  ERR_PARTITION_STOPPED: entry(66, 503, true, 'A partition is stopped'),
  ERR_CREDIT_EXCEEDED: entry(67, 429, true, 'Sent beyond credit'),
  ERR_FRAME_INVALID: entry(68, 400, false, 'Frame cannot be read'),
  ERR_INTAKE_PAUSED: entry(69, 503, true, 'Intake paused by the operator of the box'),
  // queries
  ERR_VIEW_UNKNOWN: entry(80, 404, false, 'No such view'),
  ERR_VIEW_KEY_NOT_FOUND: entry(81, 404, false, 'No row with this key'),
  ERR_VIEW_QUERY: entry(82, 400, false, 'Query cannot be read'),
  ERR_VIEW_POSITION_LOST: entry(83, 410, false, 'Position belongs to a lost epoch'),
  ERR_VIEW_POSITION_TIMEOUT: entry(84, 504, true, 'Position not reached in time'),
  ERR_STREAM_UNKNOWN: entry(85, 404, false, 'No such stream'),
  // topology and configuration
  ERR_TOPOLOGY_INVALID: entry(100, 500, false, 'Topology invalid'),
  ERR_TOPOLOGY_LOAD: entry(101, 500, false, 'Topology cannot be loaded'),
  ERR_TOPOLOGY_CHANGED: entry(102, 500, false, 'Topology changed; drain with the old one first'),
  ERR_OPERATOR_FAILED: entry(103, 500, false, 'Operator failed'),
  ERR_CONFIG_INVALID: entry(104, 500, false, 'Configuration invalid'),
  ERR_OPERATOR_STRAY: entry(105, 500, false, 'User code failed outside of an event'),
  ERR_OPERATOR_STUCK: entry(107, 500, false, 'Operator does not return'),
  ERR_OPERATOR_STUCK_LOGGED: entry(108, 500, false, 'Operator does not return for what is in the log'),
  ERR_STATE_VERSION: entry(106, 500, false, 'Kept state of a version that cannot be read'),
  // the box
  ERR_DISK_IO: entry(120, 500, false, 'Disk I/O failed'),
  ERR_DISK_FLUSH: entry(121, 500, false, 'Flush failed'),
  ERR_LOG_DAMAGED: entry(122, 500, false, 'Log damaged'),
  ERR_CHECKPOINT_DAMAGED: entry(123, 500, false, 'Checkpoint damaged'),
  ERR_DATA_VERSION: entry(124, 500, false, 'Data directory of another version'),
  ERR_DATA_OCCUPIED: entry(125, 500, false, 'Data directory in use'),
  ERR_DATA_UNUSABLE: entry(126, 500, false, 'Data directory unusable'),
  ERR_PORT_OCCUPIED: entry(127, 500, false, 'Port in use'),
  ERR_NATIVE_MISSING: entry(128, 500, false, 'Native binary cannot be loaded'),
  ERR_ENGINE_CLOSED: entry(129, 503, false, 'Engine closed'),
  ERR_WORKER_DIED: entry(130, 500, false, 'Worker ended'),
  ERR_DATA_PARTITIONS: entry(131, 500, false, 'Partition count differs from the data directory'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

const CODE_BY_ID: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].id, code]),
);

/** The code with this number, as it came over a ring; `undefined` for a number that was never given out. */
export function errorCodeOf(id: number): ErrorCode | undefined {
  return CODE_BY_ID.get(id);
}
