import { describe, expect, it } from 'vitest';
import { BLOCK_HEADER_BYTES, Block } from '../../src/log/block.ts';
import { RecordFinder } from '../../src/log/record-finder.ts';
import { blockLine, blockOf, recordLine, recordOf } from '../../src/main/log-lines.ts';
import {
  CODEC_JSON,
  CODEC_MSGPACK,
  KIND_EVENT,
  KIND_TICK,
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
  recordLength,
} from '../../src/record/layout.ts';

const LOG_TIME = Date.UTC(2026, 0, 31, 8);

/** A block that begins with offset 40 and holds one record. */
function blockWith(kind: number, codec: number, value: Uint8Array): Block {
  const block = new Block(4096);
  block.firstOffset = 40;
  block.logTime = LOG_TIME;
  block.epoch = 3;
  block.durableThrough = 39;
  const position = BLOCK_HEADER_BYTES;
  const length = recordLength(value.length, 0);
  block.u32[(position + RECORD_LENGTH) / 4] = length;
  block.u8[position + RECORD_KIND] = kind;
  block.u8[position + RECORD_CODEC] = codec;
  block.u8.writeUInt16LE(7, position + RECORD_STREAM_ID);
  block.u32[(position + RECORD_VALUE_LENGTH) / 4] = value.length;
  block.f64[(position + RECORD_EVENT_TIME) / 8] = LOG_TIME - 1500;
  block.u8.set(value, position + RECORD_HEADER_BYTES);
  block.length += length;
  block.recordCount = 1;
  return block;
}

function recordIn(block: Block, streamNames?: string[]): ReturnType<typeof recordOf> {
  return recordOf(2, new RecordFinder(block).find(block, 40), streamNames);
}

describe('recordOf', () => {
  it('tells an event with its place, times and value', () => {
    const record = recordIn(blockWith(KIND_EVENT, CODEC_JSON, Buffer.from('{"orderId":"ord_1","cents":420}')));
    expect(record).toEqual({
      event: 'record',
      partition: 2,
      offset: 40,
      epoch: 3,
      logTime: '2026-01-31T08:00:00.000Z',
      eventTime: '2026-01-31T07:59:58.500Z',
      kind: 'event',
      stream: 7,
      streamName: null,
      value: { orderId: 'ord_1', cents: 420 },
    });
    expect(recordLine(record)).toBe('2:40  2026-01-31T08:00:00.000Z  event stream=7  {"orderId":"ord_1","cents":420}');
  });

  it('names the stream of an event where the name is known', () => {
    const names = [...'abcdefg', 'orders'];
    const event = recordIn(blockWith(KIND_EVENT, CODEC_JSON, Buffer.from('{}')), names);
    expect([event.streamName, event.stream]).toEqual(['orders', 7]);
    expect(recordLine(event)).toContain('  event stream=orders  ');
    expect(recordIn(blockWith(KIND_TICK, CODEC_JSON, Buffer.alloc(0)), names).streamName).toBeNull();
  });

  it('reads msgpack', () => {
    const record = recordIn(blockWith(KIND_EVENT, CODEC_MSGPACK, Buffer.from([0x81, 0xa1, 0x61, 0x07])));
    expect(record.value).toEqual({ a: 7 });
  });

  it('shows the bytes of a value that cannot be read', () => {
    const record = recordIn(blockWith(KIND_EVENT, CODEC_JSON, Buffer.from('{"a":')));
    expect([record.value, record.base64]).toEqual([null, 'eyJhIjo=']);
    expect(recordLine(record)).toContain('  eyJhIjo=');
  });

  it('gives a control record no event time', () => {
    expect(recordIn(blockWith(KIND_TICK, CODEC_JSON, Buffer.alloc(0)))).toMatchObject({
      kind: 'tick',
      eventTime: null,
    });
  });
});

describe('blockOf', () => {
  it('tells where a block stands and how far the log before it is safe', () => {
    const block = blockOf(2, blockWith(KIND_EVENT, CODEC_JSON, Buffer.from('{}')));
    expect(block).toMatchObject({ firstOffset: 40, lastOffset: 40, records: 1, epoch: 3, durableThrough: 39 });
    expect(blockLine(block)).toMatch(/^2:40-40 {2}2026-01-31T08:00:00\.000Z {2}records=1 bytes=144 epoch=3 /);
  });
});
