import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { EMPTY, SpscRing } from '../../src/ring/spsc-ring.ts';

/**
 * One side of the stress test, in a thread of its own. Message `n` is a function of the seed and n alone, so that the
 * consumer can tell any byte that is lost, doubled, moved or seen before it was written.
 */
export interface StressOptions {
  side: 'producer' | 'consumer';
  ring: SharedArrayBuffer;
  /** Of the consumer, of the producer. */
  bells: [SharedArrayBuffer, SharedArrayBuffer];
  messageCount: number;
  seed: number;
  maxMessageLength: number;
}

const options = workerData as StressOptions;
const ring = new SpscRing(options.ring);
const consumerBell = new Doorbell(options.bells[0]);
const producerBell = new Doorbell(options.bells[1]);
// Parking does not keep a thread alive.
const keepAlive = setInterval(() => {}, 1000);

if (options.side === 'producer') await produce();
else await consume();
clearInterval(keepAlive);

async function produce(): Promise<void> {
  let random = options.seed;
  let n = 0;
  while (n < options.messageCount) {
    random = next(random);
    const batch = 1 + (random & 63);
    for (let i = 0; i < batch && n < options.messageCount; i++, n++) {
      const length = lengthOf(n);
      const at = ring.tryClaim(length);
      if (at < 0) {
        ring.publish();
        consumerBell.ring();
        await producerBell.park(() => ring.freeBytes() >= length + 8 + ring.capacity / 2);
        i--;
        n--;
        continue;
      }
      for (let k = 0; k < length; k++) ring.u8[at + k] = byteOf(n, k);
      ring.commit(length);
    }
    ring.publish();
    consumerBell.ring();
  }
}

async function consume(): Promise<void> {
  let random = options.seed ^ 0x55555555;
  let n = 0;
  while (n < options.messageCount) {
    random = next(random);
    const batch = 1 + (random & 63);
    for (let i = 0; i < batch; i++) {
      const at = ring.poll();
      if (at === EMPTY) break;
      check(n, at);
      ring.release();
      n++;
    }
    ring.acknowledge();
    producerBell.ring();
    if (n < options.messageCount && ring.isEmpty()) await consumerBell.park(() => !ring.isEmpty());
  }
  if (!ring.isEmpty()) throw new Error('more messages than were sent');
}

function check(n: number, at: number): void {
  if (ring.polledLength !== lengthOf(n)) throw new Error(`message=${n} length=${ring.polledLength} not ${lengthOf(n)}`);
  for (let k = 0; k < ring.polledLength; k++) {
    if (ring.u8[at + k] !== byteOf(n, k)) throw new Error(`message=${n} byte=${k} value=${ring.u8[at + k]}`);
  }
}

function lengthOf(n: number): number {
  return next(n ^ options.seed) % (options.maxMessageLength + 1);
}

function byteOf(n: number, k: number): number {
  return (Math.imul(n, 31) + k) & 0xff;
}

/** xorshift32, unsigned. */
function next(state: number): number {
  let x = (state | 0) === 0 ? 1 : state | 0;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
}
