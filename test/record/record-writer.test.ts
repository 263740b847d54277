import { describe, expect, it } from 'vitest';
import {
  CODEC_MSGPACK_RECORD,
  KIND_TICK,
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_FINGERPRINT,
  RECORD_FLAGS,
  RECORD_FRAME_INDEX,
  RECORD_HEADER_BYTES,
  RECORD_ID_HASH,
  RECORD_IDEMPOTENCY_HASH,
  RECORD_IDEMPOTENCY_KEY_LENGTH,
  RECORD_KEY_HASH,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_PRODUCER_EPOCH,
  RECORD_PRODUCER_HASH,
  RECORD_PRODUCER_SEQUENCE,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
  recordLength,
} from '../../src/record/layout.ts';
import { copyBytes, RecordHeader, readRecordHeader, writeRecord } from '../../src/record/record-writer.ts';

function memory(): { u8: Buffer; u32: Uint32Array; f64: Float64Array } {
  const bytes = new ArrayBuffer(512);
  return { u8: Buffer.from(bytes).fill(0xaa), u32: new Uint32Array(bytes), f64: new Float64Array(bytes) };
}

/** Another value in every field. */
function header(): RecordHeader {
  return Object.assign(new RecordHeader(), {
    kind: KIND_TICK,
    codec: CODEC_MSGPACK_RECORD,
    flags: 0xf1,
    streamId: 0xfedc,
    producerEpoch: 0xabcd,
    eventTime: 1_763_600_000_000.5,
    keyLow: -1,
    keyHigh: 2,
    idempotencyLow: 3,
    idempotencyHigh: -4,
    idLow: 5,
    idHigh: 6,
    producerLow: 7,
    producerHigh: 8,
    producerSequence: 2 ** 40,
    fingerprint: 0xf000_0001,
    frameIndex: 4095,
    valueLength: 5,
    idempotencyKeyLength: 255,
  });
}

describe('writeRecord', () => {
  it('puts every field where the layout has it', () => {
    const target = memory();
    const key = Buffer.alloc(255, 'k');
    expect(writeRecord(target, 16, header(), Buffer.from('..value..'), 2, key)).toBe(recordLength(5, 255));
    const { u8 } = target;
    const at = (field: number): number => 16 + field;
    expect(u8.readUInt32LE(at(RECORD_LENGTH))).toBe(336);
    expect([RECORD_KIND, RECORD_CODEC, RECORD_FLAGS, RECORD_IDEMPOTENCY_KEY_LENGTH].map((f) => u8[at(f)])).toEqual([
      KIND_TICK,
      CODEC_MSGPACK_RECORD,
      0xf1,
      255,
    ]);
    expect(u8.readUInt16LE(at(RECORD_STREAM_ID))).toBe(0xfedc);
    expect(u8.readUInt16LE(at(RECORD_PRODUCER_EPOCH))).toBe(0xabcd);
    expect(u8.readUInt32LE(at(RECORD_VALUE_LENGTH))).toBe(5);
    expect(u8.readDoubleLE(at(RECORD_EVENT_TIME))).toBe(1_763_600_000_000.5);
    const hashes = [RECORD_KEY_HASH, RECORD_IDEMPOTENCY_HASH, RECORD_ID_HASH, RECORD_PRODUCER_HASH];
    expect(hashes.map((f) => [u8.readInt32LE(at(f)), u8.readInt32LE(at(f) + 4)])).toEqual([
      [-1, 2],
      [3, -4],
      [5, 6],
      [7, 8],
    ]);
    expect(u8.readDoubleLE(at(RECORD_PRODUCER_SEQUENCE))).toBe(2 ** 40);
    expect(u8.readUInt32LE(at(RECORD_FINGERPRINT))).toBe(0xf000_0001);
    expect(u8.readUInt32LE(at(RECORD_FRAME_INDEX))).toBe(4095);
    const valueAt = at(RECORD_HEADER_BYTES);
    expect(u8.toString('latin1', valueAt, valueAt + 5)).toBe('value');
    expect(u8.subarray(valueAt + 5, valueAt + 260).equals(key)).toBe(true);
    expect([...u8.subarray(valueAt + 260, valueAt + 264)]).toEqual([0, 0, 0, 0]);
  });

  it('writes inside its length alone, and zeros its padding', () => {
    for (let valueLength = 0; valueLength < 20; valueLength++) {
      const target = memory();
      const own = Object.assign(new RecordHeader(), { valueLength });
      const length = writeRecord(target, 8, own, Buffer.alloc(20, 'v'), 0, Buffer.alloc(0));
      expect(length).toBe(recordLength(valueLength, 0));
      const valueAt = 8 + RECORD_HEADER_BYTES;
      expect([...target.u8.subarray(valueAt, 8 + length)]).toEqual([
        ...new Array(valueLength).fill(0x76),
        ...new Array(length - RECORD_HEADER_BYTES - valueLength).fill(0),
      ]);
      expect([target.u8[7], target.u8[8 + length]]).toEqual([0xaa, 0xaa]);
    }
  });
});

describe('readRecordHeader', () => {
  it('reads back what was written', () => {
    const target = memory();
    writeRecord(target, 24, header(), Buffer.alloc(5), 0, Buffer.alloc(255));
    const read = new RecordHeader();
    readRecordHeader(target.u32, target.f64, 24, read);
    expect(read).toStrictEqual(header());
  });
});

describe('copyBytes', () => {
  it('copies short and long runs alike', () => {
    const source = Uint8Array.from({ length: 300 }, (_, i) => i);
    for (const length of [0, 1, 31, 32, 33, 200]) {
      const target = new Uint8Array(new SharedArrayBuffer(300));
      copyBytes(source, 7, length, target, 3);
      expect([...target]).toEqual([0, 0, 0, ...source.subarray(7, 7 + length), ...new Array(297 - length).fill(0)]);
    }
  });
});
