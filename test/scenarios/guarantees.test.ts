import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

/** What a stream promises is what its acks say, over every transport. */
const data = freshPath();
const topology = topologyFile('guarantees');
let engine: EngineProcess;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, topology, partitions: 2 });
});

afterAll(() => engine.kill());

/** How often events of a till were taken, once `count` of them were: an ack on receipt says nothing about when. */
async function countOf(view: string, till: string, count: number): Promise<unknown> {
  for (;;) {
    const { json } = await engine.get(`/v1/views/${view}/${till}`);
    if (((json['value'] as number | undefined) ?? 0) >= count) return json['value'];
  }
}

interface Guarantee {
  stream: string;
  status: number;
  level: string;
  processed: boolean;
  /** How often an event counts that is sent twice. */
  counts: number;
}

const GUARANTEES: readonly Guarantee[] = [
  { stream: 'pings', status: 202, level: 'received', processed: false, counts: 2 },
  { stream: 'notes', status: 201, level: 'durable', processed: true, counts: 2 },
  { stream: 'scans', status: 201, level: 'written', processed: true, counts: 2 },
  { stream: 'sales', status: 201, level: 'written', processed: true, counts: 1 },
];

describe.each(GUARANTEES)('$stream', ({ stream, status, level, processed, counts }) => {
  const path = `/v1/streams/${stream}`;

  it(`answer a POST with ${status} ${level}, and count an event sent twice ${counts} times`, async () => {
    for (const isSecond of [false, true]) {
      const answer = await engine.post(path, { till: 'http', n: 1 });
      const duplicate = isSecond && counts === 1;
      expect([answer.status, answer.json]).toMatchObject([status, { level, processed, duplicate }]);
      expect(answer.json['offset'] === null).toBe(level === 'received');
    }
    expect(await countOf(stream, 'http', counts)).toBe(counts);
  });

  it('answer a batch the same way', async () => {
    const line = { till: 'batch', n: 1 };
    const { body } = await engine.batch(path, [line, line]);
    const results = body
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(results).toMatchObject([
      { status, level, processed, duplicate: false },
      { status, level, processed, duplicate: counts === 1 },
    ]);
    expect(await countOf(stream, 'batch', counts)).toBe(counts);
  });

  it('answer a frame the same way', async () => {
    const event = { till: 'frame', n: 1 };
    const { socket } = await connectIntake(engine.port, `${path}/ws`, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 1 }, [event, event]).toString());
    expect(await socket.nextJson()).toMatchObject({ level, processed, accepted: counts, duplicate: 2 - counts });
    expect(await countOf(stream, 'frame', counts)).toBe(counts);
    socket.close();
  });

  it('refuse what does not fit, if anybody waits for it', async () => {
    const answer = await engine.post(path, { till: 'wrong', n: 'one' }, { Prefer: 'wait=10' });
    expect([answer.status, answer.json['code']]).toEqual([422, 'ERR_EVENT_SCHEMA']);
  });

  it('answer at once with Prefer: respond-async', async () => {
    const answer = await engine.post(path, { till: 'async', n: 1 }, { Prefer: 'respond-async' });
    expect([answer.status, answer.json]).toMatchObject([202, { level: 'received', processed: false, offset: null }]);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    expect(await countOf(stream, 'async', 1)).toBe(1);
  });

  it('answer when the event is processed with Prefer: wait', async () => {
    const answer = await engine.post(path, { till: 'wait', n: 1 }, { Prefer: 'wait=10' });
    const waited = level === 'received' ? 'durable' : level;
    expect([answer.status, answer.json]).toMatchObject([201, { level: waited, processed: true, duplicate: false }]);
  });
});

describe('what was acknowledged', () => {
  it('survives a kill: flushed or only written', async () => {
    for (const stream of ['notes', 'scans', 'sales']) {
      for (let n = 0; n < 50; n++)
        expect((await engine.post(`/v1/streams/${stream}`, { till: 'kill', n })).status).toBe(201);
    }
    await engine.kill();
    engine = await EngineProcess.start({ data, topology });
    for (const stream of ['notes', 'scans', 'sales']) {
      expect((await engine.get(`/v1/views/${stream}/kill`)).json['value']).toBe(50);
    }
  });
});

describe('a topology', () => {
  it.each<[string, RegExp[]]>([
    [
      'mistaken',
      [
        /stream 'pings': at-most-once is acknowledged on receipt, so a durability has no meaning/,
        /stream 'notes': at-least-once does not look for duplicates, so an id has no meaning/,
        /stream 'sales': there is another stream of this name/,
        /count 'unseen': it has no view, so nobody can read it/,
        /from 'round#1': it feeds itself: from 'round#1' → merge 'merge#1' → map 'round' → from 'round#1'/,
      ],
    ],
    ['throwing', [/topology file=\S+throwing\.ts cannot be loaded: no coffee today/]],
    ['nothing', [/topology file=\S+nothing\.ts exports=drink; expected: export const topology = defineTopology/]],
    ['missing', [/topology file=\S+missing\.ts does not exist/]],
  ])('that is %s starts nothing, says all that is wrong, and ends with 2', async (name, said) => {
    const { code, stderr } = await EngineProcess.startInVain({ data: freshPath(), topology: topologyFile(name) });
    expect(code).toBe(2);
    const error = JSON.parse(stderr) as { event: string; code: string; message: string };
    expect(error).toMatchObject({ event: 'error', code: expect.stringMatching(/^ERR_TOPOLOGY_/) });
    for (const pattern of said) expect(error.message).toMatch(pattern);
  });
});
