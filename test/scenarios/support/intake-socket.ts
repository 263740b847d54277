import { errorCodeOf } from '../../../src/base/error-catalogue.ts';
import { RawWebSocket } from '../../http/raw-websocket.ts';

export interface Rejection {
  readonly index: number;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export interface FrameAck {
  readonly frame: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: readonly Rejection[];
}

export const JSON_PROTOCOL = 'moka.json.v1';
export const BINARY_PROTOCOL = 'moka.bin.v1';
export const FRAME_HEAD_BYTES = 32;

/** A `moka.json.v1` frame: a head, and one event per line. */
export function jsonFrame(head: object, events: readonly (string | Uint8Array | object)[]): Buffer {
  const lines = events.map((event) => (event instanceof Uint8Array ? event : Buffer.from(textOf(event))));
  const newline = Buffer.from('\n');
  return Buffer.concat([Buffer.from(JSON.stringify(head)), ...lines.flatMap((line) => [newline, line])]);
}

function textOf(event: string | object): string {
  return typeof event === 'string' ? event : JSON.stringify(event);
}

export interface BinaryHead {
  readonly frame: number;
  readonly firstSequence?: number;
  /** 0 JSON, 1 msgpack, 2 msgpack record */
  readonly codec?: number;
}

/** A `moka.bin.v1` frame as its room draws it. */
export function binaryFrame(head: BinaryHead, events: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.alloc(FRAME_HEAD_BYTES);
  bytes.writeUInt16LE(0x4b4d, 0);
  bytes[2] = 1;
  bytes[3] = 1;
  bytes.writeUInt32LE(head.frame, 4);
  bytes.writeDoubleLE(head.firstSequence ?? -1, 8);
  bytes.writeUInt32LE(events.length, 16);
  bytes.writeUInt32LE(head.codec ?? 0, 20);
  const parts = events.map((event) => {
    const part = Buffer.alloc(8 + ((event.length + 7) & ~7));
    part.writeUInt32LE(event.length, 0);
    part.set(event, 8);
    return part;
  });
  return Buffer.concat([bytes, ...parts]);
}

export function readBinaryAck(bytes: Buffer): FrameAck {
  if (bytes[3] !== 3) throw new Error(`no ack: type=${bytes[3]} ${bytes.toString('utf8', FRAME_HEAD_BYTES)}`);
  const rejected: Rejection[] = [];
  let at = FRAME_HEAD_BYTES + 24;
  for (let count = bytes.readUInt32LE(FRAME_HEAD_BYTES + 8); count > 0; count--) {
    const detailBytes = bytes.readUInt16LE(at + 6);
    rejected.push({
      index: bytes.readUInt32LE(at),
      status: bytes.readUInt16LE(at + 4),
      code: errorCodeOf(bytes.readUInt32LE(at + 8)) ?? 'unknown',
      detail: bytes.toString('utf8', at + 16, at + 16 + detailBytes),
    });
    at += (16 + detailBytes + 7) & ~7;
  }
  return {
    frame: bytes.readUInt32LE(4),
    accepted: bytes.readUInt32LE(FRAME_HEAD_BYTES),
    duplicate: bytes.readUInt32LE(FRAME_HEAD_BYTES + 4),
    rejected,
  };
}

/** The text of a hello, or of the error before a close, in either protocol. */
export function readText(payload: Buffer): Record<string, unknown> {
  const isBinary = payload.readUInt16LE(0) === 0x4b4d;
  const start = !isBinary ? 0 : payload[3] === 2 ? FRAME_HEAD_BYTES + 24 : FRAME_HEAD_BYTES;
  return JSON.parse(payload.toString('utf8', start)) as Record<string, unknown>;
}

export interface IntakeSocket {
  readonly socket: RawWebSocket;
  readonly hello: Record<string, unknown>;
}

/** A connection whose hello has come. */
export async function connectIntake(port: number, path: string, protocol: string): Promise<IntakeSocket> {
  const socket = await RawWebSocket.connect(port, path, protocol);
  const { payload } = await socket.next();
  return { socket, hello: readText(payload) };
}
