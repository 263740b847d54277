/**
 * Frames of RFC 6455 as a client writes them. The mask key is zero, which is legal and lets a prepared payload be sent
 * as it is: unmasking costs the server what it always costs.
 */
export const OPCODE_TEXT = 1;
export const OPCODE_BINARY = 2;
export const OPCODE_CLOSE = 8;
export const OPCODE_PING = 9;
export const OPCODE_PONG = 10;

const FINAL = 0x80;
const MASKED = 0x80;
const MASK_BYTES = 4;

export function frameHeadBytes(payloadLength: number): number {
  return 2 + (payloadLength < 126 ? 0 : payloadLength < 65_536 ? 2 : 8) + MASK_BYTES;
}

/** Writes the head of a final, masked frame at 0; the payload goes to `frameHeadBytes(payloadLength)`. */
export function writeFrameHead(bytes: Buffer, opcode: number, payloadLength: number): void {
  bytes[0] = FINAL | opcode;
  if (payloadLength < 126) {
    bytes[1] = MASKED | payloadLength;
  } else if (payloadLength < 65_536) {
    bytes[1] = MASKED | 126;
    bytes.writeUInt16BE(payloadLength, 2);
  } else {
    bytes[1] = MASKED | 127;
    bytes.writeBigUInt64BE(BigInt(payloadLength), 2);
  }
  bytes.fill(0, frameHeadBytes(payloadLength) - MASK_BYTES, frameHeadBytes(payloadLength));
}

export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const head = frameHeadBytes(payload.length);
  const bytes = Buffer.allocUnsafe(head + payload.length);
  writeFrameHead(bytes, opcode, payload.length);
  bytes.set(payload, head);
  return bytes;
}

/** Finds frames in what a server sent; the fields describe the frame found last. */
export class FrameParser {
  opcode = 0;
  isFinal = true;
  payloadStart = 0;
  payloadEnd = 0;

  /** The end of the frame that begins at `start`, or -1 while it is incomplete. */
  parse(bytes: Buffer, start: number, end: number): number {
    if (end - start < 2) return -1;
    const first = bytes[start] as number;
    let length = (bytes[start + 1] as number) & 0x7f;
    let payload = start + 2;
    if (length === 126) {
      if (end - start < 4) return -1;
      length = bytes.readUInt16BE(start + 2);
      payload = start + 4;
    } else if (length === 127) {
      if (end - start < 10) return -1;
      length = Number(bytes.readBigUInt64BE(start + 2));
      payload = start + 10;
    }
    this.opcode = first & 0x0f;
    this.isFinal = (first & FINAL) !== 0;
    this.payloadStart = payload;
    this.payloadEnd = payload + length;
    return this.payloadEnd <= end ? this.payloadEnd : -1;
  }
}
