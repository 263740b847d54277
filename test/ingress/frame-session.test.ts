import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { MAX_FRAME_EVENTS } from '../../src/base/limits.ts';
import { LEVEL_RECEIVED } from '../../src/record/intake-message.ts';
import { LANE_RECOVERING, LANE_STOPPED, PRESSURE_FULL } from '../../src/ring/lane.ts';
import { type RawAnswer, request } from '../http/raw-http-client.ts';
import { frame, OPCODE_TEXT, RawWebSocket } from '../http/raw-websocket.ts';
import { Harness, until } from './harness.ts';

const WS = '/v1/streams/orders/ws';

function events(count: number, from = 0): string {
  return Array.from({ length: count }, (_, n) => `\n{"key":"k${from + n}"}`).join('');
}

async function refusedUpgrade(harness: Harness, path: string, protocol = 'moka.json.v1'): Promise<RawAnswer> {
  const answer = await RawWebSocket.open(harness.port, path, protocol);
  if (answer instanceof RawWebSocket) throw new Error('upgraded');
  return answer;
}

/** What the server says before it closes, and the close code. */
async function fault(socket: RawWebSocket): Promise<[unknown, number]> {
  const message = await socket.nextJson();
  expect(message['type']).toBe('error');
  return [message['code'], await socket.closed()];
}

describe('moka.json.v1', () => {
  it('begins with a hello', async () => {
    const harness = await Harness.start();
    const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
    expect(await socket.nextJson()).toEqual({
      type: 'hello',
      stream: 'orders',
      producer: null,
      epoch: 0,
      lastSeq: -1,
      maxFrameBytes: 1024 * 1024,
      maxFrameEvents: MAX_FRAME_EVENTS,
      credit: { events: 65_536, bytes: 512 * 1024 },
      limit: { events: 65_536, bytes: 512 * 1024 },
    });
    socket.close();
  });

  it('acknowledges a frame when all its lanes have', async () => {
    const harness = await Harness.start({ partitions: 2 });
    const socket = await harness.websocket(WS);
    (harness.lanes[1] as (typeof harness.lanes)[0]).isHeld = true;
    const text = `{"frame":7}${events(20)}`;
    socket.sendText(text);
    await until(() => harness.lanes[0]?.events.length !== 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(socket.messages).toHaveLength(0);
    (harness.lanes[1] as (typeof harness.lanes)[0]).isHeld = false;
    harness.wake();
    const ack = await socket.nextJson();
    expect(ack).toMatchObject({
      type: 'ack',
      frame: 7,
      accepted: 20,
      duplicate: 0,
      rejected: [],
      level: 'durable',
      processed: true,
    });
    expect(ack['limit']).toEqual({ events: 65_536 + 20, bytes: 512 * 1024 + text.length });
    expect(harness.lanes.map((lane) => lane.messages.length)).toEqual([1, 1]);
    socket.close();
  });

  it('counts duplicates and names what was refused, at the door or by a lane', async () => {
    const harness = await Harness.start();
    harness.lane.judge = ({ value }) => {
      if (value.includes('bad'))
        return { errorId: ERRORS.ERR_EVENT_SCHEMA.id, detail: '[{"pointer":"/n","detail":"no"}]' };
      return value.includes('again') ? { duplicateOf: 3 } : 'accept';
    };
    const socket = await harness.websocket(WS);
    socket.sendText('{"frame":1}\n{"key":"a"}\nx\n{"key":"bad"}\n{"key":"again"}\n');
    const ack = await socket.nextJson();
    expect(ack).toMatchObject({ accepted: 1, duplicate: 1 });
    expect(ack['rejected']).toEqual([
      { index: 1, status: 400, code: 'ERR_EVENT_UNPARSEABLE', detail: expect.any(String) },
      { index: 2, status: 422, code: 'ERR_EVENT_SCHEMA', detail: '/n: no', details: [{ pointer: '/n', detail: 'no' }] },
    ]);
    socket.close();
  });

  it('acknowledges a frame without events, and one of refused events only', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    socket.sendText('{"frame":1}');
    expect(await socket.nextJson()).toMatchObject({ frame: 1, accepted: 0 });
    socket.sendText('{"frame":2}\nx\ny');
    expect((await socket.nextJson())['rejected']).toHaveLength(2);
    expect(harness.intake.outstanding).toBe(0);
    socket.close();
  });

  it('acknowledges at most once on receipt', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket('/v1/streams/clicks/ws');
    harness.lane.isHeld = true;
    socket.sendText(`{"frame":1}${events(3)}\nx`);
    expect(await socket.nextJson()).toMatchObject({ accepted: 3, level: 'received', processed: false });
    harness.lane.isHeld = false;
    harness.wake();
    await until(() => harness.lane.events.length === 3);
    expect(harness.lane.levels).toEqual([LEVEL_RECEIVED]);
    socket.close();
  });

  it('gives each event of a frame with an id an identity', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    socket.sendText(`{"frame":1,"id":"till/3"}${events(11)}`);
    await socket.next();
    expect(harness.lane.events.map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      Array.from({ length: 11 }, (_, n) => `till/3:${n}`),
    );
    socket.close();
  });

  it('cuts what one message cannot hold, and acknowledges once', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    const big = Array.from({ length: 15 }, (_, n) => `\n{"key":"k${n}","x":"${'x'.repeat(30_000)}"}`).join('');
    socket.sendText(`{"frame":1}${big}`);
    expect(await socket.nextJson()).toMatchObject({ accepted: 15 });
    expect(harness.lane.messages.length).toBeGreaterThan(1);
    expect(harness.lane.events.map(({ header }) => header.frameIndex)).toEqual(Array.from({ length: 15 }, (_, n) => n));
    socket.close();
  });

  it('joins a fragmented frame', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    socket.sendRaw(frame(OPCODE_TEXT, Buffer.from('{"frame":1}\n{"ke'), true, false));
    socket.sendRaw(frame(0, Buffer.from('y":"a"}'), true, true));
    expect(await socket.nextJson()).toMatchObject({ accepted: 1 });
    socket.close();
  });

  const malformed: [string, string][] = [
    ['no head', 'nonsense\n{"key":"a"}'],
    ['a head that is no object', '[1]'],
    ['no frame number', '{"seq":1}'],
    ['a frame number out of range', '{"frame":4294967296}'],
    ['a negative sequence', '{"frame":1,"seq":-1}'],
    ['a sequence without a producer', '{"frame":1,"seq":1}'],
    ['an empty id', '{"frame":1,"id":""}'],
    ['an id that is too long', `{"frame":1,"id":"${'x'.repeat(251)}"}`],
    ['an unknown member', '{"frame":1,"sequence":1}'],
    ['too many events', `{"frame":1}${'\n{}'.repeat(MAX_FRAME_EVENTS + 1)}`],
  ];
  for (const [what, text] of malformed) {
    it(`closes 1007 at ${what}`, async () => {
      const harness = await Harness.start();
      const socket = await harness.websocket(WS);
      socket.sendText(text);
      expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1007]);
      expect(harness.lane.events).toHaveLength(0);
    });
  }

  it('closes 1003 at a binary message', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    socket.sendBinary(Buffer.from('{"frame":1}'));
    expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1003]);
  });

  it('closes 1009 at a frame that is too long, and silently at one far too long', async () => {
    const harness = await Harness.start({ limits: { maxFrameBytes: 1000 } });
    const socket = await harness.websocket(WS);
    socket.sendText('x'.repeat(1001));
    expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1009]);
    const other = await harness.websocket(WS);
    other.sendText('x'.repeat(100_000));
    await other.closed();
  });

  it('takes nothing from frames without a mask', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    const unmasked = frame(OPCODE_TEXT, Buffer.from('{"frame":1}\n{"key":"a"}'), false);
    socket.sendRaw(Buffer.concat([unmasked, unmasked]));
    await socket.closed();
    expect(harness.lane.events).toHaveLength(0);
  });

  it('closes 1008 at a frame number that does not rise', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    socket.sendText(`{"frame":2}${events(1)}`);
    await socket.next();
    socket.sendText(`{"frame":2}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1008]);
  });
});

describe('credit', () => {
  it('is spent by frames in flight and comes back with their acks', async () => {
    const harness = await Harness.start({ limits: { creditEvents: 100 } });
    const socket = await harness.websocket(WS);
    socket.sendText(`{"frame":1}${events(60)}`);
    expect((await socket.nextJson())['credit']).toMatchObject({ events: 100 });
    harness.lane.isSilent = true;
    socket.sendText(`{"frame":2}${events(60)}`);
    socket.sendText(`{"frame":3}${events(40)}`);
    await until(() => harness.lane.events.length === 160);
    harness.lane.isSilent = false;
    harness.wake();
    const credits = [await socket.nextJson(), await socket.nextJson()].map(
      (ack) => ack['credit'] as { events: number },
    );
    expect(credits.map(({ events: free }) => free)).toEqual([60, 100]);
    socket.close();
  });

  it('is borne up to one window too much, and closes 1008 beyond, in events', async () => {
    const harness = await Harness.start({ limits: { creditEvents: 100 } });
    harness.lane.isSilent = true;
    const socket = await harness.websocket(WS);
    socket.sendText(`{"frame":1}${events(200)}`);
    await until(() => harness.lane.events.length === 200);
    socket.sendText(`{"frame":2}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_CREDIT_EXCEEDED', 1008]);
    expect(harness.lane.events).toHaveLength(200);
  });

  it('closes 1008 beyond, in bytes', async () => {
    const harness = await Harness.start({ limits: { creditBytes: 1 } });
    const least = 64 * 1024 + 4096;
    const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
    expect((await socket.nextJson())['credit']).toMatchObject({ bytes: least });
    harness.lane.isSilent = true;
    const padding = 'x'.repeat(50_000);
    for (let n = 1; n <= 3; n++) socket.sendText(`{"frame":${n}}\n{"key":"a","x":"${padding}"}`);
    expect(await fault(socket)).toEqual(['ERR_CREDIT_EXCEEDED', 1008]);
    await until(() => harness.lane.events.length === 2);
  });

  it('grows while it is used', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    const big = Array.from({ length: 10 }, (_, n) => `\n{"key":"k${n}","x":"${'x'.repeat(30_000)}"}`).join('');
    let bytes = 0;
    for (let n = 1; n <= 8; n++) {
      socket.sendText(`{"frame":${n}}${big}`);
      bytes = ((await socket.nextJson())['credit'] as { bytes: number }).bytes;
    }
    expect(bytes).toBe(1024 * 1024);
    socket.close();
  });

  it('is not given to more connections than the memory for waiting frames holds', async () => {
    const harness = await Harness.start({ limits: { stagingBytes: 300_000 } });
    const sockets = [await harness.websocket(WS), await harness.websocket(WS)];
    const refused = await refusedUpgrade(harness, WS);
    expect([refused.status, refused.json['code'], refused.headers.get('retry-after')]).toEqual([
      503,
      'ERR_OVERLOAD_BOX',
      '1',
    ]);
    sockets[0]?.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    sockets.push(await harness.websocket(WS));
    for (const socket of sockets) socket.close();
  });
});

describe('frames that find no room', () => {
  it('wait in the order of their connection and are all taken', async () => {
    const harness = await Harness.start({
      lane: { intakeBytes: 1024 * 1024 },
      limits: { creditBytes: 4 * 1024 * 1024 },
    });
    const socket = await harness.websocket(WS);
    const big = (n: number): string => `\n{"key":"a","n":${n},"x":"${'x'.repeat(60_000)}"}`;
    for (let n = 1; n <= 4; n++) {
      socket.sendText(`{"frame":${n}}${big(n).repeat(8)}`);
      await socket.next();
    }
    harness.lane.isHeld = true;
    for (let n = 5; n <= 8; n++) socket.sendText(`{"frame":${n}}${big(n).repeat(8)}`);
    await until(() => harness.intake.stagedCount > 0);
    expect(harness.intake.outstanding).toBe(4);
    harness.lane.isHeld = false;
    harness.wake();
    const frames = [];
    for (let n = 5; n <= 8; n++) frames.push((await socket.nextJson())['frame']);
    expect(frames).toEqual([5, 6, 7, 8]);
    const order = harness.lane.events.map(({ value }) => Number(/"n":(\d)/.exec(value.toString())?.[1]));
    expect(order).toEqual([...order].sort());
    expect(order).toHaveLength(64);
    expect(harness.intake.outstanding).toBe(0);
    socket.close();
  });

  it('wait for a lane that starts, is full or has no disk, and no event is refused for it', async () => {
    const harness = await Harness.start({ partitions: 2 });
    const socket = await harness.websocket(WS);
    const { status } = (harness.lanes[1] as (typeof harness.lanes)[0]).link;
    const states: [() => void, () => void][] = [
      [() => (status.pressure = PRESSURE_FULL), () => (status.pressure = 0)],
      [() => (status.intakeBlockedReason = ERRORS.ERR_DISK_FULL.id), () => (status.intakeBlockedReason = 0)],
      [() => (status.state = LANE_RECOVERING), () => (status.state = 2)],
    ];
    for (const [index, [block, unblock]] of states.entries()) {
      block();
      socket.sendText(`{"frame":${index}}${events(20)}`);
      await until(() => harness.intake.stagedCount === 1);
      unblock();
      expect(await socket.nextJson()).toMatchObject({ frame: index, accepted: 20, rejected: [] });
    }
    socket.close();
  });

  it('lose the events of a stopped lane for good, and only those', async () => {
    const harness = await Harness.start({ partitions: 2 });
    const socket = await harness.websocket(WS);
    (harness.lanes[1] as (typeof harness.lanes)[0]).link.status.state = LANE_STOPPED;
    socket.sendText(`{"frame":1}${events(20)}`);
    const ack = await socket.nextJson();
    const rejected = ack['rejected'] as { code: string; partition: number }[];
    expect((ack['accepted'] as number) + rejected.length).toBe(20);
    expect(new Set(rejected.map(({ code, partition }) => `${code} ${partition}`))).toEqual(
      new Set(['ERR_PARTITION_STOPPED 1']),
    );
    socket.close();
  });

  it('are forgotten with their connection, never accepted', async () => {
    const harness = await Harness.start();
    const socket = await harness.websocket(WS);
    harness.lane.link.status.pressure = PRESSURE_FULL;
    socket.sendText(`{"frame":1}${events(3)}`);
    await until(() => harness.intake.stagedCount === 1);
    socket.close();
    await until(() => harness.intake.stagedCount === 0);
    harness.lane.link.status.pressure = 0;
    const next = await harness.websocket(WS);
    next.sendText(`{"frame":1}${events(1)}`);
    await next.next();
    expect(harness.lane.events).toHaveLength(1);
    next.close();
  });

  it('close 1009 if no ring could ever hold them', async () => {
    const harness = await Harness.start({
      lane: { intakeBytes: 1024 * 1024 },
      limits: { stagingBytes: 64 * 1024 * 1024 },
    });
    const socket = await harness.websocket(WS);
    const text = `{"frame":1,"id":"${'i'.repeat(250)}"}${'\n{"key":"a"}'.repeat(4000)}`;
    socket.sendText(text);
    expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1009]);
    expect(harness.lane.events).toHaveLength(0);
  });
});

describe('the upgrade', () => {
  it('needs a protocol, a stream and a producer that can be', async () => {
    const harness = await Harness.start();
    const rows: [string, string, number, string][] = [
      [WS, '', 400, 'ERR_HTTP_BAD_REQUEST'],
      [WS, 'graphql-ws', 400, 'ERR_HTTP_BAD_REQUEST'],
      ['/v1/streams/nope/ws', 'moka.json.v1', 404, 'ERR_STREAM_UNKNOWN'],
      [`${WS}?producer=`, 'moka.json.v1', 400, 'ERR_IDENTITY_INVALID'],
      [`${WS}?producer=${'x'.repeat(129)}`, 'moka.json.v1', 400, 'ERR_IDENTITY_INVALID'],
    ];
    for (const [path, protocol, status, code] of rows) {
      const answer = await refusedUpgrade(harness, path, protocol);
      expect([answer.status, answer.json['code']]).toEqual([status, code]);
    }
    expect((await request(harness.port, 'GET', WS)).status).toBe(426);
  });

  it('takes the first protocol it knows', async () => {
    const harness = await Harness.start();
    const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v9, moka.bin.v1, moka.json.v1');
    expect((await socket.next()).opcode).toBe(2);
    socket.close();
  });

  it('is refused while the box starts, and taken under pressure', async () => {
    const harness = await Harness.start();
    harness.lane.link.status.pressure = PRESSURE_FULL;
    (await harness.websocket(WS)).close();
    harness.lane.link.status.state = LANE_RECOVERING;
    const answer = await refusedUpgrade(harness, WS);
    expect([answer.status, answer.json['code'], answer.headers.get('retry-after')]).toEqual([
      503,
      'ERR_NOT_READY',
      '2',
    ]);
  });
});

describe('draining', () => {
  it('answers what was taken, refuses what is new, and closes when nothing is owed', async () => {
    const harness = await Harness.start();
    const idle = await harness.websocket(WS);
    const busy = await harness.websocket(WS);
    harness.lane.isHeld = true;
    busy.sendText(`{"frame":1}${events(3)}`);
    const post = harness.post('/v1/streams/orders', '{"key":"a"}');
    await until(() => harness.intake.outstanding === 2);
    harness.intake.stopAccepting();
    expect(await fault(idle)).toEqual(['ERR_DRAINING', 1001]);
    busy.sendText(`{"frame":2}${events(3)}`);
    const refused = await harness.post('/v1/streams/orders', '{"key":"a"}');
    expect([refused.status, refused.json['code'], refused.headers.get('connection')]).toEqual([
      503,
      'ERR_DRAINING',
      'close',
    ]);
    harness.lane.isHeld = false;
    harness.wake();
    expect((await busy.nextJson())['frame']).toBe(1);
    expect(await fault(busy)).toEqual(['ERR_DRAINING', 1001]);
    const answer = await post;
    expect([answer.status, answer.headers.get('connection')]).toEqual([201, 'close']);
    expect(harness.lane.events).toHaveLength(4);
    expect(harness.intake.outstanding).toBe(0);
  });
});
