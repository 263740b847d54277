import { encodeFrame, OPCODE_BINARY, OPCODE_TEXT } from '../load/websocket-frame.ts';

/** Codecs of an event in a binary frame. */
export const EVENT_CODEC_JSON = 0;
export const EVENT_CODEC_RECORD = 2;

const HEADER_BYTES = 32;
const EVENT_HEADER_BYTES = 8;

/** A client frame of `moka.json.v1`; `sequence` -1 and `id` null for none. */
export function textFrame(frame: number, sequence: number, id: string | null, contents: readonly string[]): Buffer {
  const header = JSON.stringify({ frame, ...(sequence >= 0 && { seq: sequence }), ...(id !== null && { id }) });
  const lines = [header, ...contents].join('\n');
  return encodeFrame(OPCODE_TEXT, Buffer.from(lines, 'latin1'));
}

/** A client frame of `moka.bin.v1`. */
export function binaryFrame(frame: number, sequence: number, codec: number, contents: readonly string[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16LE(0x4b4d, 0);
  header[2] = 1;
  header[3] = 1;
  header.writeUInt32LE(frame, 4);
  header.writeDoubleLE(sequence, 8);
  header.writeUInt32LE(contents.length, 16);
  header.writeUInt32LE(codec, 20);
  const parts = [header];
  for (const content of contents) {
    const event = Buffer.alloc(EVENT_HEADER_BYTES + ((content.length + 7) & ~7));
    event.writeUInt32LE(content.length, 0);
    event.write(content, EVENT_HEADER_BYTES, 'latin1');
    parts.push(event);
  }
  return encodeFrame(OPCODE_BINARY, Buffer.concat(parts));
}
