import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD } from '../../src/record/layout.ts';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { Harness } from './harness.ts';

const WS = '/v1/streams/orders/ws';

interface FrameFields {
  magic?: number;
  version?: number;
  type?: number;
  frame?: number;
  sequence?: number;
  count?: number;
  codec?: number;
  reserved?: number;
}

function frameOf(events: readonly Uint8Array[], fields: FrameFields = {}): Buffer {
  const header = Buffer.alloc(32);
  header.writeUInt16LE(fields.magic ?? 0x4b4d, 0);
  header[2] = fields.version ?? 1;
  header[3] = fields.type ?? 1;
  header.writeUInt32LE(fields.frame ?? 1, 4);
  header.writeDoubleLE(fields.sequence ?? -1, 8);
  header.writeUInt32LE(fields.count ?? events.length, 16);
  header.writeUInt32LE(fields.codec ?? CODEC_JSON, 20);
  header.writeUInt32LE(fields.reserved ?? 0, 24);
  const parts = events.map((event) => {
    const part = Buffer.alloc((8 + event.length + 7) & ~7);
    part.writeUInt32LE(event.length, 0);
    part.set(event, 8);
    return part;
  });
  return Buffer.concat([header, ...parts]);
}

const JSON_A = Buffer.from('{"key":"a"}');
/** {key: 'a'} and the record ['a', 7] */
const MAP_A = Buffer.from([0x81, 0xa3, 0x6b, 0x65, 0x79, 0xa1, 0x61]);
const RECORD_A = Buffer.from([0x92, 0xa1, 0x61, 0x07]);

async function connect(harness: Harness, path = WS): Promise<[RawWebSocket, Buffer]> {
  const socket = await RawWebSocket.connect(harness.port, path, 'moka.bin.v1');
  return [socket, (await socket.next()).payload];
}

describe('moka.bin.v1', () => {
  it('begins with a hello: credit where every answer has it, and its words behind', async () => {
    const harness = await Harness.start();
    const [socket, hello] = await connect(harness);
    expect([hello.readUInt16LE(0), hello[2], hello[3]]).toEqual([0x4b4d, 1, 2]);
    expect([hello.readUInt32LE(48), hello.readUInt32LE(52)]).toEqual([65_536, 512 * 1024]);
    expect([hello.readDoubleLE(8), hello.readDoubleLE(24)]).toEqual([65_536, 512 * 1024]);
    expect(JSON.parse(hello.toString('utf8', 56))).toMatchObject({ type: 'hello', stream: 'orders', lastSeq: -1 });
    socket.close();
  });

  it('takes events in every codec and acknowledges them', async () => {
    const harness = await Harness.start();
    const [socket] = await connect(harness);
    const rows: [Uint8Array, number][] = [
      [JSON_A, CODEC_JSON],
      [MAP_A, CODEC_MSGPACK],
      [RECORD_A, CODEC_MSGPACK_RECORD],
    ];
    for (const [index, [event, codec]] of rows.entries()) {
      const frame = frameOf([event, event], { codec, frame: index + 10 });
      socket.sendBinary(frame);
      const ack = (await socket.next()).payload;
      expect([ack[3], ack.readUInt32LE(4), ack.length]).toEqual([3, index + 10, 56]);
      expect([32, 36, 40, 44].map((at) => ack.readUInt32LE(at))).toEqual([2, 0, 0, 3]);
    }
    expect(harness.lane.events.map(({ header }) => header.codec)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(new Set(harness.lane.events.map(({ header }) => header.keyLow)).size).toBe(1);
    expect(harness.lane.events[5]?.value).toEqual(RECORD_A);
    socket.close();
  });

  it('names what was refused', async () => {
    const harness = await Harness.start();
    harness.lane.judge = ({ header }) =>
      header.frameIndex === 2
        ? { errorId: ERRORS.ERR_EVENT_SCHEMA.id, detail: '[{"pointer":"/n","detail":"no"}]' }
        : 'accept';
    const [socket] = await connect(harness);
    socket.sendBinary(frameOf([JSON_A, Buffer.from('x'), JSON_A, Buffer.alloc(0)]));
    const ack = (await socket.next()).payload;
    expect([32, 36, 40].map((at) => ack.readUInt32LE(at))).toEqual([1, 0, 3]);
    const rejections = [];
    for (let at = 56; at < ack.length; at += (16 + ack.readUInt16LE(at + 6) + 7) & ~7) {
      const detail = ack.toString('utf8', at + 16, at + 16 + ack.readUInt16LE(at + 6));
      rejections.push([ack.readUInt32LE(at), ack.readUInt16LE(at + 4), ack.readUInt32LE(at + 8), detail]);
    }
    expect(rejections).toEqual([
      [1, 400, ERRORS.ERR_EVENT_UNPARSEABLE.id, expect.stringContaining('JSON')],
      [2, 422, ERRORS.ERR_EVENT_SCHEMA.id, '[{"pointer":"/n","detail":"no"}]'],
      [3, 400, ERRORS.ERR_EVENT_EMPTY.id, 'event bytes=0'],
    ]);
    socket.close();
  });

  it('numbers the events of a producer from the frame`s first', async () => {
    const harness = await Harness.start();
    const [socket] = await connect(harness, `${WS}?producer=p`);
    socket.sendBinary(frameOf([JSON_A, JSON_A], { sequence: 2 ** 40 }));
    await socket.next();
    expect(harness.lane.events.map(({ header }) => header.producerSequence)).toEqual([2 ** 40, 2 ** 40 + 1]);
    socket.close();
  });

  const good = frameOf([JSON_A, JSON_A]);
  const malformed: [string, Uint8Array][] = [
    ['a short header', good.subarray(0, 31)],
    ['an empty message', good.subarray(0, 0)],
    ['another magic number', frameOf([JSON_A], { magic: 1 })],
    ['another version', frameOf([JSON_A], { version: 2 })],
    ['a frame that is an answer', frameOf([JSON_A], { type: 3 })],
    ['a sequence without a producer', frameOf([JSON_A], { sequence: 1 })],
    ['a sequence that is no number', frameOf([JSON_A], { sequence: Number.NaN })],
    ['a sequence beyond 2^53', frameOf([JSON_A], { sequence: 2 ** 53 })],
    ['too many events', frameOf([JSON_A], { count: 4097 })],
    ['fewer events than it says', frameOf([JSON_A], { count: 2 })],
    ['more bytes than its events', frameOf([JSON_A, JSON_A], { count: 1 })],
    [
      'an event that ends beyond the frame',
      Buffer.concat([good.subarray(0, 32), Buffer.from([255, 255, 255, 255, 0, 0, 0, 0])]),
    ],
    ['an unknown codec', frameOf([JSON_A], { codec: 3 })],
    ['reserved bytes in its header', frameOf([JSON_A], { reserved: 1 })],
    ['reserved bytes in an event', Buffer.concat([good.subarray(0, 36), Buffer.from([1, 0, 0, 0]), good.subarray(40)])],
  ];
  for (const [what, bytes] of malformed) {
    it(`closes 1007 at ${what}`, async () => {
      const harness = await Harness.start();
      const [socket] = await connect(harness);
      socket.sendBinary(bytes);
      const error = (await socket.next()).payload;
      expect(error[3]).toBe(5);
      expect(JSON.parse(error.toString('utf8', 32))).toMatchObject({ type: 'error', code: 'ERR_FRAME_INVALID' });
      expect(await socket.closed()).toBe(1007);
      expect(harness.lane.events).toHaveLength(0);
    });
  }

  it('closes 1003 at a text message', async () => {
    const harness = await Harness.start();
    const [socket] = await connect(harness);
    socket.sendText('{"frame":1}');
    expect(await socket.closed()).toBe(1003);
  });
});
