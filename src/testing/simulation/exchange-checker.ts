import { KeyedHash, partitionOf } from '../../base/hash.ts';
import {
  KIND_EVENT,
  KIND_MOVED,
  MOVED_LEVEL,
  MOVED_SOURCE,
  MOVED_WATERMARK,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_VALUE_LENGTH,
} from '../../record/layout.ts';
import { ValueCodec } from '../../store/value-codec.ts';
import { laneStoreId } from '../../worker/lane-stores.ts';
import type { Lane } from '../../worker/open-lane.ts';
import {
  type Arrivals,
  alsoSkipsFirst,
  exchangeTopology,
  failsAtFirst,
  failsAtOnce,
  firstKey,
  nextArrivals,
  secondKey,
  type Traveller,
} from './exchange-topology.ts';
import type { SimEvent } from './sim-topology.ts';
import type { Violations } from './violations.ts';

/** What one log says: what its events send on, by level and target, and what stands in its views. */
class LaneAccount {
  readonly sent = new Map<string, string[]>();
  readonly taken = new Map<string, string[]>();
  readonly first = new Map<string, Arrivals>();
  readonly second = new Map<string, Arrivals>();
  /** The last watermark that was told, by way. */
  readonly marks = new Map<string, number>();
}

/**
 * Goes over the logs of all lanes as the topology would and compares: what a lane has taken from another must be what that
 * one's log sends it, in that order, from the beginning and without a hole; at rest, all of it. Views must be the fold.
 */
export class ExchangeChecker {
  readonly #routing: KeyedHash;
  readonly #partitionCount: number;
  readonly #violations: Violations;
  readonly #codec = ValueCodec.selfDescribing();

  constructor(secret: Uint8Array, partitionCount: number, violations: Violations) {
    this.#routing = new KeyedHash(secret);
    this.#partitionCount = partitionCount;
    this.#violations = violations;
  }

  /** @param isAtRest nothing is on its way any more. @returns changes that moved between lanes */
  check(lanes: readonly Lane[], isAtRest: boolean): number {
    const accounts = lanes.map((lane, partition) => this.#account(lane, partition));
    let moved = 0;
    accounts.forEach((source, from) => {
      accounts.forEach((target, to) => {
        for (const level of [1, 2]) {
          const sent = source.sent.get(`${level}>${to}`) ?? [];
          const taken = target.taken.get(`${level}<${from}`) ?? [];
          moved += taken.length;
          const way = `level=${level} from=${from} to=${to} sent=${sent.length} taken=${taken.length}`;
          if (taken.some((one, index) => one !== sent[index])) this.#violations.add('taken is not what was sent', way);
          if (isAtRest && taken.length < sent.length) this.#violations.add('sent and never taken', way);
        }
      });
    });
    return moved;
  }

  /** Compares the views of a lane that rests, having processed what is durable and no more. */
  checkViews(lane: Lane, partition: number): void {
    const account = this.#account(lane, partition);
    this.#compareView(lane, partition, 'first', account.first);
    this.#compareView(lane, partition, 'second', account.second);
    this.#compareView(lane, partition, 'overtaken-first', NONE);
    this.#compareView(lane, partition, 'overtaken-second', NONE);
  }

  #account(lane: Lane, partition: number): LaneAccount {
    const account = new LaneAccount();
    lane.log.replay(0, (block) => {
      let position = block.start;
      for (let i = 0; i < block.recordCount; i++) {
        const offset = block.firstOffset + i;
        const start = position + RECORD_HEADER_BYTES;
        const end = start + (block.u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number);
        if (offset <= lane.log.durableThrough) {
          const kind = block.u8[position + RECORD_KIND];
          if (kind === KIND_EVENT) {
            const event = JSON.parse(block.u8.toString('utf8', start, end)) as SimEvent;
            if (!failsAtOnce(event.delta)) {
              const traveller = { from: `${partition}:${offset}`, delta: event.delta, isLate: false };
              this.#send(account, partition, 1, traveller);
              if (alsoSkipsFirst(traveller)) this.#send(account, partition, 2, traveller);
            }
          } else if (kind === KIND_MOVED && start === end) {
            this.#checkMark(account, block.u32, block.f64, position);
          } else if (kind === KIND_MOVED) {
            const [, traveller] = this.#codec.decode(block.u8, start, end) as [string, Traveller];
            const level = block.u32[(position + MOVED_LEVEL) >>> 2] as number;
            const source = block.u32[(position + MOVED_SOURCE) >>> 2] as number;
            append(account.taken, `${level}<${source}`, traveller.from);
            this.#arrive(account, partition, level, traveller);
          }
        }
        position += block.u32[(position + RECORD_LENGTH) >>> 2] as number;
      }
    });
    return account;
  }

  /** What a lane says of the time of another never falls. */
  #checkMark(account: LaneAccount, u32: Uint32Array, f64: Float64Array, position: number): void {
    const way = `${u32[(position + MOVED_LEVEL) >>> 2]}<${u32[(position + MOVED_SOURCE) >>> 2]}`;
    const watermark = f64[(position + MOVED_WATERMARK) >>> 3] as number;
    const before = account.marks.get(way) ?? Number.NEGATIVE_INFINITY;
    if (watermark < before) this.#violations.add('a watermark fell', `way=${way} from=${before} to=${watermark}`);
    account.marks.set(way, watermark);
  }

  #send(account: LaneAccount, partition: number, level: number, traveller: Traveller): void {
    this.#routing.hashString(level === 1 ? firstKey(traveller) : secondKey(traveller));
    const target = partitionOf(this.#routing.low, this.#routing.high, this.#partitionCount);
    if (target === partition) this.#arrive(account, partition, level, traveller);
    else append(account.sent, `${level}>${target}`, traveller.from);
  }

  #arrive(account: LaneAccount, partition: number, level: number, traveller: Traveller): void {
    if (level === 1) {
      if (failsAtFirst(traveller)) return;
      const key = firstKey(traveller);
      account.first.set(key, nextArrivals(account.first.get(key) ?? null, traveller));
      this.#send(account, partition, 2, traveller);
    } else {
      const key = secondKey(traveller);
      account.second.set(key, nextArrivals(account.second.get(key) ?? null, traveller));
    }
  }

  #compareView(lane: Lane, partition: number, name: string, expected: ReadonlyMap<string, Arrivals>): void {
    const view = exchangeTopology.views.find((one) => one.name === name) as { storeId: number; name: string };
    const store = lane.state.store(laneStoreId(view.storeId));
    for (const [key, row] of expected) {
      const found = JSON.stringify(sorted(store.get(key) as Arrivals | undefined));
      const wanted = JSON.stringify(sorted(row));
      if (found !== wanted) {
        const place = `partition=${partition} view=${view.name} key=${key}`;
        this.#violations.add('view differs from the fold over the log', `${place} found=${found} expected=${wanted}`);
      }
    }
    if (store.size !== expected.size) {
      this.#violations.add('row count differs', `partition=${partition} view=${view.name} found=${store.size}`);
    }
  }
}

const NONE: ReadonlyMap<string, Arrivals> = new Map();

function append(lists: Map<string, string[]>, name: string, value: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

function sorted(row: Arrivals | undefined): unknown {
  return row === undefined ? null : Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1));
}
