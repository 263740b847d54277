import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../load/random.ts';
import { PROJECT_DIRECTORY } from '../run/places.ts';
import { checkView, type ExpectedRows } from './check-view.ts';
import { ASKED_CENTS, type Order, type Payment, type Price, type Region } from './every-operator/events.ts';
import type { SentEvent, Violation } from './ledger.ts';
import type { DraftEvent, ReadView, Scenario } from './scenario.ts';

const CUSTOMERS = 60;
const SKUS = 40;
const SHOPS = 8;
/** Event time runs so much faster than the clock, so that windows of hours and days close within a run. */
const TIME_FACTOR = 1200;
const DAYS_BACK_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;
/** By producer: two HTTP producers have the streams that tables are made of, one and a WebSocket have the payments. */
const STREAMS = ['orders', 'prices', 'regions', 'payments', 'orders', 'payments', 'orders', 'orders'] as const;
/** What goes on in another partition follows its event within moments. */
const MOVED_MS_MAX = 15_000;
const MOVED_POLL_MS = 50;

/**
 * Every operator of the language at once. What a plain fold can say of its views is compared in every cycle; all the
 * rest, state, timers and windows included, by the replay at the end of the round.
 */
export class EveryOperatorScenario implements Scenario {
  readonly name = 'every-operator';
  readonly topology = join(PROJECT_DIRECTORY, 'native-bench/crash/every-operator/topology.ts');
  readonly movesKeys = true;
  readonly hasRecordCodec = false;
  readonly #now: () => number;
  #next = 0;
  #startedAt = 0;
  #baseTime = 0;

  /** @param now in ms; event time follows it, faster */
  constructor(now = (): number => Date.now()) {
    this.#now = now;
    this.reset();
  }

  streamOf(producerIndex: number): string {
    return STREAMS[producerIndex % STREAMS.length] as string;
  }

  draft(producerIndex: number, random: Random): DraftEvent {
    const stream = this.streamOf(producerIndex);
    const id = `${stream}-${this.#next}`;
    this.#next++;
    const value = this.#eventOf(stream, id, this.#eventTime(random), random);
    const key = value['customer'] ?? value['sku'] ?? value['shop'];
    return { key: `${producerIndex}/${key}`, value };
  }

  pack(): Uint8Array {
    throw new TypeError('its streams have no record codec');
  }

  hasNaturalIdentity(): boolean {
    return true;
  }

  reset(): void {
    this.#startedAt = this.#now();
    this.#baseTime = this.#startedAt - DAYS_BACK_MS;
  }

  async checkViews(inOrder: readonly SentEvent[], readView: ReadView): Promise<Violation[]> {
    const expected = foldEvents(inOrder);
    const until = performance.now() + MOVED_MS_MAX;
    for (;;) {
      const violations: Violation[] = [];
      for (const [view, rows] of expected) violations.push(...checkView(view, rows, await readView(view)));
      if (violations.length === 0 || performance.now() > until) return violations;
      await sleep(MOVED_POLL_MS);
    }
  }

  /** Mostly within a third of an hour, now and then hours late. */
  #eventTime(random: Random): number {
    const passedMs = Math.min(DAYS_BACK_MS, (this.#now() - this.#startedAt) * TIME_FACTOR);
    const backMs = random.next() * (random.next() < 0.02 ? 180 : 20) * MINUTE_MS;
    return Math.floor(this.#baseTime + passedMs - backMs);
  }

  #eventOf(stream: string, id: string, at: number, random: Random): Record<string, unknown> {
    const cents = random.between(0, 1000);
    const customer = `c-${random.between(0, CUSTOMERS)}`;
    const shop = `shop-${random.between(0, SHOPS)}`;
    const sku = `sku-${random.between(0, SKUS)}`;
    if (stream === 'payments') return { id, customer, cents, at } satisfies Payment;
    if (stream === 'prices') return { id, sku, cents, at } satisfies Price;
    if (stream === 'regions') return { id, shop, region: `region-${random.between(0, 3)}`, at } satisfies Region;
    const kind = pick(random, [0.7, 'placed'], [0.9, 'changed'], [1, 'cancelled']);
    const topic = pick(random, [0.3, 'folds'], [0.5, 'windows'], [0.75, 'joins'], [1, 'waits']);
    return { id, customer, kind, topic, sku, shop, cents, at } satisfies Order;
  }
}

/** @param choices each up to its share of all, the last up to 1 */
function pick<const Choice>(random: Random, ...choices: readonly (readonly [upTo: number, choice: Choice])[]): Choice {
  const drawn = random.next();
  return (choices.find(([upTo]) => drawn < upTo) as readonly [number, Choice])[1];
}

/** The views that a plain fold over the log can tell, those behind two moves to other keys among them. */
export function foldEvents(inOrder: readonly SentEvent[]): Map<string, ExpectedRows> {
  const views = {
    'orders-of': new Map<string, number>(),
    'sum-of': new Map<string, number>(),
    'least-of': new Map<string, number>(),
    'most-of': new Map<string, number>(),
    skus: new Map<string, { count: number; cents: number }>(),
    shops: new Map<string, number>(),
    regions: new Map<string, unknown>(),
    answers: new Map<string, { count: number; cents: number; trail: string }>(),
  };
  for (const { stream, value } of inOrder) {
    if (stream === 'regions') views.regions.set(value['shop'] as string, value);
    if (stream !== 'orders' || value['topic'] !== 'folds') continue;
    const { id, customer, cents, sku, shop } = value as unknown as Order;
    views['orders-of'].set(customer, (views['orders-of'].get(customer) ?? 0) + 1);
    views['sum-of'].set(customer, (views['sum-of'].get(customer) ?? 0) + cents);
    views['least-of'].set(customer, Math.min(views['least-of'].get(customer) ?? cents, cents));
    views['most-of'].set(customer, Math.max(views['most-of'].get(customer) ?? cents, cents));
    const total = views.skus.get(sku) ?? { count: 0, cents: 0 };
    views.skus.set(sku, { count: total.count + 1, cents: total.cents + cents });
    views.shops.set(shop, (views.shops.get(shop) ?? 0) + 1);
    if (cents % ASKED_CENTS !== 0) continue;
    // One more for the answer, two for the attempts at the one that is never given.
    const answers = views.answers.get(customer) ?? { count: 0, cents: 0, trail: '' };
    const trail = `${answers.trail} ${id}`.slice(-100);
    views.answers.set(customer, { count: answers.count + 1, cents: answers.cents + cents + 3, trail });
  }
  return new Map<string, ExpectedRows>(Object.entries(views));
}
