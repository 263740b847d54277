import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { head, RawHttpClient } from '../http/raw-http-client.ts';
import { frame, OPCODE_TEXT, RawWebSocket } from '../http/raw-websocket.ts';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { compare, httpClient, Journal, type LoadTarget, NOTHING_WRONG } from './support/load.ts';
import { hasProc, residentMib } from './support/proc.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order, orderIds } from './support/shop.ts';

/** Who does not read what is sent to him is let go in the end, and costs the others nothing but a bounded buffer. */
const data = freshPath();
const GROWTH_MIB_MAX = 128;
const journal = new Journal();
let engine: EngineProcess;
let memoryBefore = 0;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, partitions: 1 });
  memoryBefore = hasProc ? residentMib(engine.pid) : 0;
});

afterAll(() => engine.kill());

function target(): LoadTarget {
  return { port: engine.port, path: ORDERS, event: (id) => JSON.stringify(order(id)) };
}

describe('a reader that stands still', () => {
  it('of its acks is closed, and what it sent is taken or not, each event once', async () => {
    const { socket } = await connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL);
    socket.http.socket.pause();
    // Refusals make long acks of short events.
    const refused = new Array<string>(12).fill('[1]');
    for (let n = 1; n <= 4000 && !socket.isClosed; n++) {
      const id = `still-${n}`;
      journal.sent.add(id);
      const text = jsonFrame({ frame: n }, [order(id), ...refused]);
      if (!socket.http.socket.write(frame(OPCODE_TEXT, text))) await Promise.race([drained(socket), sleep(200)]);
    }
    while ((await engine.metric('moka_websocket_connections')) !== 0) await sleep(10);
    socket.close();
  });

  it('of a stream of changes holds up nobody', async () => {
    const stream = await RawHttpClient.open(engine.port);
    stream.send(head('GET', '/v1/views/orders/changes'));
    await stream.until('event: ready');
    stream.socket.pause();
    const watcher = await RawWebSocket.connect(engine.port, '/v1/views/orders/ws');
    watcher.http.socket.pause();
    await Promise.all([0, 1, 2, 3].map((n) => httpClient(target(), `busy-${n}`, 1000, journal)));
    expect(journal.complaints).toEqual([]);
    stream.close();
    watcher.close();
  });

  it('costs a bounded amount of memory', () => {
    if (hasProc) expect(residentMib(engine.pid) - memoryBefore).toBeLessThan(GROWTH_MIB_MAX);
  });

  it('loses nothing that was acknowledged', async () => {
    expect((await engine.stop()).code).toBe(0);
    expect(compare(journal, orderIds(data))).toEqual(NOTHING_WRONG);
  });
});

function drained(socket: RawWebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.http.socket.once('drain', resolve));
}
