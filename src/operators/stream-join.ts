// data plane
import type { LateEvents } from './late-events.ts';
import type { NodeClock } from './node-clock.ts';
import { NO_KEY, type Operator, type OperatorStore, type Release } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { SideBuffer } from './side-buffer.ts';
import { LEFT, RIGHT, type Side, UnmatchedEvents } from './unmatched-events.ts';
import { isThenable, refuseResult } from './user-result.ts';
import type { ClosingWindows } from './window-time.ts';

/** `null` stands for the side that has no event. */
export type StreamJoiner = (left: unknown, right: unknown, context: Context) => unknown;

/** Which events of two streams belong together, and which of them are passed on alone. */
export interface StreamJoinRule {
  /** An event of the right matches if it is at most so many ms before that of the left. May be negative. */
  readonly beforeMs: number;
  /** And at most so many ms after it. May be negative; the sum of both is not. */
  readonly afterMs: number;
  /** How much later than that an event may come and still be waited for. */
  readonly graceMs: number;
  /** Whether an event of the left that nothing matches is passed on alone. */
  readonly keepsLeft: boolean;
  readonly keepsRight: boolean;
}

export interface StreamJoinStores {
  readonly left: OperatorStore;
  readonly right: OperatorStore;
  /** For a join that keeps a side. */
  readonly unmatched: OperatorStore | null;
}

export interface StreamJoinSite {
  readonly name: string;
  readonly context: OperatorContext;
  readonly stores: StreamJoinStores;
  readonly rule: StreamJoinRule;
  readonly joiner: StreamJoiner;
  /** The watermark of both streams; null if they have none. */
  readonly clock: NodeClock | null;
  readonly late: LateEvents;
  readonly output: Operator;
  readonly release: Release;
}

/**
 * Joins the events of two streams that have the same key and lie close enough in time. A pair is passed on when its second
 * event comes, under the later of both times; the matches of one event by their time, then by arrival.
 *
 * Of a side that is kept, an event that nothing matched is passed on alone once the stream's time is past everything that
 * could match it, grace included. As in Kafka Streams (3.7) that is looked at when an event comes that is not behind the
 * stream's time, before its own matches; an event that is itself behind by more than its window, without grace, and finds
 * no match, is not waited for but passed on at once. An event without a key matches nothing; one without a value counts
 * for the stream's time only.
 *
 * Streams with watermarks go by these, as in Flink's interval join: an event from before the watermark, and the grace, is
 * late and matches nothing, and what nothing matched is passed on between events, in the order in which its time is up.
 */
export class StreamJoinOperator implements ClosingWindows {
  readonly left: Operator;
  readonly right: Operator;
  readonly #site: StreamJoinSite;
  readonly #unmatched: UnmatchedEvents | null;
  // The matches of the event at hand.
  readonly #times: number[] = [];
  readonly #events: unknown[] = [];

  constructor(site: StreamJoinSite) {
    this.#site = site;
    const { stores, rule, clock } = site;
    const { beforeMs, afterMs, graceMs } = rule;
    const reach = beforeMs + afterMs;
    // Both bounds, for an event may come late on either side; with a negative one, what the other asks for.
    const retention = Math.max(beforeMs, 0) + Math.max(afterMs, 0) + graceMs;
    const left = new SideBuffer(stores.left, reach, retention, clock);
    const right = new SideBuffer(stores.right, reach, retention, clock);
    const { unmatched } = stores;
    this.#unmatched = unmatched === null ? null : new UnmatchedEvents(unmatched, afterMs + graceMs, beforeMs + graceMs);
    const { keepsLeft, keepsRight } = rule;
    this.left = new JoinSide(this, LEFT, left, right, beforeMs, afterMs, keepsLeft, keepsRight);
    this.right = new JoinSide(this, RIGHT, right, left, afterMs, beforeMs, keepsRight, keepsLeft);
  }

  /** One event, of the side that is given. */
  take(side: JoinSide, key: string, event: unknown, time: number): void {
    const { clock, context, name, rule } = this.#site;
    const reached = clock === null ? this.#advance(time) : clock.watermark;
    if (event === null) return;
    if (key === NO_KEY) {
      if (side.isKept) this.#emit(side.side, key, event, null, time);
      return;
    }
    if (clock === null) {
      if (time === reached) this.#emitClosed(reached);
    } else if (time < reached - rule.graceMs) {
      const lateBy = reached - rule.graceMs - time;
      this.#site.late.tell(key, event, time - side.beforeMs, time + side.afterMs, lateBy, time);
      return;
    }
    context.running = name;
    side.own.add(key, time, event);
    context.running = '';
    const times = this.#times;
    const events = this.#events;
    side.other.find(key, time - side.beforeMs, time + side.afterMs, times, events);
    if (times.length > 0) {
      if (side.isOtherKept) this.#noteMatches(side.side === LEFT ? RIGHT : LEFT, key);
      for (let i = 0; i < times.length; i++) {
        const otherTime = times[i] as number;
        // Not Math.max: its result would be a new number on the heap for every event.
        this.#emit(side.side, key, event, events[i], otherTime > time ? otherTime : time);
      }
      times.length = 0;
      events.length = 0;
    } else if (side.isKept) {
      const over = time + side.afterMs + (clock === null ? 0 : rule.graceMs);
      if (over < reached) this.#emit(side.side, key, event, null, time);
      else (this.#unmatched as UnmatchedEvents).add(side.side, key, time, event);
    }
  }

  /** For streams with watermarks: when the watermark is past what can match an event that nothing has matched. */
  get nextClose(): number {
    const unmatched = this.#unmatched;
    return unmatched === null ? Number.POSITIVE_INFINITY : unmatched.firstDue + 2;
  }

  closeNext(isTold: boolean): string {
    const unmatched = this.#unmatched as UnmatchedEvents;
    const time = unmatched.firstDue + 1;
    if (isTold) this.#emitClosed(time);
    else {
      unmatched.start(time);
      while (unmatched.takeClosed());
    }
    return unmatched.key;
  }

  /** @returns the stream's time: the greatest that either side has shown, now included */
  #advance(time: number): number {
    const clock = this.#site.stores.left;
    const before = clock.readRegister(STREAM_TIME);
    if (time <= before) return before;
    clock.writeRegister(STREAM_TIME, time);
    return time;
  }

  #emitClosed(streamTime: number): void {
    const unmatched = this.#unmatched;
    if (unmatched === null || streamTime <= unmatched.firstDue) return;
    unmatched.start(streamTime);
    while (unmatched.takeClosed()) {
      const { side, key, time, events } = unmatched;
      for (let i = 0; i < events.length; i++) {
        const event = events[i];
        // Another key's: if the joiner fails, this event is none of its business.
        this.#site.release(key, key, time, () => this.#emit(side, key, event, null, time));
      }
    }
  }

  #noteMatches(side: Side, key: string): void {
    const unmatched = this.#unmatched as UnmatchedEvents;
    const times = this.#times;
    for (let i = 0; i < times.length; i++) {
      // By time, so the same times stand together.
      if (i === 0 || times[i] !== times[i - 1]) unmatched.remove(side, key, times[i] as number);
    }
  }

  /** @param other the event of the other side, or null */
  #emit(side: Side, key: string, event: unknown, other: unknown, time: number): void {
    const { name, context, joiner, output } = this.#site;
    const before = context.rowKey;
    context.rowKey = key;
    context.enter(name, time);
    const joined = side === LEFT ? joiner(event, other, context) : joiner(other, event, context);
    if (joined === undefined || isThenable(joined)) refuseResult(name, joined, 'a value, or null for none');
    context.running = '';
    output.push(key, joined, undefined, time);
    context.rowKey = before;
  }
}

/** Where one of the two streams flows in. */
class JoinSide implements Operator {
  readonly side: Side;
  readonly own: SideBuffer;
  readonly other: SideBuffer;
  /** An event of the other side matches if it is at most so many ms before one of this side. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly isKept: boolean;
  readonly isOtherKept: boolean;
  readonly #join: StreamJoinOperator;

  constructor(
    join: StreamJoinOperator,
    side: Side,
    own: SideBuffer,
    other: SideBuffer,
    beforeMs: number,
    afterMs: number,
    isKept: boolean,
    isOtherKept: boolean,
  ) {
    this.#join = join;
    this.side = side;
    this.own = own;
    this.other = other;
    this.beforeMs = beforeMs;
    this.afterMs = afterMs;
    this.isKept = isKept;
    this.isOtherKept = isOtherKept;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    this.#join.take(this, key, event, time);
  }
}

/** Register of the left side's store; the others are its buffer's. That of the right counts late events. */
const STREAM_TIME = 3;
