// data plane
import { EventLists } from './event-lists.ts';
import type { OperatorStore } from './operator.ts';
import { timeText } from './window-key.ts';

/**
 * The events of one side of a join, by key and time, for as long as events of the other side may come for them.
 *
 * An event is kept while the greatest time of *its own* side is at most `retention` ahead of it; one that comes later than
 * that is not kept at all. What is kept no more is not found from that moment on; its rows go later, some with each event.
 *
 * The rows of a key are parted into spans of time, `<start of the span><key>`. So one event touches few of them, however
 * many the key has, and a range of the store is a range of time.
 */
export class SideBuffer {
  readonly #store: OperatorStore;
  readonly #lists: EventLists;
  readonly #retention: number;
  readonly #spanSize: number;
  readonly #sweepEvery: number;

  /**
   * @param reach difference in ms between the first and the last time that an event of the other side asks for
   * @param retention in ms
   */
  constructor(store: OperatorStore, reach: number, retention: number) {
    this.#store = store;
    this.#lists = new EventLists(store);
    this.#retention = retention;
    // With twice the reach every other look-up needs one span only, and reads three times of what it asks for on average.
    this.#spanSize = Math.max(2 * reach, 1);
    this.#sweepEvery = Math.max(this.#spanSize, Math.ceil(retention / SWEEPS_PER_RETENTION));
  }

  add(key: string, time: number, event: unknown): void {
    const store = this.#store;
    let latest = store.readRegister(LATEST);
    if (time > latest) {
      latest = time;
      store.writeRegister(LATEST, time);
    } else if (time < latest - this.#retention) return;
    this.#lists.append(this.#rowKey(this.#spanOf(time), key), time, event);
    if (latest >= store.readRegister(NEXT_SWEEP)) this.#sweep(latest);
  }

  /**
   * The key's events from `from` to `to` ms, both included, by time and then by arrival.
   *
   * @param times emptied, then filled; so is `events`
   */
  find(key: string, from: number, to: number, times: number[], events: unknown[]): void {
    times.length = 0;
    events.length = 0;
    const latest = this.#store.readRegister(LATEST);
    if (latest === NEVER) return;
    const oldest = latest - this.#retention;
    const first = from > oldest ? from : oldest;
    const last = to < latest ? to : latest;
    if (first > last) return;
    for (let span = this.#spanOf(first); span <= last; span += this.#spanSize) {
      this.#lists.collect(this.#rowKey(span, key), first, last, times, events);
    }
    for (let i = 1; i < times.length; i++) {
      if ((times[i] as number) >= (times[i - 1] as number)) continue;
      sortByTime(times, events);
      return;
    }
  }

  #spanOf(time: number): number {
    return Math.floor(time / this.#spanSize) * this.#spanSize;
  }

  #rowKey(span: number, key: string): string {
    return timeText(span) + key;
  }

  #sweep(latest: number): void {
    const store = this.#store;
    const end = timeText(this.#spanOf(latest - this.#retention));
    const rows = store.range('', end, ROWS_PER_SWEEP);
    for (let i = 0; i < rows.length; i++) store.delete((rows[i] as [string, unknown])[0]);
    store.writeRegister(NEXT_SWEEP, rows.length === ROWS_PER_SWEEP ? latest : latest + this.#sweepEvery);
  }
}

/** Out of order is the exception. */
function sortByTime(times: number[], events: unknown[]): void {
  const order = times.map((time, at) => ({ time, at, event: events[at] }));
  order.sort((a, b) => a.time - b.time || a.at - b.at);
  for (let i = 0; i < order.length; i++) {
    const { time, event } = order[i] as { time: number; event: unknown };
    times[i] = time;
    events[i] = event;
  }
}

// Registers of the store.
const LATEST = 0;
const NEXT_SWEEP = 1;
const NEVER = Number.NEGATIVE_INFINITY;

const SWEEPS_PER_RETENTION = 8;
/** Rows that go with one event. One event brings one row or two, so that this many are enough. */
const ROWS_PER_SWEEP = 64;
