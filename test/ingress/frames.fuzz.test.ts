import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/base/hash.ts';
import { binaryProtocol } from '../../src/ingress/binary-protocol.ts';
import { BodyBytes } from '../../src/ingress/body-bytes.ts';
import { FrameHead, type FrameProtocol } from '../../src/ingress/frame-protocol.ts';
import { FrameWriter } from '../../src/ingress/frame-writer.ts';
import { GroupIdentity } from '../../src/ingress/group-identity.ts';
import { jsonProtocol } from '../../src/ingress/json-protocol.ts';
import { LaneIntake } from '../../src/ingress/lane-intake.ts';
import { StreamIntake } from '../../src/ingress/stream-intake.ts';
import { LEVEL_RECEIVED, NO_REPLY } from '../../src/record/intake-message.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { FakeLane } from './fake-lane.ts';
import { IDENTITY_SECRET, ROUTING_SECRET, STREAMS } from './harness.ts';

const fakes = [new FakeLane(0), new FakeLane(1)];
const lanes = fakes.map(({ link }) => new LaneIntake(link));
const writer = new FrameWriter(lanes, new KeyedHash(IDENTITY_SECRET), 65536);
const stream = new StreamIntake(STREAMS[0] as (typeof STREAMS)[0], new KeyedHash(ROUTING_SECRET), 2);
const body = new BodyBytes();

/** Takes a frame as a session does, and checks that every event is laid down or refused. */
function feed(protocol: FrameProtocol, bytes: Uint8Array): string {
  const head = new FrameHead();
  const identity = new GroupIdentity();
  body.overBytes(bytes);
  writer.begin();
  const fault = protocol.read(body, stream, head, identity, writer);
  if (fault !== '') return fault;
  writer.route(stream, body, head.codec, identity);
  expect(writer.fitsEmptyRings() && writer.canClaim()).toBe(true);
  writer.write(stream, body, head.codec, identity, NO_REPLY, 0, LEVEL_RECEIVED, 1);
  let taken = 0;
  for (const [index, lane] of lanes.entries()) {
    const fake = fakes[index] as FakeLane;
    lane.publish();
    fake.events.length = 0;
    fake.turn();
    for (const { header, value } of fake.events) {
      const start = writer.starts[header.frameIndex] as number;
      expect(value).toEqual(Buffer.from(bytes.subarray(start, start + value.length)));
    }
    taken += fake.events.length;
  }
  expect(taken + writer.refusals.length).toBe(writer.count);
  return '';
}

/** Bytes that are almost a frame. */
function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  return fc.tuple(bytes, fc.array(edit, { maxLength: 4 }), fc.nat(), fc.boolean()).map(([whole, edits, cut, isCut]) => {
    const copy = Buffer.from(isCut ? whole.subarray(0, cut % (whole.length + 1)) : whole);
    for (const { at, byte } of edits) if (copy.length > 0) copy[at % copy.length] = byte;
    return copy;
  });
}

const event = fc.oneof(
  fc
    .record({ key: fc.oneof(fc.string(), fc.integer(), fc.constant(null)), n: fc.jsonValue() })
    .map((value) => JSON.stringify(value)),
  fc.string(),
);

const textFrame = fc
  .tuple(
    fc.record({ frame: fc.nat(), id: fc.option(fc.string(), { nil: undefined }) }),
    fc.array(event, { maxLength: 20 }),
  )
  .map(([head, events]) => Buffer.from([JSON.stringify(head), ...events].join('\n')));

const binaryFrame = fc.tuple(fc.array(event, { maxLength: 20 }), fc.nat(3)).map(([events, codec]) => {
  const header = Buffer.alloc(32);
  header.writeUInt16LE(0x4b4d, 0);
  header[2] = 1;
  header[3] = 1;
  header.writeDoubleLE(-1, 8);
  header.writeUInt32LE(events.length, 16);
  header.writeUInt32LE(codec, 20);
  const parts = events.map((text) => {
    const bytes = Buffer.from(text);
    const part = Buffer.alloc((8 + bytes.length + 7) & ~7);
    part.writeUInt32LE(bytes.length, 0);
    part.set(bytes, 8);
    return part;
  });
  return Buffer.concat([header, ...parts]);
});

describe('frames of any bytes', () => {
  it('moka.json.v1 are laid down event by event, or refused with a reason', () => {
    fc.assert(
      fc.property(mutated(textFrame), (bytes) => {
        feed(jsonProtocol, bytes);
      }),
      fuzzRuns(500),
    );
  });

  it('moka.bin.v1 are laid down event by event, or refused with a reason', () => {
    fc.assert(
      fc.property(mutated(binaryFrame), (bytes) => {
        feed(binaryProtocol, bytes);
      }),
      fuzzRuns(500),
    );
  });
});
