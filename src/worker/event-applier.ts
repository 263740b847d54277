// data plane

import type { Repartitioner } from '../operators/repartition.ts';
import type { PartitionState } from '../store/partition-state.ts';
import type { CompiledTopology, OperatorHost, Pipeline, PipelineTiming } from '../topology/compiled.ts';
import { DeadLetters, errorChain } from './dead-letters.ts';
import type { LaneContext } from './event-context.ts';
import { DEAD_LETTER_BOUNDS_STORE, DEAD_LETTERS_STORE, laneStoreId } from './lane-stores.ts';

/** What listens to a lane: the server of queries and subscriptions. */
export interface LaneListener {
  /** Whether changes of this view are wanted; asked per change, so it must cost nothing. */
  isWatching(viewId: number): boolean;
  /** A row changed at `offset`, as the n-th change of that event. `undefined` is "no row". Not durable yet. */
  onChange(viewId: number, key: string, next: unknown, previous: unknown, offset: number, n: number): void;
  /** Everything up to this offset has been flushed. */
  onDurable(throughOffset: number): void;
}

/** Where an event's bytes stand, for a dead letter. */
export interface RecordBytes {
  bytes: Uint8Array;
  start: number;
  length: number;
  codec: number;
}

/**
 * Runs one event at a time through the partition's copy of the topology. An event is atomic: if an operator throws, its
 * state writes are undone, its changes are dropped, and the event goes to the dead letters instead.
 */
export class EventApplier {
  readonly #topology: CompiledTopology;
  readonly #pipeline: Pipeline;
  readonly #state: PartitionState;
  readonly #context: LaneContext;
  readonly #deadLetters: DeadLetters;
  readonly #deadLettersViewId: number;
  #listener: LaneListener | null = null;
  /** Things that time brought about at the record at hand. */
  #unit = 0;
  // Changes of the event at hand; they count only once it is through.
  #changeCount = 0;
  readonly #changedView: number[] = [];
  readonly #changedKey: string[] = [];
  readonly #changedNext: unknown[] = [];
  readonly #changedPrevious: unknown[] = [];
  deadLetterCount = 0;
  viewChangeCount = 0;
  lastFailure: unknown = null;

  constructor(
    topology: CompiledTopology,
    state: PartitionState,
    context: LaneContext,
    isDevelopment: boolean,
    repartitioner: Repartitioner | null,
  ) {
    this.#topology = topology;
    this.#state = state;
    this.#context = context;
    this.#deadLettersViewId = topology.views.length;
    this.#deadLetters = new DeadLetters(
      context.partition,
      state.store(DEAD_LETTERS_STORE),
      state.store(DEAD_LETTER_BOUNDS_STORE),
    );
    const host: OperatorHost = {
      store: (storeId) => state.store(laneStoreId(storeId)),
      context,
      isDevelopment,
      repartitioner,
      release: (key, run) => this.#release(key, run),
      viewChanged: (viewId, key, next, previous) => this.#noteChange(viewId, key, next, previous),
    };
    this.#pipeline = topology.instantiate(host);
  }

  /** Whether time moves anything. */
  get isTimed(): boolean {
    return this.#pipeline.timing !== null;
  }

  listen(listener: LaneListener): void {
    this.#listener = listener;
  }

  /** Processes the event that `context` stands at. Never throws on account of user code. */
  apply(streamId: number, key: string, value: unknown, record: RecordBytes): void {
    const state = this.#state;
    this.#changeCount = 0;
    state.beginEvent();
    try {
      this.#pipeline.process(streamId, key, value, this.#context.eventTime);
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      this.#bury(streamId, key, error, record);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** Processes a change that another partition sent on: key, row or event, and row before. */
  applyMoved(hop: number, [key, next, previous]: readonly [string, unknown, unknown], record: RecordBytes): void {
    const state = this.#state;
    this.#changeCount = 0;
    state.beginEvent();
    try {
      this.#pipeline.processMoved(hop, key, next, previous, this.#context.eventTime);
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      this.#bury(null, key, error, record);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** Another partition says how far event time has come there before a hop. */
  applyMark(hop: number, source: number, watermark: number, isIdle: boolean): void {
    this.#state.beginEvent();
    this.#pipeline.processMark(hop, source, watermark, isIdle);
    this.#state.commitEvent();
  }

  /** What is due by log time when a block begins, before its first record; a bounded part of it. */
  fireLogTime(offset: number, logTime: number): void {
    this.#unit = 0;
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let left = FIRED_PER_BLOCK; left > 0; left--) {
      const due = timing.nextLogTime;
      if (due > logTime) return;
      this.#fire(offset, due, logTime, () => timing.fireLogTime(logTime));
    }
  }

  /** What is due by event time after a record; a bounded part of it, the rest is for the record after. */
  fireEventTime(offset: number, logTime: number): void {
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let left = FIRED_PER_RECORD; left > 0; left--) {
      const due = timing.dueEventTime;
      if (due === Number.POSITIVE_INFINITY) return;
      this.#fire(offset, due, logTime, () => timing.fireEventTime());
    }
  }

  /**
   * Whether a tick would bring anything about at this time.
   * @param nothingWaits no event is held up on its way in
   */
  wantsTick(logTime: number, nothingWaits: boolean): boolean {
    const { timing } = this.#pipeline;
    if (timing === null) return false;
    if (timing.nextLogTime <= logTime || timing.dueEventTime < Number.POSITIVE_INFINITY) return true;
    return nothingWaits && timing.nextIdleTime <= logTime;
  }

  /** Nothing came by this log time: streams that are silent for too long hold nothing back any more. */
  judgeIdle(logTime: number): void {
    const { timing } = this.#pipeline;
    if (timing === null) return;
    this.#state.beginEvent();
    timing.judgeIdle(logTime);
    this.#state.commitEvent();
  }

  /** Has one thing done that time brings about, as a whole or, if it throws, not at all. */
  #fire(offset: number, eventTime: number, logTime: number, fire: () => void): void {
    const state = this.#state;
    this.#unit += 1;
    this.#context.moveToUnit(offset, this.#unit, eventTime, logTime);
    this.#changeCount = 0;
    state.beginEvent();
    try {
      fire();
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      const timing = this.#pipeline.timing as PipelineTiming;
      state.beginEvent();
      const key = timing.dropFired();
      state.commitEvent();
      this.#bury(null, key, error, NO_RECORD);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** See `OperatorHost.release`; runs within the event, or the timer, at hand. */
  #release(key: string, run: () => void): void {
    const state = this.#state;
    const savepoint = state.savepoint();
    const changeCount = this.#changeCount;
    try {
      run();
    } catch (error) {
      state.rollBack(savepoint);
      this.#changeCount = changeCount;
      this.#layDown(null, key, error, NO_RECORD);
    }
  }

  #noteChange(viewId: number, key: string, next: unknown, previous: unknown): void {
    this.viewChangeCount += 1;
    const listener = this.#listener;
    if (listener === null || !listener.isWatching(viewId)) return;
    const n = this.#changeCount++;
    this.#changedView[n] = viewId;
    this.#changedKey[n] = key;
    this.#changedNext[n] = next;
    this.#changedPrevious[n] = previous;
  }

  #forwardChanges(): void {
    const listener = this.#listener as LaneListener;
    const offset = this.#context.offset;
    for (let n = 0; n < this.#changeCount; n++) {
      const viewId = this.#changedView[n] as number;
      listener.onChange(
        viewId,
        this.#changedKey[n] as string,
        this.#changedNext[n],
        this.#changedPrevious[n],
        offset,
        n,
      );
      this.#changedNext[n] = undefined;
      this.#changedPrevious[n] = undefined;
    }
    this.#changeCount = 0;
  }

  /** @param streamId null for what no event of a stream brought about here */
  #bury(streamId: number | null, key: string, error: unknown, record: RecordBytes): void {
    this.#state.beginEvent();
    this.#layDown(streamId, key, error, record);
    this.#state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** Makes a dead letter of what failed, within the event that the state is in. */
  #layDown(streamId: number | null, key: string, error: unknown, record: RecordBytes): void {
    // Only faults of user code are dead letters; a fault of our own or of the disk must stop the lane.
    // By its code: a bundled topology may bring a class of its own.
    if ((error as { code?: unknown } | null)?.code !== 'ERR_OPERATOR_FAILED') throw error;
    const context = this.#context;
    const letter = {
      stream: streamId === null ? '' : (this.#topology.streams[streamId] as { name: string }).name,
      key,
      partition: context.partition,
      offset: context.offset,
      operator: (error as { operator?: string }).operator ?? null,
      code: 'ERR_OPERATOR_FAILED',
      errors: errorChain(error),
      eventTime: context.eventTime,
      codec: record.codec,
      value: new Uint8Array(record.bytes.subarray(record.start, record.start + record.length)),
    };
    const rowKey = this.#deadLetters.add(letter);
    this.deadLetterCount += 1;
    this.lastFailure = error;
    this.#noteChange(this.#deadLettersViewId, rowKey, letter, undefined);
    const { droppedKey } = this.#deadLetters;
    if (droppedKey !== null) this.#noteChange(this.#deadLettersViewId, droppedKey, undefined, undefined);
  }
}

/** Bounds of what time may bring about in one go; what is left over is due again at the next record, or tick. */
const FIRED_PER_BLOCK = 256;
const FIRED_PER_RECORD = 64;
const NO_RECORD: RecordBytes = { bytes: new Uint8Array(0), start: 0, length: 0, codec: 0 };
