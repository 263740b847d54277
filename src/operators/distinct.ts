// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { TimeSpans } from './time-spans.ts';
import { refuseResult } from './user-result.ts';

/** What tells the events of a key apart; `null`: nothing does, the event is no repetition of another. */
export type DistinctBy = (event: unknown, context: Context) => unknown;

/**
 * Drops an event whose key (and identity) was passed on before, if both lie at most `within` ms apart, whichever is
 * earlier. Only what was passed on counts: a train of repetitions does not hold back the next event for ever. Time is the
 * greatest that was seen; what lies further behind it than `within` is remembered no more, and passes. After KIP-655 of
 * Kafka Streams, a draft.
 */
export class DistinctOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #within: number;
  readonly #by: DistinctBy | null;
  readonly #output: Operator;
  readonly #spans: TimeSpans;

  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    withinMs: number,
    by: DistinctBy | null,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#within = withinMs;
    this.#by = by;
    this.#output = output;
    this.#spans = new TimeSpans(store, 2 * withinMs, withinMs);
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const store = this.#store;
    const streamTime = this.#advance(time);
    const identity = key === NO_KEY ? null : this.#identityOf(key, event, time);
    if (identity !== null) {
      if (this.#isKnown(identity, time, streamTime)) return;
      // What has come too late for itself would be forgotten at once.
      if (time >= streamTime - this.#within) {
        const spans = this.#spans;
        store.put(spans.rowKey(spans.of(time), identity), time);
        spans.sweep(streamTime);
      }
    }
    this.#output.push(key, event, undefined, time);
  }

  #advance(time: number): number {
    const seen = this.#store.readRegister(STREAM_TIME);
    if (time <= seen) return seen;
    this.#store.writeRegister(STREAM_TIME, time);
    return time;
  }

  /** Of the times that an identity was passed on at, one is remembered at most: two would be within each other's reach. */
  #isKnown(identity: string, time: number, streamTime: number): boolean {
    const spans = this.#spans;
    const within = this.#within;
    const first = streamTime - within;
    const last = time + within < streamTime ? time + within : streamTime;
    for (let span = spans.of(first); span <= last; span += spans.size) {
      const passed = this.#store.get(spans.rowKey(span, identity)) as number | undefined;
      if (passed !== undefined && passed >= first && passed <= last) return true;
    }
    return false;
  }

  /** @returns null if the event has none */
  #identityOf(key: string, event: unknown, time: number): string | null {
    if (this.#by === null) return key;
    if (event === null) return null;
    const context = this.#context;
    context.enter(this.#name, time);
    const selected = this.#by(event, context);
    if (selected === null) {
      context.running = '';
      return null;
    }
    const text = typeof selected === 'number' && Number.isSafeInteger(selected) ? String(selected) : selected;
    if (typeof text !== 'string') {
      refuseResult(this.#name, selected, 'an identity: a string, a whole number, or null for none');
    }
    // A UTF-16 unit takes at most three bytes of UTF-8, so short texts need no counting.
    if (text.length * 3 > MAX_IDENTITY_BYTES && Buffer.byteLength(text) > MAX_IDENTITY_BYTES) {
      throw new OperatorError(this.#name, `identity bytes=${Buffer.byteLength(text)} max=${MAX_IDENTITY_BYTES}`);
    }
    if (!text.isWellFormed()) throw new OperatorError(this.#name, 'identity holds half a surrogate pair');
    context.running = '';
    // No key has two zero characters next to each other, so that no two pairs meet.
    return `${key}\u0000\u0000${text}`;
  }
}

/** Register of the store; the others are its spans'. */
const STREAM_TIME = 0;
/** With the key, its window and a time it is the key of a row, which has an end too. */
const MAX_IDENTITY_BYTES = 256;
