import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/base/hash.ts';
import { IDENTITY_PRODUCER, identityOf } from '../../src/record/identity.ts';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { Harness, type HarnessOptions, IDENTITY_SECRET, until } from './harness.ts';

const WS = '/v1/streams/orders/ws?producer=till-3';

function events(count: number): string {
  return '\n{"key":"a"}'.repeat(count);
}

function known(epoch: number, lastSequence: number): HarnessOptions {
  return { producerState: () => Promise.resolve({ epoch, lastSequence }) };
}

async function connect(harness: Harness): Promise<[RawWebSocket, Record<string, unknown>]> {
  const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
  return [socket, await socket.nextJson()];
}

async function fault(socket: RawWebSocket): Promise<[unknown, number]> {
  return [(await socket.nextJson())['code'], await socket.closed()];
}

describe('a producer', () => {
  it('learns its last sequence, and its events carry name, epoch and number', async () => {
    const harness = await Harness.start(known(4, 99));
    const [socket, hello] = await connect(harness);
    expect(hello).toMatchObject({ producer: 'till-3', epoch: 4, lastSeq: 99 });
    socket.sendText(`{"frame":1,"seq":100}${events(2)}`);
    await socket.next();
    const hash = new KeyedHash(IDENTITY_SECRET);
    identityOf(hash, 0, 0, 0, IDENTITY_PRODUCER, 'till-3');
    expect(harness.lane.events.map(({ header }) => header)).toMatchObject([
      { producerLow: hash.low, producerHigh: hash.high, producerEpoch: 4, producerSequence: 100 },
      { producerSequence: 101 },
    ]);
    socket.close();
  });

  it('may resend what was not answered, and is refused a gap', async () => {
    const harness = await Harness.start(known(1, 99));
    const [socket] = await connect(harness);
    socket.sendText(`{"frame":1,"seq":90}${events(10)}`);
    expect(await socket.nextJson()).toMatchObject({ frame: 1 });
    socket.sendText(`{"frame":2,"seq":100}${events(1)}`);
    expect(await socket.nextJson()).toMatchObject({ frame: 2 });
    socket.sendText(`{"frame":3,"seq":102}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_PRODUCER_GAP', 1008]);
    const [late] = await connect(await Harness.start(known(1, 99)));
    late.sendText(`{"frame":1,"seq":101}${events(1)}`);
    expect(await fault(late)).toEqual(['ERR_PRODUCER_GAP', 1008]);
  });

  it('that nobody knows begins anywhere', async () => {
    const harness = await Harness.start();
    const [socket, hello] = await connect(harness);
    expect(hello['lastSeq']).toBe(-1);
    socket.sendText(`{"frame":1,"seq":5000}${events(1)}`);
    expect(await socket.nextJson()).toMatchObject({ accepted: 1 });
    socket.close();
  });

  it('goes back within a connection in no case', async () => {
    const harness = await Harness.start();
    const [socket] = await connect(harness);
    socket.sendText(`{"frame":1,"seq":0}${events(5)}`);
    await socket.next();
    socket.sendText(`{"frame":2,"seq":4}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_PRODUCER_GAP', 1008]);
  });

  it('needs a sequence in every frame', async () => {
    const harness = await Harness.start();
    const [socket] = await connect(harness);
    socket.sendText(`{"frame":1}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_FRAME_INVALID', 1007]);
  });

  it('is fenced by a newer connection of its name, and what waits of it never counts', async () => {
    const harness = await Harness.start(known(2, -1));
    const [older] = await connect(harness);
    harness.lane.isHeld = true;
    older.sendText(`{"frame":1,"seq":0}${events(3)}`);
    await until(() => harness.intake.outstanding === 1);
    harness.lane.link.status.pressure = 2;
    older.sendText(`{"frame":2,"seq":3}${events(3)}`);
    await until(() => harness.intake.stagedCount === 1);
    const [newer, hello] = await connect(harness);
    expect(await fault(older)).toEqual(['ERR_PRODUCER_FENCED', 1008]);
    expect(hello).toMatchObject({ epoch: 3, lastSeq: 2 });
    harness.lane.isHeld = false;
    harness.lane.link.status.pressure = 0;
    harness.wake();
    newer.sendText(`{"frame":1,"seq":3}${events(1)}`);
    expect(await newer.nextJson()).toMatchObject({ accepted: 1 });
    expect(harness.lane.events.map(({ header }) => [header.producerEpoch, header.producerSequence])).toEqual([
      [2, 0],
      [2, 1],
      [2, 2],
      [3, 3],
    ]);
    newer.close();
  });

  it('that comes again while its frames are in flight goes on behind them', async () => {
    const harness = await Harness.start();
    const [first] = await connect(harness);
    harness.lane.isHeld = true;
    first.sendText(`{"frame":1,"seq":0}${events(3)}`);
    await until(() => harness.intake.outstanding === 1);
    first.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const [second, hello] = await connect(harness);
    expect(hello).toMatchObject({ epoch: 1, lastSeq: 2 });
    second.close();
  });

  it('that sends before its hello has nothing to spend', async () => {
    const harness = await Harness.start({ producerState: () => new Promise(() => {}) });
    const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
    socket.sendText(`{"frame":1,"seq":0}${events(1)}`);
    expect(await fault(socket)).toEqual(['ERR_CREDIT_EXCEEDED', 1008]);
  });

  it('is told when its state cannot be learned', async () => {
    const harness = await Harness.start({ producerState: () => Promise.reject(new Error('lane stopped')) });
    const socket = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
    expect(await fault(socket)).toEqual(['ERR_NOT_READY', 1008]);
  });

  it('whose state could not be learned once is asked for again, and may speak', async () => {
    let lookups = 0;
    const harness = await Harness.start({
      producerState: () => {
        lookups += 1;
        return lookups === 1
          ? Promise.reject(new Error('lane is late'))
          : Promise.resolve({ epoch: 2, lastSequence: 6 });
      },
    });
    const refused = await RawWebSocket.connect(harness.port, WS, 'moka.json.v1');
    expect(await fault(refused)).toEqual(['ERR_NOT_READY', 1008]);
    const [socket, hello] = await connect(harness);
    expect(hello).toMatchObject({ producer: 'till-3', epoch: 2, lastSeq: 6 });
    socket.sendText(`{"frame":1,"seq":7}${events(1)}`);
    expect(await socket.nextJson()).toMatchObject({ accepted: 1 });
    expect(lookups).toBe(2);
    socket.close();
  });
});
