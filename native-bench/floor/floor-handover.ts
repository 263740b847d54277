#!/usr/bin/env node
import uWebSockets from 'uWebSockets.js';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { EMPTY, INSUFFICIENT_CAPACITY, SpscRing } from '../../src/ring/spsc-ring.ts';

/**
 * The ceiling of the design: bare uWebSockets.js that hands each body to one worker thread over a ring and answers 201
 * when the worker hands its number back. The worker looks at nothing, keeps nothing and writes nothing. What the engine
 * does beyond this floor is its work; what this floor costs beyond `floor-uws` is two threads where one would do.
 *
 *   node .bench/build/native-bench/floor/floor-handover.js   prints {"event":"ready","url":…}
 */
const RING_BYTES = 4 * 1024 * 1024;
const CREATED = Buffer.from('201 Created\r\nContent-Type: application/json');
const ANSWER = Buffer.from(
  '{"partition":0,"offset":0,"epoch":1,"level":"durable","processed":false,"duplicate":false}',
);
const KEEP_ALIVE_MS = 1 << 30;

interface Shared {
  readonly intake: SharedArrayBuffer;
  readonly acks: SharedArrayBuffer;
  readonly workerBell: SharedArrayBuffer;
  readonly mainBell: SharedArrayBuffer;
}

if (isMainThread) serve();
else echo(workerData as Shared);

/** The worker: every message is answered by its slot. */
function echo(shared: Shared): void {
  const intake = new SpscRing(shared.intake);
  const acks = new SpscRing(shared.acks);
  const bell = new Doorbell(shared.workerBell);
  const mainBell = new Doorbell(shared.mainBell);
  setInterval(() => {}, KEEP_ALIVE_MS);
  const turn = (): void => {
    let count = 0;
    for (let index = intake.poll(); index !== EMPTY; index = intake.poll()) {
      const answer = acks.tryClaim(8);
      if (answer === INSUFFICIENT_CAPACITY) break;
      acks.u32[answer >>> 2] = intake.u32[index >>> 2] as number;
      acks.commit(8);
      intake.release();
      count += 1;
    }
    if (count > 0) {
      intake.acknowledge();
      acks.publish();
      mainBell.ring();
    }
    bell.sleep(
      () => !intake.isEmpty(),
      () => setImmediate(turn),
    );
  };
  turn();
}

function serve(): void {
  const shared: Shared = {
    intake: SpscRing.allocate(RING_BYTES),
    acks: SpscRing.allocate(RING_BYTES),
    workerBell: Doorbell.allocate(),
    mainBell: Doorbell.allocate(),
  };
  const intake = new SpscRing(shared.intake);
  const acks = new SpscRing(shared.acks);
  const workerBell = new Doorbell(shared.workerBell);
  const bell = new Doorbell(shared.mainBell);
  new Worker(new URL(import.meta.url), { workerData: shared });
  setInterval(() => {}, KEEP_ALIVE_MS);

  const waiting: (uWebSockets.HttpResponse | null)[] = [];
  const free: number[] = [];
  let answered: uWebSockets.HttpResponse;
  const answer = (): void => {
    answered.writeStatus(CREATED);
    answered.end(ANSWER);
  };
  const poll = (): boolean => {
    let hadAny = false;
    for (let index = acks.poll(); index !== EMPTY; index = acks.poll()) {
      const slot = acks.u32[index >>> 2] as number;
      const response = waiting[slot];
      free.push(slot);
      acks.release();
      hadAny = true;
      if (response === null || response === undefined) continue;
      answered = response;
      response.cork(answer);
    }
    if (hadAny) acks.acknowledge();
    return hadAny;
  };
  let isScheduled = false;
  const turn = (): void => {
    isScheduled = false;
    intake.publish();
    workerBell.ring();
    poll();
    if (!isScheduled) bell.sleep(poll, wake);
  };
  const wake = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(turn);
  };

  const app = uWebSockets.App();
  app.post('/v1/streams/orders', (response) => {
    const slot = free.pop() ?? waiting.length;
    waiting[slot] = response;
    response.onAborted(() => {
      waiting[slot] = null;
    });
    response.onData((chunk, isLast) => {
      if (!isLast) return;
      const index = intake.tryClaim(8 + chunk.byteLength);
      if (index === INSUFFICIENT_CAPACITY) throw new Error('ring full: more connections than it has room for');
      intake.u32[index >>> 2] = slot;
      intake.u8.set(new Uint8Array(chunk), index + 8);
      intake.commit(8 + chunk.byteLength);
      wake();
    });
  });
  app.listen('127.0.0.1', 0, 1, (listenSocket) => {
    if (listenSocket === false) throw new Error('no port');
    const port = uWebSockets.us_socket_local_port(listenSocket);
    console.log(JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}`, pid: process.pid }));
  });
}
