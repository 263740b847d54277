import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  FrameParser,
  frameHeadBytes,
  OPCODE_BINARY,
  OPCODE_TEXT,
} from '../../../native-bench/load/websocket-frame.ts';

/** A client frame as a server would send it: unmasked. */
function fromServer(opcode: number, payload: Buffer): Buffer {
  const frame = encodeFrame(opcode, payload);
  frame[1] = (frame[1] as number) & 0x7f;
  const head = frameHeadBytes(payload.length);
  return Buffer.concat([frame.subarray(0, head - 4), frame.subarray(head)]);
}

describe('FrameParser.parse', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536])('reads back a payload of %i bytes', (length) => {
    const payload = Buffer.alloc(length, 7);
    const bytes = Buffer.concat([Buffer.from('xx'), fromServer(OPCODE_BINARY, payload)]);
    const parser = new FrameParser();
    expect(parser.parse(bytes, 2, bytes.length)).toBe(bytes.length);
    expect(parser.opcode).toBe(OPCODE_BINARY);
    expect(bytes.subarray(parser.payloadStart, parser.payloadEnd).equals(payload)).toBe(true);
    expect(parser.parse(bytes, 2, bytes.length - 1)).toBe(-1);
  });
});

describe('encodeFrame', () => {
  it('masks with zero', () => {
    expect([...encodeFrame(OPCODE_TEXT, Buffer.from('a'))]).toEqual([0x81, 0x81, 0, 0, 0, 0, 97]);
  });
});
