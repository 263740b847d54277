import { MessageChannel } from 'node:worker_threads';
import { KeyedHash, partitionOf } from '../../src/base/hash.ts';
import { portOf } from '../../src/query/message-port.ts';
import type { Question } from '../../src/query/protocol.ts';
import { QueryRouter } from '../../src/query/query-router.ts';
import type { ViewSpec } from '../../src/topology/compiled.ts';
import { FakeLane } from './fake-lane.ts';

const SECRET = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

/** `orders` lies where its keys hash to, `open-orders` anywhere. */
export const VIEWS: readonly ViewSpec[] = [
  {
    id: 0,
    name: 'orders',
    description: 'Orders by id',
    storeId: 0,
    isKeyedByPartitionKey: true,
    isOfWindows: false,
    hopLevel: 0,
    schema: null,
  },
  {
    id: 1,
    name: 'open-orders',
    description: undefined,
    storeId: 1,
    isKeyedByPartitionKey: false,
    isOfWindows: false,
    hopLevel: 0,
    schema: null,
  },
];

/** Fake lanes behind a router, with real message channels between. */
export class FakeShop {
  readonly lanes: FakeLane[] = [];
  readonly router: QueryRouter;
  /** Everything the router said to its lanes. */
  readonly questions: Question[] = [];
  /** Messages for a lane that is stuck stay here. */
  readonly stuck = new Set<number>();
  readonly #closers: (() => void)[] = [];
  readonly #hash = new KeyedHash(SECRET);

  constructor(partitions: number) {
    const ports = Array.from({ length: partitions }, (_, partition) => {
      const { port1, port2 } = new MessageChannel();
      const lane = new FakeLane(partition, (message) => port2.postMessage(message));
      port2.on('message', (message) => {
        this.questions.push(...(message as Question[]));
        if (this.stuck.has(partition)) return;
        lane.server.handle(message);
        this.run(lane);
      });
      this.lanes.push(lane);
      this.#closers.push(() => port1.close());
      return portOf(port1);
    });
    this.router = new QueryRouter({ views: VIEWS, lanes: ports, routingSecret: SECRET });
  }

  lane(partition: number): FakeLane {
    return this.lanes[partition] as FakeLane;
  }

  partitionOf(key: string): number {
    this.#hash.hashString(key);
    return partitionOf(this.#hash.low, this.#hash.high, this.lanes.length);
  }

  /** A durable event for the partition of the key. */
  commit(key: string, value: unknown): FakeLane {
    const lane = this.lane(this.partitionOf(key));
    lane.commit([[key, value]]);
    this.run(lane);
    return lane;
  }

  run(lane: FakeLane): void {
    while (lane.server.turn(100));
  }

  close(): void {
    this.router.close();
    for (const close of this.#closers) close();
  }
}

/** Until a promise or message had time to come through the ports. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  if (!isTrue()) throw new Error(`waited in vain: ${isTrue.toString()}`);
}
