import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/base/hash.ts';
import { MAX_INTAKE_MESSAGE_BYTES } from '../../src/base/limits.ts';
import { BodyBytes } from '../../src/ingress/body-bytes.ts';
import { FrameWriter } from '../../src/ingress/frame-writer.ts';
import { GroupIdentity } from '../../src/ingress/group-identity.ts';
import { LaneIntake } from '../../src/ingress/lane-intake.ts';
import { splitLines } from '../../src/ingress/lines.ts';
import { StreamIntake } from '../../src/ingress/stream-intake.ts';
import { LEVEL_RECEIVED, NO_REPLY } from '../../src/record/intake-message.ts';
import { CODEC_JSON } from '../../src/record/layout.ts';
import { FakeLane, type FakeLaneOptions } from './fake-lane.ts';
import { IDENTITY_SECRET, ROUTING_SECRET, STREAMS } from './harness.ts';

interface Bench {
  fakes: FakeLane[];
  lanes: LaneIntake[];
  writer: FrameWriter;
  stream: StreamIntake;
  body: BodyBytes;
  identity: GroupIdentity;
}

function setUp(partitions: number, lane: FakeLaneOptions = {}): Bench {
  const fakes = Array.from({ length: partitions }, (_, n) => new FakeLane(n, lane));
  const lanes = fakes.map(({ link }) => new LaneIntake(link));
  const writer = new FrameWriter(lanes, new KeyedHash(IDENTITY_SECRET), 65536);
  const stream = new StreamIntake(STREAMS[0] as (typeof STREAMS)[0], new KeyedHash(ROUTING_SECRET), partitions);
  return { fakes, lanes, writer, stream, body: new BodyBytes(), identity: new GroupIdentity() };
}

function read(bench: Bench, text: string): void {
  const bytes = Buffer.from(text);
  bench.body.overBytes(bytes);
  bench.writer.begin();
  splitLines(bytes, 0, bench.writer);
  bench.writer.route(bench.stream, bench.body, CODEC_JSON, bench.identity);
}

function write({ writer, stream, body, identity }: Bench): number {
  return writer.write(stream, body, CODEC_JSON, identity, NO_REPLY, 0, LEVEL_RECEIVED, 1);
}

function take({ lanes, fakes }: Bench): void {
  for (const lane of lanes) lane.publish();
  for (const fake of fakes) fake.turn();
}

describe('FrameWriter', () => {
  it('writes one message per lane, its events in their order', () => {
    const bench = setUp(3);
    read(bench, Array.from({ length: 100 }, (_, n) => `{"key":"k${n}"}`).join('\n'));
    expect([bench.writer.canClaim(), write(bench)]).toEqual([true, 3]);
    take(bench);
    for (const fake of bench.fakes) {
      expect(fake.messages).toHaveLength(1);
      const indexes = fake.events.map(({ header }) => header.frameIndex);
      expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
    }
    expect(bench.fakes.reduce((sum, { events }) => sum + events.length, 0)).toBe(100);
  });

  it('begins a further message where one would be longer than it may', () => {
    const bench = setUp(1);
    const event = `{"key":"a","x":"${'x'.repeat(65_000)}"}`;
    read(bench, Array.from({ length: 9 }, () => event).join('\n'));
    expect([bench.writer.canClaim(), write(bench)]).toEqual([true, 3]);
    take(bench);
    expect(bench.fakes[0]?.messages).toEqual([4, 4, 1]);
    expect(4 * 65_000).toBeLessThan(MAX_INTAKE_MESSAGE_BYTES);
  });

  it('begins a further message where the ack of more refusals would not fit the ack ring', () => {
    const bench = setUp(1, { ackBytes: 64 * 1024 });
    read(bench, '{"key":"a"}\n'.repeat(150));
    expect([bench.writer.canClaim(), write(bench)]).toEqual([true, 3]);
    take(bench);
    expect(bench.fakes[0]?.messages).toEqual([61, 61, 28]);
  });

  it('claims again and again across the end of the ring', () => {
    const bench = setUp(1);
    const texts: string[] = [];
    for (let n = 0; n < 60; n++) {
      const text = Array.from({ length: (n * 37) % 300 }, (_, m) => `{"key":"k${m}","n":${n}}`).join('\n');
      texts.push(...(text === '' ? [] : text.split('\n')));
      read(bench, text);
      expect(bench.writer.canClaim()).toBe(true);
      write(bench);
      take(bench);
    }
    expect(bench.fakes[0]?.events.map(({ value }) => value.toString())).toEqual(texts);
  });

  it('says that there is no room until the lane has given it back', () => {
    const bench = setUp(1);
    const text = Array.from({ length: 12 }, () => `{"key":"a","x":"${'x'.repeat(60_000)}"}`).join('\n');
    let frames = 0;
    for (; frames < 100; frames++) {
      read(bench, text);
      if (!bench.writer.canClaim()) break;
      write(bench);
    }
    expect(frames).toBeGreaterThan(2);
    expect(frames).toBeLessThan(7);
    take(bench);
    expect(bench.writer.canClaim()).toBe(true);
  });

  it('allocates nothing per event', () => {
    const bench = setUp(2);
    const frame = Buffer.from(Array.from({ length: 250 }, (_, n) => `{"n":${n},"key":"customer-${n}"}`).join('\n'));
    const round = (): void => {
      bench.writer.begin();
      splitLines(frame, 0, bench.writer);
      bench.writer.route(bench.stream, bench.body, CODEC_JSON, bench.identity);
      write(bench);
      for (const [index, lane] of bench.lanes.entries()) {
        lane.publish();
        (bench.fakes[index] as FakeLane).discard();
      }
    };
    bench.body.overBytes(frame);
    for (let n = 0; n < 400; n++) round();
    const samples: number[] = [];
    for (let sample = 0; sample < 7; sample++) {
      const before = process.memoryUsage().heapUsed;
      for (let n = 0; n < 40; n++) round();
      samples.push((process.memoryUsage().heapUsed - before) / (40 * 250));
    }
    samples.sort((a, b) => a - b);
    // a header object per event would be ten times this
    expect(samples[3]).toBeLessThan(8);
  });
});
