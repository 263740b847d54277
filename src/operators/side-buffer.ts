// data plane
import { EventLists } from './event-lists.ts';
import type { NodeClock } from './node-clock.ts';
import type { OperatorStore } from './operator.ts';
import { TimeSpans } from './time-spans.ts';

/**
 * The events of one side of a join, by key and time, for as long as events of the other side may come for them.
 *
 * An event is kept while the greatest time of *its own* side, or the watermark, is at most `retention` ahead of it; one that
 * comes later than that is not kept at all. What is kept no more is not found from that moment on; its rows go later, some
 * with each event.
 */
export class SideBuffer {
  readonly #store: OperatorStore;
  readonly #lists: EventLists;
  readonly #retention: number;
  readonly #spans: TimeSpans;
  readonly #clock: NodeClock | null;

  /**
   * @param reach difference in ms between the first and the last time that an event of the other side asks for
   * @param retention in ms
   * @param clock null: the side's own greatest time counts
   */
  constructor(store: OperatorStore, reach: number, retention: number, clock: NodeClock | null) {
    this.#store = store;
    this.#lists = new EventLists(store);
    this.#retention = retention;
    this.#clock = clock;
    // With twice the reach every other look-up needs one span only, and reads three times of what it asks for on average.
    this.#spans = new TimeSpans(store, 2 * reach, retention);
  }

  add(key: string, time: number, event: unknown): void {
    const store = this.#store;
    let latest = store.readRegister(LATEST);
    if (time > latest) {
      latest = time;
      store.writeRegister(LATEST, time);
    }
    const clock = this.#clock;
    const reached = clock === null ? latest : clock.watermark;
    if (time < reached - this.#retention) return;
    const spans = this.#spans;
    this.#lists.append(spans.rowKey(spans.of(time), key), time, event);
    if (reached !== NEVER) spans.sweep(reached);
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
    const clock = this.#clock;
    const oldest = (clock === null ? latest : clock.watermark) - this.#retention;
    const first = from > oldest ? from : oldest;
    const last = to < latest ? to : latest;
    if (first > last) return;
    const spans = this.#spans;
    for (let span = spans.of(first); span <= last; span += spans.size) {
      this.#lists.collect(spans.rowKey(span, key), first, last, times, events);
    }
    for (let i = 1; i < times.length; i++) {
      if ((times[i] as number) >= (times[i - 1] as number)) continue;
      sortByTime(times, events);
      return;
    }
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

/** Register of the store: the greatest time of an event that was to be kept. */
const LATEST = 0;
const NEVER = Number.NEGATIVE_INFINITY;
