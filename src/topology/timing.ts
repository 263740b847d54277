// data plane
import type { NodeClock } from '../operators/node-clock.ts';
import type { EventContext, TimedOperator } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import type { SourceClock } from '../operators/source-clock.ts';
import { blame } from './blame.ts';
import type { Clocks } from './clocks.ts';
import type { PipelineTiming } from './compiled.ts';

/** An operator that time moves, and the clock of its node; null if it asks for log time only. */
export interface DrivenOperator {
  readonly number: number;
  readonly operator: TimedOperator;
  readonly clock: NodeClock | null;
  /** By how much the clock may stand behind those of the streams, in ms. */
  readonly lagMs: number;
}

/** One partition's clocks and the operators that they move, in the order of the topology. */
export class Timing implements PipelineTiming {
  readonly #position: EventContext;
  readonly #context: OperatorContext;
  readonly #driven: readonly DrivenOperator[];
  /** By stream number; null where nobody asks. */
  readonly #sources: readonly (SourceClock | null)[];
  readonly #clocks: Clocks;
  #fired: TimedOperator | null = null;
  #isFiredByLogTime = false;

  constructor(
    position: EventContext,
    context: OperatorContext,
    driven: readonly DrivenOperator[],
    sources: readonly (SourceClock | null)[],
    clocks: Clocks,
  ) {
    this.#position = position;
    this.#context = context;
    this.#driven = driven;
    this.#sources = sources;
    this.#clocks = clocks;
  }

  /** An event of this stream has been through. */
  observe(streamId: number, event: unknown, time: number): void {
    this.#begin();
    const source = this.#sources[streamId] as SourceClock | null;
    if (source === null) return;
    const context = this.#context;
    if (source.rule?.fromEvent != null) context.running = 'watermark';
    const hasMoved = source.observe(event, time, this.#position.logTime);
    context.running = '';
    if (hasMoved) this.#refresh();
  }

  /** A change of this time came from another partition and has been through. */
  observeMoved(hop: number, time: number): void {
    this.#begin();
    if (this.#clocks.hops[hop]?.arrivals?.observe(time) === true) this.#refresh();
  }

  /** An event that waited for the outside has gone on, or nowhere. */
  observeAnswer(): void {
    this.#refresh();
  }

  observeMark(hop: number, peer: number, watermark: number, isIdle: boolean): void {
    this.#begin();
    this.#clocks.hops[hop]?.peers[peer]?.say(watermark, isIdle);
    this.#refresh();
  }

  /** From its first event on, a partition knows for how long a stream has been silent. */
  #begin(): void {
    for (const source of this.#sources) {
      if (source === null) continue;
      // All of them begin together.
      if (source.hasBegun) return;
      source.begin(this.#position.logTime);
    }
  }

  get nextLogTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { operator } of this.#driven) if (operator.nextLogTime < next) next = operator.nextLogTime;
    return next;
  }

  get nextIdleTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const source of this.#sources) {
      if (source === null) continue;
      // Others wait for what this partition says, even if nothing ever comes to it.
      if (!source.hasBegun && this.#clocks.senders.length > 0) return 0;
      if (source.idleAt < next) next = source.idleAt;
      if (source.isIdle && source.rule?.followsClock === true) {
        next = Math.min(next, source.clockReaches(this.#nextEventTime()));
      }
    }
    return next;
  }

  /** The earliest event time of the streams that something waits for; Infinity for none. */
  #nextEventTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { operator, clock, lagMs } of this.#driven) {
      if (clock !== null && operator.nextEventTime + lagMs < next) next = operator.nextEventTime + lagMs;
    }
    return next;
  }

  get dueEventTime(): number {
    return this.#dueByEventTime()?.operator.nextEventTime ?? Number.POSITIVE_INFINITY;
  }

  fireEventTime(): void {
    const due = this.#dueByEventTime();
    if (due === null) return;
    this.#fired = due.operator;
    this.#isFiredByLogTime = false;
    this.#run(due, () => due.operator.onEventTime((due.clock as NodeClock).watermark));
    this.#refreshBehindWaits();
  }

  fireLogTime(now: number): void {
    const due = this.#dueByLogTime(now);
    if (due === null) return;
    this.#fired = due.operator;
    this.#isFiredByLogTime = true;
    this.#run(due, () => due.operator.onLogTime(now));
  }

  dropFired(): string {
    const fired = this.#fired as TimedOperator;
    if (this.#isFiredByLogTime) return fired.dropLogTime();
    const key = fired.dropEventTime();
    this.#refreshBehindWaits();
    return key;
  }

  dropDue(isByLogTime: boolean, logTime: number): { operator: number; key: string } | null {
    const due = isByLogTime ? this.#dueByLogTime(logTime) : this.#dueByEventTime();
    if (due === null) return null;
    const { number, operator } = due;
    const key = isByLogTime ? operator.dropLogTime() : operator.dropEventTime();
    this.#refreshBehindWaits();
    return { operator: number, key };
  }

  judgeIdle(logTime: number): void {
    this.#begin();
    for (const source of this.#sources) source?.judgeIdle(logTime);
    this.#refresh();
  }

  #dueByLogTime(now: number): DrivenOperator | null {
    let due: DrivenOperator | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const driven of this.#driven) {
      const time = driven.operator.nextLogTime;
      if (time < earliest && time <= now) {
        earliest = time;
        due = driven;
      }
    }
    return due;
  }

  #dueByEventTime(): DrivenOperator | null {
    let due: DrivenOperator | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const driven of this.#driven) {
      const { operator, clock } = driven;
      if (clock === null) continue;
      const time = operator.nextEventTime;
      if (time < earliest && time <= clock.watermark) {
        earliest = time;
        due = driven;
      }
    }
    return due;
  }

  #run({ number }: DrivenOperator, fire: () => void): void {
    const context = this.#context;
    context.drive(number);
    context.rowKey = '';
    context.running = '';
    try {
      fire();
    } catch (error) {
      throw blame(error, this.#position, context);
    }
  }

  /** What waited for event time has gone on, and time behind it may. */
  #refreshBehindWaits(): void {
    if (this.#clocks.waiting.size > 0) this.#refresh();
  }

  #refresh(): void {
    for (const clock of this.#clocks.ordered) clock.refresh();
  }
}
