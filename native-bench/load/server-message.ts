/**
 * What a server says on an intake WebSocket, text or binary, read into one shape. In a binary hello and error the JSON
 * of the text protocol follows the fixed part.
 */
export interface ServerMessage {
  type: 'hello' | 'ack' | 'credit' | 'error' | 'other';
  frame: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Events and bytes that this connection may come to have sent since it was opened; -1 where none are named. */
  limitEvents: number;
  limitBytes: number;
  /** hello: the last sequence of this producer that the server holds; -1 for none. */
  lastSequence: number;
  /** Words of an error or a rejection; empty when all is well. */
  detail: string;
}

const HEADER_BYTES = 32;
const HELLO_TEXT_AT = 56;
const DETAIL_MAX = 300;
const BINARY_TYPES = ['other', 'other', 'hello', 'ack', 'credit', 'error'] as const;

interface TextMessage {
  type?: string;
  frame?: number;
  accepted?: number;
  duplicate?: number;
  rejected?: unknown[];
  limit?: { events: number; bytes: number };
  lastSeq?: number | null;
}

export function readTextMessage(payload: Buffer): ServerMessage {
  const text = payload.toString();
  const message = JSON.parse(text) as TextMessage;
  const { type, rejected = [] } = message;
  return {
    type: type === 'hello' || type === 'ack' || type === 'credit' || type === 'error' ? type : 'other',
    frame: message.frame ?? -1,
    accepted: message.accepted ?? 0,
    duplicate: message.duplicate ?? 0,
    rejected: rejected.length,
    limitEvents: message.limit?.events ?? -1,
    limitBytes: message.limit?.bytes ?? -1,
    lastSequence: message.lastSeq ?? -1,
    detail: type === 'error' || rejected.length > 0 ? text.slice(0, DETAIL_MAX) : '',
  };
}

export function readBinaryMessage(payload: Buffer): ServerMessage {
  const type = BINARY_TYPES[payload[3] as number] ?? 'other';
  if (type === 'hello') return readTextMessage(payload.subarray(HELLO_TEXT_AT));
  if (type === 'error') return readTextMessage(payload.subarray(HEADER_BYTES));
  const isAck = type === 'ack';
  const rejected = isAck ? payload.readUInt32LE(HEADER_BYTES + 8) : 0;
  return {
    type,
    frame: payload.readUInt32LE(4),
    accepted: isAck ? payload.readUInt32LE(HEADER_BYTES) : 0,
    duplicate: isAck ? payload.readUInt32LE(HEADER_BYTES + 4) : 0,
    rejected,
    limitEvents: payload.readDoubleLE(8),
    limitBytes: payload.readDoubleLE(24),
    lastSequence: -1,
    detail: rejected > 0 ? payload.toString('latin1', HEADER_BYTES, HEADER_BYTES + DETAIL_MAX) : '',
  };
}
