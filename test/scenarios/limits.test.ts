import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DEFAULT_MAX_EVENT_BYTES,
  MAX_EVENT_BYTES,
  MAX_FRAME_EVENTS,
  MAX_IDEMPOTENCY_KEY_BYTES,
  MAX_KEY_BYTES,
  MAX_PRODUCER_BYTES,
} from '../../src/base/limits.ts';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import {
  BINARY_PROTOCOL,
  binaryFrame,
  connectIntake,
  type FrameAck,
  JSON_PROTOCOL,
  jsonFrame,
  readBinaryAck,
} from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

/** As much as is allowed is taken, and one more is not. */
const data = freshPath('data with spaces ü');
const NOTES = '/v1/streams/notes';
let engine: EngineProcess;
let taken = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, topology: topologyFile('guarantees'), partitions: 3, env: TWO_WORKERS });
});

afterAll(() => engine.kill());

const note = (n: number, till = `till-${n % 100}`): string => JSON.stringify({ till, n });
const most = Array.from({ length: MAX_FRAME_EVENTS }, (_, n) => note(n));
const long = (bytes: number): string => note(1, 'long').padEnd(bytes);

interface Result {
  status: number;
  code?: string;
  partition: number;
  offset: number;
}

async function batch(lines: readonly string[]): Promise<Result[]> {
  const { body } = await engine.batch(NOTES, lines);
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

describe('the most', () => {
  it('lines of a batch are taken, each partition in the order of its lines', async () => {
    const results = await batch(most);
    taken += MAX_FRAME_EVENTS;
    expect(results).toHaveLength(MAX_FRAME_EVENTS);
    const next = new Map<number, number>();
    for (const { status, partition, offset } of results) {
      expect([status, offset]).toEqual([201, next.get(partition) ?? offset]);
      next.set(partition, offset + 1);
    }
    expect(next.size).toBe(3);
  });

  it('events of a frame are taken', async () => {
    const json = await connectIntake(engine.port, `${NOTES}/ws`, JSON_PROTOCOL);
    json.socket.sendText(jsonFrame({ frame: 1 }, most).toString());
    expect(await json.socket.nextJson()).toMatchObject({ accepted: MAX_FRAME_EVENTS, rejected: [] });
    const binary = await connectIntake(engine.port, `${NOTES}/ws`, BINARY_PROTOCOL);
    const events = most.map((event) => Buffer.from(event));
    binary.socket.sendBinary(binaryFrame({ frame: 1 }, events));
    const ack = readBinaryAck((await binary.socket.next()).payload);
    expect([ack.accepted, ack.rejected]).toEqual([MAX_FRAME_EVENTS, []]);
    taken += 2 * MAX_FRAME_EVENTS;
    json.socket.close();
    binary.socket.close();
  });

  it('refusals of a frame are all told', async () => {
    const { socket } = await connectIntake(engine.port, `${NOTES}/ws`, JSON_PROTOCOL);
    const wrong = Array.from({ length: MAX_FRAME_EVENTS }, (_, n) => JSON.stringify({ till: `till-${n % 100}` }));
    socket.sendText(jsonFrame({ frame: 1 }, wrong).toString());
    const ack = (await socket.nextJson()) as unknown as FrameAck;
    expect(ack.accepted).toBe(0);
    expect(ack.rejected.map(({ index }) => index).sort((a, b) => a - b)).toEqual(wrong.map((_, n) => n));
    expect(new Set(ack.rejected.map(({ code }) => code))).toEqual(new Set(['ERR_EVENT_SCHEMA']));
    socket.close();
  });

  it('bytes of an event are taken, on every way', async () => {
    const [fits, tooLong] = [long(DEFAULT_MAX_EVENT_BYTES), long(DEFAULT_MAX_EVENT_BYTES + 1)];
    expect((await engine.post(NOTES, fits)).status).toBe(201);
    expect((await engine.post(NOTES, tooLong)).json['code']).toBe('ERR_HTTP_TOO_LARGE');
    const results = await batch([fits, tooLong, fits]);
    expect(results.map(({ status, code }) => [status, code])).toEqual([
      [201, undefined],
      [413, 'ERR_EVENT_TOO_LARGE'],
      [201, undefined],
    ]);
    const { socket } = await connectIntake(engine.port, `${NOTES}/ws`, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 1 }, [fits, tooLong, fits]).toString());
    const ack = (await socket.nextJson()) as unknown as FrameAck;
    expect([ack.accepted, ack.rejected.map(({ index, code }) => [index, code])]).toEqual([
      2,
      [[1, 'ERR_EVENT_TOO_LARGE']],
    ]);
    taken += 5;
    socket.close();
  });

  it('bytes of a key are taken and found again', async () => {
    // Two bytes each in UTF-8.
    const key = 'ü'.repeat(MAX_KEY_BYTES / 2);
    expect((await engine.post(NOTES, note(1, key))).status).toBe(201);
    taken += 1;
    expect((await engine.get(`/v1/views/notes/${encodeURIComponent(key)}`)).json['value']).toBe(1);
    const longer = await engine.post(NOTES, note(1, `${key}k`));
    expect([longer.status, longer.json['code']]).toEqual([422, 'ERR_EVENT_KEY_INVALID']);
  });

  it.each([
    ['an accent of its own (NFC)', '\u00e9'],
    ['an accent behind its letter (NFD)', 'e\u0301'],
    ['another direction', '\u202eabc'],
    ['an emoji', '\u{1f600}'],
    ['a control character of C1', '\u0085'],
    ['a line separator', '\u2028'],
    ['a byte order mark', '\ufeff'],
    ['a space', ' '],
  ])('characters of a key are taken as they are: %s', async (_name, key) => {
    expect((await engine.post(NOTES, note(1, key))).status).toBe(201);
    taken += 1;
    const { json } = await engine.get(`/v1/views/notes/${encodeURIComponent(key)}`);
    expect([json['key'], json['value']]).toEqual([key, 1]);
  });

  it.each(['\u0000', '\u001f', '\u007f'])('characters of a key are %j in no case', async (key) => {
    const { status, json } = await engine.post(NOTES, note(1, key));
    expect([status, json['code']]).toEqual([422, 'ERR_EVENT_KEY_INVALID']);
  });

  it('numbers are -0, which is 0, and none beyond 2^53', async () => {
    const { status } = await engine.post(NOTES, '{"till":"zero","n":-0}');
    expect(status).toBe(201);
    taken += 1;
    const { status: refused, json } = await engine.post(NOTES, '{"till":"zero","n":9007199254740993}');
    expect([refused, json['code']]).toEqual([422, 'ERR_EVENT_NUMBER_RANGE']);
  });

  it('characters of an identity are taken', async () => {
    const headers = { 'Idempotency-Key': 'i'.repeat(MAX_IDEMPOTENCY_KEY_BYTES) };
    expect((await engine.post('/v1/streams/sales', note(1), headers)).status).toBe(201);
    const name = 'p'.repeat(MAX_PRODUCER_BYTES);
    const { socket, hello } = await connectIntake(engine.port, `/v1/streams/sales/ws?producer=${name}`, JSON_PROTOCOL);
    expect(hello['producer']).toBe(name);
    socket.sendText(jsonFrame({ frame: 1, seq: Number.MAX_SAFE_INTEGER - MAX_FRAME_EVENTS }, [note(2)]).toString());
    expect(await socket.nextJson()).toMatchObject({ accepted: 1 });
    taken += 2;
    socket.close();
  });

  it('is all in the log', async () => {
    expect((await engine.stop()).code).toBe(0);
    expect(readLogs(data)).toHaveLength(taken);
  });
});

describe('the greatest event that can be configured', () => {
  const topology = topologyFile('guarantees');

  it('is taken with the longest identity', async () => {
    const path = freshPath();
    const env = { MOKA_HTTP_MAX_EVENT_BYTES: String(MAX_EVENT_BYTES) };
    const generous = await EngineProcess.start({ data: path, topology, partitions: 1, env });
    const headers = { 'Idempotency-Key': 'i'.repeat(MAX_IDEMPOTENCY_KEY_BYTES) };
    expect((await generous.post('/v1/streams/sales', long(MAX_EVENT_BYTES), headers)).status).toBe(201);
    expect((await generous.post('/v1/streams/sales', long(MAX_EVENT_BYTES + 1), headers)).status).toBe(413);
    expect((await generous.stop()).code).toBe(0);
    expect(readLogs(path).map(({ bytes }) => bytes.length)).toEqual([MAX_EVENT_BYTES]);
  });

  it('is the greatest', async () => {
    const env = { MOKA_HTTP_MAX_EVENT_BYTES: String(MAX_EVENT_BYTES + 1) };
    const { code, stderr } = await EngineProcess.startInVain({ data: freshPath(), topology, env });
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('http.maxEventBytes')]);
  });
});
