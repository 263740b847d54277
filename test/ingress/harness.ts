import { Type } from 'typebox';
import { afterEach } from 'vitest';
import type { HttpServer } from '../../src/http/server.ts';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { Intake } from '../../src/ingress/intake.ts';
import type { IntakeLimits } from '../../src/ingress/limits.ts';
import { type IntakeRouteOptions, registerIntake } from '../../src/ingress/routes.ts';
import type { StreamSpec } from '../../src/topology/compiled.ts';
import { type RawAnswer, request } from '../http/raw-http-client.ts';
import { RawWebSocket } from '../http/raw-websocket.ts';
import { FakeLane, type FakeLaneOptions } from './fake-lane.ts';

export const ROUTING_SECRET = Buffer.from('routing!');
export const IDENTITY_SECRET = Buffer.from('identity');

export interface HarnessOptions extends IntakeRouteOptions {
  partitions?: number;
  lane?: FakeLaneOptions;
  limits?: Partial<IntakeLimits>;
}

export function stream(id: number, name: string, changes: Partial<StreamSpec> = {}): StreamSpec {
  return {
    id,
    name,
    description: undefined,
    keyField: 'key',
    guarantee: 'exactly-once',
    durability: 'fsync',
    identities: [],
    eventTimeField: null,
    watermark: null,
    maxFutureSkewMs: 0,
    schema: Type.Object({ key: Type.String(), n: Type.Optional(Type.Integer()) }),
    check: () => true,
    errors: () => [],
    fields: ['key', 'n'],
    ...changes,
  };
}

export const STREAMS = [
  stream(0, 'orders'),
  stream(1, 'clicks', { guarantee: 'at-most-once' }),
  stream(2, 'notes', { durability: 'os' }),
];

/** The intake over real sockets, with lanes that live in this thread: a turn is publish, lanes, acks. */
export class Harness {
  readonly lanes: FakeLane[];
  readonly intake: Intake;
  readonly server: HttpServer;
  port = 0;
  #isScheduled = false;

  private constructor(options: HarnessOptions) {
    this.lanes = Array.from({ length: options.partitions ?? 1 }, (_, index) => new FakeLane(index, options.lane));
    this.intake = new Intake({
      streams: STREAMS,
      lanes: this.lanes.map((lane) => lane.link),
      routingSecret: ROUTING_SECRET,
      identitySecret: IDENTITY_SECRET,
      scheduleTurnEnd: () => this.wake(),
      random: () => 0,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    this.server = createUwsServer();
    registerIntake(this.server, this.intake, options);
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(options);
    harness.port = await harness.server.listen('127.0.0.1', 0);
    running.push(harness);
    return harness;
  }

  get lane(): FakeLane {
    return this.lanes[0] as FakeLane;
  }

  readonly wake = (): void => {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.turn();
    });
  };

  turn(): void {
    this.intake.publish();
    for (const lane of this.lanes) lane.turn();
    this.intake.pollAcks();
  }

  post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
    return request(this.port, 'POST', path, { 'Content-Type': 'application/json', ...headers }, body);
  }

  batch(path: string, lines: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
    return request(this.port, 'POST', path, { 'Content-Type': 'application/x-ndjson', ...headers }, lines);
  }

  /** A WebSocket whose hello has come. */
  async websocket(path: string, protocol = 'moka.json.v1'): Promise<RawWebSocket> {
    const socket = await RawWebSocket.connect(this.port, path, protocol);
    await socket.next();
    return socket;
  }

  stop(): void {
    this.intake.close();
    this.server.close();
  }
}

const running: Harness[] = [];

afterEach(() => {
  for (const harness of running.splice(0)) harness.stop();
});

/** Lets sockets and turns run until this holds; fails by the test's own time limit. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
