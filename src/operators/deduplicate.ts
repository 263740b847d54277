// data plane
import type { ExpiringRows } from './expiring-rows.ts';
import { NO_KEY, type Operator, type OperatorStore, type TimedOperator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/** Which event of a key is its row. */
export interface DeduplicateRule {
  readonly keepsLast: boolean;
  /** By event time: the earliest or the latest, whenever it comes. Else by arrival. */
  readonly byTime: boolean;
}

/**
 * Keeps one event per key as its row. Of several events of the same time the first is kept that came, or the last. An event
 * that does not become the row changes nothing. A row may expire: it is deleted so long after it was written, by log time.
 */
export class DeduplicateOperator implements Operator, TimedOperator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #rule: DeduplicateRule;
  /** When rows expire, under their keys; null: never. */
  readonly #expiry: ExpiringRows | null;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    rule: DeduplicateRule,
    expiry: ExpiringRows | null,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#rule = rule;
    this.#expiry = expiry;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const store = this.#store;
    const expiry = this.#expiry;
    if (expiry !== null) this.#expireIfOver(key, expiry);
    const current = store.get(key);
    if (current !== undefined && !this.#isReplaced(store.time, time)) return;
    const context = this.#context;
    context.running = this.#name;
    store.put(key, event, time);
    expiry?.put(key, true, context.logTime);
    context.running = '';
    this.#output.push(key, event, current, time);
  }

  readonly nextEventTime = Number.POSITIVE_INFINITY;

  get nextLogTime(): number {
    return this.#expiry?.next ?? Number.POSITIVE_INFINITY;
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    const expired = this.#expiry?.takeExpired(now) ?? null;
    if (expired !== null) this.#tellExpired(expired.row, expired.time);
  }

  dropEventTime(): string {
    return NO_KEY;
  }

  /** What follows would not hear of it: the row goes all the same. */
  dropLogTime(): string {
    const expired = this.#expiry?.takeExpired(this.#context.logTime) ?? null;
    if (expired === null) return NO_KEY;
    this.#store.delete(expired.row);
    return expired.row;
  }

  /** A row whose time is up may still stand there: rows go a hundredth of their time late, and so many at once. */
  #expireIfOver(key: string, expiry: ExpiringRows): void {
    const { logTime } = this.#context;
    const expiresAt = expiry.expiresAt(key);
    if (expiresAt > logTime || expiresAt === Number.NEGATIVE_INFINITY) return;
    expiry.delete(key, logTime);
    this.#tellExpired(key, expiresAt);
  }

  #tellExpired(key: string, time: number): void {
    const context = this.#context;
    const row = this.#store.get(key);
    this.#store.delete(key);
    const before = context.key;
    context.key = key;
    this.#output.push(key, undefined, row, time);
    context.key = before;
  }

  #isReplaced(currentTime: number, time: number): boolean {
    const { keepsLast, byTime } = this.#rule;
    if (!byTime) return keepsLast;
    return keepsLast ? time >= currentTime : time < currentTime;
  }
}
