import { describe, expect, it } from 'vitest';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { Harness, until } from './harness.ts';

const FRAMES = 150;

/** Sends as fast as its credit allows, and reads its acks. */
class HonestClient {
  readonly socket: RawWebSocket;
  readonly name: string;
  sentEvents = 0;
  ackedEvents = 0;
  #limit: { events: number; bytes: number };
  #sentBytes = 0;
  #frame = 0;

  constructor(socket: RawWebSocket, name: string, limit: { events: number; bytes: number }) {
    this.socket = socket;
    this.name = name;
    this.#limit = limit;
  }

  async run(random: (below: number) => number): Promise<void> {
    while (this.#frame < FRAMES || this.ackedEvents < this.sentEvents) {
      if (this.#frame < FRAMES && this.#send(1 + random(40), random(1000))) continue;
      const ack = await this.socket.nextJson();
      expect(ack).toMatchObject({ type: 'ack', rejected: [] });
      this.ackedEvents += ack['accepted'] as number;
      this.#limit = ack['limit'] as { events: number; bytes: number };
    }
  }

  /** What was sent since the beginning never passes the limit. */
  #send(events: number, padding: number): boolean {
    const lines = Array.from(
      { length: events },
      (_, n) => `\n{"key":"${this.name}-${n % 5}","n":${this.sentEvents + n},"x":"${'x'.repeat(padding)}"}`,
    );
    const text = `{"frame":${this.#frame}}${lines.join('')}`;
    if (this.sentEvents + events > this.#limit.events || this.#sentBytes + text.length > this.#limit.bytes)
      return false;
    this.#frame += 1;
    this.sentEvents += events;
    this.#sentBytes += text.length;
    this.socket.sendText(text);
    return true;
  }
}

describe('a client that honours its credit', () => {
  it('loses nothing and keeps its order, whatever the lanes do', async () => {
    const seed = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() % 2 ** 32);
    console.log(`MOKA_FUZZ_SEED=${seed}`);
    const random = randomFrom(seed);
    const harness = await Harness.start({
      partitions: 2,
      lane: { intakeBytes: 1024 * 1024 },
      limits: { stagingBytes: 8 * 1024 * 1024, creditEvents: 4000 },
    });
    let isRunning = true;
    let staged = 0;
    const disturb = setInterval(() => {
      for (const lane of harness.lanes) lane.isHeld = isRunning && random(40) !== 0;
      staged = Math.max(staged, harness.intake.stagedCount);
      harness.wake();
    }, 1);
    const clients: HonestClient[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const socket = await RawWebSocket.connect(harness.port, '/v1/streams/orders/ws', 'moka.json.v1');
      const limit = (await socket.nextJson())['limit'] as { events: number; bytes: number };
      clients.push(new HonestClient(socket, name, limit));
    }
    await Promise.all(clients.map((client) => client.run(random)));
    isRunning = false;
    clearInterval(disturb);
    await until(() => harness.intake.outstanding === 0);
    for (const { name, sentEvents, socket } of clients) {
      const numbers: number[] = [];
      const byKey = new Map<string, number>();
      for (const lane of harness.lanes) {
        for (const { value } of lane.events) {
          const event = JSON.parse(value.toString()) as { key: string; n: number };
          if (!event.key.startsWith(`${name}-`)) continue;
          numbers.push(event.n);
          expect(byKey.get(event.key) ?? -1).toBeLessThan(event.n);
          byKey.set(event.key, event.n);
        }
      }
      expect(numbers.sort((x, y) => x - y)).toEqual(Array.from({ length: sentEvents }, (_, n) => n));
      socket.close();
    }
    expect(staged, `seed=${seed}`).toBeGreaterThan(0);
  });
});

function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
