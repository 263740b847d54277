import type { Answer, AskingOperator, LookupFailure, Question } from '../operators/lookup.ts';
import type { Repartitioner } from '../operators/repartition.ts';
import { ValueCodec } from '../store/value-codec.ts';
import type { CompiledTopology, OperatorHost, Pipeline, PipelineTiming } from '../topology/compiled.ts';
import { LaneContext } from '../worker/event-context.ts';
import type { Outcome } from '../worker/inquiry.ts';
import { MemoryStore } from './memory-store.ts';

/** A row that came (`previous` is undefined), changed, or went (`next` is undefined). */
export interface ViewChange {
  readonly key: string;
  readonly next: unknown;
  readonly previous: unknown;
}

/** A change on its way to another partition. */
export interface MovedChange {
  readonly source: number;
  readonly hop: number;
  readonly target: number;
  readonly key: string;
  readonly next: unknown;
  readonly previous: unknown;
  readonly time: number;
  /** What is sent is no change, but how far event time has come before the hop. */
  readonly mark?: { readonly watermark: number; readonly isIdle: boolean };
}

/** One partition of the test driver: its stores, its copy of the operators, its offsets. */
export class DriverPartition implements OperatorHost {
  readonly context: LaneContext;
  readonly isDevelopment = true;
  readonly repartitioner: Repartitioner | null;
  /** What whole events have sent to other partitions since it was last taken. */
  moved: MovedChange[] = [];
  #movedPending: MovedChange[] = [];
  readonly #topology: CompiledTopology;
  readonly #stores: readonly MemoryStore[];
  #pipeline: Pipeline;
  readonly #changes: ViewChange[][];
  #pending: (ViewChange & { viewId: number })[] = [];
  #nextOffset = 0;
  #releaseFailures: unknown[] = [];
  /** Things that time brought about at the offset at hand. */
  #unit = 0;

  /** @param partitionOf which partition a key lies in */
  constructor(
    topology: CompiledTopology,
    partition: number,
    partitionCount: number,
    partitionOf: (key: string) => number,
  ) {
    this.#topology = topology;
    this.repartitioner =
      partitionCount === 1
        ? null
        : {
            partition,
            partitionCount,
            partitionOf,
            send: (hop, target, key, next, previous, time) =>
              this.#movedPending.push({ source: partition, hop, target, key, next, previous, time }),
            mark: (hop, target, watermark, isIdle) => {
              const none = { key: '', next: undefined, previous: undefined, time: this.context.logTime };
              this.#movedPending.push({ source: partition, hop, target, ...none, mark: { watermark, isIdle } });
            },
          };
    this.context = new LaneContext(partition);
    this.#stores = topology.stores.map(() => new MemoryStore());
    this.#changes = topology.views.map(() => []);
    this.#pipeline = topology.instantiate(this);
  }

  store(storeId: number): MemoryStore {
    return this.#stores[storeId] as MemoryStore;
  }

  /** What failed for another key than that of the event at hand is thrown when the event is through. */
  release(_operator: number, _key: string, _row: string, _time: number, run: () => void): void {
    const places = this.#stores.map((store) => store.savepoint());
    const [pending, moved] = [this.#pending.length, this.#movedPending.length];
    try {
      run();
    } catch (error) {
      this.#stores.forEach((store, index) => {
        store.rollBack(places[index] as ReturnType<MemoryStore['savepoint']>);
      });
      this.#pending.length = pending;
      this.#movedPending.length = moved;
      this.#releaseFailures.push(error);
    }
  }

  viewChanged(viewId: number, key: string, next: unknown, previous: unknown): void {
    this.#pending.push({ viewId, key, next, previous });
  }

  /** New operators over what the old ones kept in their stores. */
  restart(): void {
    this.#pipeline = this.#topology.instantiate(this);
  }

  /** Runs one event through, whole or not at all, and what time brings about before and after it. */
  process(streamId: number, key: string, value: unknown, eventTime: number, logTime: number): number {
    const offset = this.#nextOffset++;
    this.#fireLogTime(offset, logTime);
    this.context.moveTo(offset, eventTime, logTime);
    this.#whole(() => this.#pipeline.process(streamId, key, value, eventTime));
    this.#fireEventTime(offset, logTime);
    return offset;
  }

  /** Runs a change through that came from another partition. */
  processMoved({ source, hop, key, next, previous, time, mark }: MovedChange, logTime: number): void {
    const offset = this.#nextOffset++;
    this.#fireLogTime(offset, logTime);
    this.context.moveTo(offset, time, logTime);
    this.#whole(() => {
      if (mark === undefined) this.#pipeline.processMoved(hop, key, next, previous, time);
      else this.#pipeline.processMark(hop, source, mark.watermark, mark.isIdle);
    });
    this.#fireEventTime(offset, logTime);
  }

  /** The operators that ask the outside. */
  get asking(): readonly AskingOperator[] {
    return this.#pipeline.asking;
  }

  /** Has an event go on with its answer; if that fails it waits no more. */
  answer(lookup: number, { number, time }: Question, { result, failure }: Outcome, logTime: number): void {
    const offset = this.#nextOffset++;
    this.#fireLogTime(offset, logTime);
    this.context.moveTo(offset, time, logTime);
    try {
      this.#whole(() => this.#pipeline.processAnswer(lookup, loggedAnswer(number, result, failure)));
    } catch (error) {
      this.#whole(() => this.#pipeline.dropQuestion(lookup, number));
      throw error;
    }
    this.#fireEventTime(offset, logTime);
  }

  /** Log time went on and nothing came. Takes an offset if it brings anything about, as in a log. */
  tick(logTime: number): void {
    const { timing } = this.#pipeline;
    if (timing === null || Math.min(timing.nextLogTime, timing.nextIdleTime) > logTime) return;
    const offset = this.#nextOffset++;
    this.#fireLogTime(offset, logTime);
    this.context.moveTo(offset, logTime, logTime);
    this.#whole(() => timing.judgeIdle(logTime));
    this.#fireEventTime(offset, logTime);
  }

  #fireLogTime(offset: number, logTime: number): void {
    this.#unit = 0;
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let due = timing.nextLogTime; due <= logTime; due = timing.nextLogTime) {
      this.#fire(timing, offset, due, logTime, () => timing.fireLogTime(logTime));
    }
  }

  #fireEventTime(offset: number, logTime: number): void {
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let due = timing.dueEventTime; due < Number.POSITIVE_INFINITY; due = timing.dueEventTime) {
      this.#fire(timing, offset, due, logTime, () => timing.fireEventTime());
    }
  }

  #fire(timing: PipelineTiming, offset: number, due: number, logTime: number, fire: () => void): void {
    this.#unit += 1;
    this.context.moveToUnit(offset, this.#unit, due, logTime);
    let failure: unknown;
    try {
      failure = this.#attempt(fire);
    } catch (error) {
      this.#whole(() => timing.dropFired());
      throw error;
    }
    if (failure !== undefined) throw failure;
  }

  #whole(run: () => void): void {
    const failure = this.#attempt(run);
    if (failure !== undefined) throw failure;
  }

  /** @returns what failed for a key of its own, if something did; the rest counts */
  #attempt(run: () => void): unknown {
    try {
      run();
    } catch (error) {
      for (const store of this.#stores) store.undoEvent();
      this.#pending = [];
      this.#movedPending = [];
      this.#releaseFailures = [];
      throw error;
    }
    for (const store of this.#stores) store.commitEvent();
    for (const { viewId, ...change } of this.#pending) (this.#changes[viewId] as ViewChange[]).push(change);
    this.#pending = [];
    this.moved.push(...this.#movedPending);
    this.#movedPending = [];
    return this.#releaseFailures.splice(0)[0];
  }

  takeChanges(viewId: number): ViewChange[] {
    return (this.#changes[viewId] as ViewChange[]).splice(0);
  }
}

/** An answer as the log would give it back. */
function loggedAnswer(number: number, result: unknown, failure: LookupFailure | null): Answer {
  const codec = ValueCodec.selfDescribing();
  codec.encode(failure === null ? [number, result] : [number, null, failure]);
  return codec.decode(codec.written.bytes, 0, codec.written.length) as Answer;
}
