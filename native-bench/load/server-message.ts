/** What a server says on an intake WebSocket, text or binary, read into one shape. */
export interface ServerMessage {
  type: 'hello' | 'ack' | 'credit' | 'error' | 'other';
  frame: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Further events and bytes that may be sent; -1 where the message names none. */
  creditEvents: number;
  creditBytes: number;
  /** hello: the last sequence of this producer that the server holds; -1 for none. */
  lastSequence: number;
  detail: string;
}

const HEADER_BYTES = 32;
const BINARY_TYPES = ['other', 'other', 'hello', 'ack', 'credit', 'error'] as const;

interface TextMessage {
  type?: string;
  frame?: number;
  accepted?: number;
  duplicate?: number;
  rejected?: unknown[];
  credit?: { events: number; bytes: number };
  lastSeq?: number | null;
}

export function readTextMessage(payload: Buffer): ServerMessage {
  const text = payload.toString();
  const message = JSON.parse(text) as TextMessage;
  const type = message.type;
  return {
    type: type === 'hello' || type === 'ack' || type === 'credit' || type === 'error' ? type : 'other',
    frame: message.frame ?? -1,
    accepted: message.accepted ?? 0,
    duplicate: message.duplicate ?? 0,
    rejected: message.rejected?.length ?? 0,
    creditEvents: message.credit?.events ?? -1,
    creditBytes: message.credit?.bytes ?? -1,
    lastSequence: message.lastSeq ?? -1,
    detail: type === 'error' || (message.rejected?.length ?? 0) > 0 ? text.slice(0, 300) : '',
  };
}

export function readBinaryMessage(payload: Buffer): ServerMessage {
  const type = BINARY_TYPES[payload[3] as number] ?? 'other';
  const message: ServerMessage = {
    type,
    frame: payload.readUInt32LE(4),
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    creditEvents: -1,
    creditBytes: -1,
    lastSequence: -1,
    detail: '',
  };
  if (type === 'ack') {
    message.accepted = payload.readUInt32LE(HEADER_BYTES);
    message.duplicate = payload.readUInt32LE(HEADER_BYTES + 4);
    message.rejected = payload.readUInt32LE(HEADER_BYTES + 8);
    message.creditEvents = payload.readUInt32LE(HEADER_BYTES + 16);
    message.creditBytes = payload.readUInt32LE(HEADER_BYTES + 20);
  }
  if (type === 'error' || message.rejected > 0)
    message.detail = payload.toString('latin1', HEADER_BYTES, HEADER_BYTES + 300);
  return message;
}
