// data plane

import type { Answer, AskingOperator, Question } from '../operators/lookup.ts';
import type { EventOrigin } from '../operators/operator.ts';
import type { Repartitioner } from '../operators/repartition.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import { plainKeyOf } from '../operators/window-key.ts';
import { CODEC_JSON } from '../record/layout.ts';
import type { PartitionState } from '../store/partition-state.ts';
import { readAsStored } from '../store/value-codec.ts';
import type { CompiledTopology, OperatorHost, Pipeline, PipelineTiming } from '../topology/compiled.ts';
import { DeadLetters, errorChain } from './dead-letters.ts';
import type { LaneContext } from './event-context.ts';
import { DEAD_LETTER_BOUNDS_STORE, DEAD_LETTERS_STORE, laneStoreId } from './lane-stores.ts';
import { NO_STUCK_NOTES, type StuckNote, type StuckNotes, stuckError } from './stuck-notes.ts';

/** What listens to a lane: the server of queries and subscriptions. */
export interface LaneListener {
  /** Whether changes of this view are wanted; asked per change, so it must cost nothing. */
  isWatching(viewId: number): boolean;
  /** A row changed at `offset`, as the n-th change of that event. `undefined` is "no row". Not durable yet. */
  onChange(viewId: number, key: string, next: unknown, previous: unknown, offset: number, n: number): void;
  /** Everything up to this offset has been flushed. */
  onDurable(throughOffset: number): void;
}

/** Where the bytes of the event at hand stand, for a dead letter. */
export interface RecordBytes {
  /** -1: no event of a stream. */
  streamId: number;
  /** -1: where the context stands. */
  offset: number;
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
  /** Of the event at hand; whoever has it applied fills it in. */
  readonly record: RecordBytes = { streamId: -1, offset: -1, bytes: NO_BYTES, start: 0, length: 0, codec: 0 };
  /** What it is in the middle of. */
  readonly whereabouts: Whereabouts;
  /** What is a dead letter without being run. */
  readonly stuck: StuckNotes;
  #releasing: Released | null = null;
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
    whereabouts = new Whereabouts(),
    stuck = NO_STUCK_NOTES,
  ) {
    this.whereabouts = whereabouts;
    this.stuck = stuck;
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
      whereabouts,
      release: (operator, key, row, time, run) => this.#release(key, { operator, row, time }, run),
      origin: () => this.#origin(),
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

  /** By number of the look-up: the operators that ask the outside. */
  get asking(): readonly AskingOperator[] {
    return this.#pipeline.asking;
  }

  /** Another record is at hand. What time brings about there is numbered anew: a replay may begin with any record. */
  beginRecord(): void {
    this.#unit = 0;
  }

  /** Processes the event that `context` and `record` stand at. Never throws on account of user code. */
  apply(streamId: number, key: string, value: unknown): void {
    const state = this.#state;
    this.#changeCount = 0;
    state.beginEvent();
    try {
      this.#pipeline.process(streamId, key, value, this.#context.eventTime);
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      this.#bury(key, error);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** In place of processing it: the event, or the change, that `context` and `record` stand at goes to the dead letters. */
  setAside(key: string, note: StuckNote): void {
    this.#changeCount = 0;
    this.#bury(key, this.#stuckError(note));
  }

  /** Processes a change that another partition sent on: key, row or event, and row before. */
  applyMoved(hop: number, [key, next, previous]: readonly [string, unknown, unknown]): void {
    const state = this.#state;
    this.#changeCount = 0;
    state.beginEvent();
    try {
      this.#pipeline.processMoved(hop, key, next, previous, this.#context.eventTime);
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      this.#bury(key, error);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** Has an event go on with what the outside answered. If that fails, it waits no more and is a dead letter. */
  applyAnswer(lookup: number, answer: Answer): void {
    const [number] = answer;
    const question = (this.asking[lookup] as AskingOperator).question(number);
    // Answered before.
    if (question === null) return;
    const { stream, offset, codec, value } = originOf(question);
    this.#setRecord(stream, offset, value, codec);
    const state = this.#state;
    const at = this.#context.offset;
    this.#changeCount = 0;
    this.whereabouts.beginAnswer(at, lookup, number, question.key);
    state.beginEvent();
    try {
      const note = this.stuck.isEmpty ? null : this.stuck.answer(at, lookup, number);
      if (note !== null) throw this.#stuckError(note);
      this.#pipeline.processAnswer(lookup, answer);
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      state.beginEvent();
      this.#pipeline.dropQuestion(lookup, number);
      state.commitEvent();
      this.#bury(question.key, error);
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
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let left = FIRED_PER_BLOCK; left > 0; left--) {
      const due = timing.nextLogTime;
      if (due > logTime) return;
      this.#fire(offset, true, due, logTime, () => timing.fireLogTime(logTime));
    }
  }

  /** What is due by event time after a record; a bounded part of it, the rest is for the record after. */
  fireEventTime(offset: number, logTime: number): void {
    const { timing } = this.#pipeline;
    if (timing === null) return;
    for (let left = FIRED_PER_RECORD; left > 0; left--) {
      const due = timing.dueEventTime;
      if (due === Number.POSITIVE_INFINITY) return;
      this.#fire(offset, false, due, logTime, () => timing.fireEventTime());
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
  #fire(offset: number, isByLogTime: boolean, due: number, logTime: number, fire: () => void): void {
    const state = this.#state;
    this.#unit += 1;
    this.#context.moveToUnit(offset, this.#unit, due, logTime);
    this.#setRecord(-1, -1, NO_BYTES, 0);
    this.#changeCount = 0;
    if (!this.stuck.isEmpty && this.stuck.hasTimer(offset, isByLogTime, due) && this.#setTimerAside(isByLogTime, due))
      return;
    this.whereabouts.beginTimer(offset, isByLogTime, due);
    state.beginEvent();
    try {
      fire();
    } catch (error) {
      state.undoEvent();
      this.#changeCount = 0;
      this.#bury(this.#dropFired(), error);
      return;
    }
    state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /** @returns the key of what was due and has been given up */
  #dropFired(): string {
    const timing = this.#pipeline.timing as PipelineTiming;
    this.#state.beginEvent();
    const key = this.#dropped(() => timing.dropFired());
    this.#state.commitEvent();
    return key;
  }

  /** Within an event that is undone, and begun again, where that is needed. */
  #dropped<Result>(drop: () => Result): Result {
    const state = this.#state;
    try {
      return drop();
    } catch (error) {
      if (!isOfUserCode(error)) throw error;
      // What it failed for may be that it cannot be read, and then it would be due for ever.
      state.undoEvent();
      state.beginEvent();
      return readAsStored(drop);
    }
  }

  /** @returns whether what is due first is noted, and now given up */
  #setTimerAside(isByLogTime: boolean, due: number): boolean {
    const state = this.#state;
    const { offset, logTime } = this.#context;
    state.beginEvent();
    const timing = this.#pipeline.timing as PipelineTiming;
    const dropped = this.#dropped(() => timing.dropDue(isByLogTime, logTime));
    const note = dropped === null ? null : this.stuck.timer(offset, isByLogTime, due, dropped.operator, dropped.key);
    if (dropped === null || note === null) {
      state.undoEvent();
      return false;
    }
    state.commitEvent();
    this.#bury(dropped.key, this.#stuckError(note));
    return true;
  }

  /** See `OperatorHost.release`; runs within the event, or the timer, at hand. */
  #release(key: string, released: Released, run: () => void): void {
    const { operator, row, time } = released;
    const { offset } = this.#context;
    const state = this.#state;
    const savepoint = state.savepoint();
    const changeCount = this.#changeCount;
    const outer = this.#releasing;
    this.#tellReleasing(released);
    try {
      const note = this.stuck.isEmpty ? null : this.stuck.released(offset, operator, row, time);
      if (note !== null) throw this.#stuckError(note);
      run();
    } catch (error) {
      state.rollBack(savepoint);
      this.#changeCount = changeCount;
      this.#layDown(key, error, false);
    }
    this.#tellReleasing(outer);
  }

  #tellReleasing(released: Released | null): void {
    this.#releasing = released;
    if (released === null) this.whereabouts.endRelease();
    else this.whereabouts.beginRelease(released.operator, released.row, released.time);
  }

  #stuckError(note: StuckNote): Error {
    const { partition, offset } = this.#context;
    return stuckError(note, partition, offset);
  }

  #setRecord(streamId: number, offset: number, bytes: Uint8Array, codec: number): void {
    const { record } = this;
    record.streamId = streamId;
    record.offset = offset;
    record.bytes = bytes;
    record.start = 0;
    record.length = bytes.length;
    record.codec = codec;
  }

  /** See `OperatorHost.origin`. */
  #origin(): EventOrigin {
    const { streamId, offset, bytes, start, length, codec } = this.record;
    return {
      stream: streamId,
      offset: offset < 0 ? this.#context.offset : offset,
      codec,
      value: new Uint8Array(bytes.subarray(start, start + length)),
    };
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

  #bury(key: string, error: unknown): void {
    this.#state.beginEvent();
    this.#layDown(key, error, true);
    this.#state.commitEvent();
    if (this.#changeCount !== 0) this.#forwardChanges();
  }

  /**
   * Makes a dead letter of what failed, within the event that the state is in.
   * @param isEvent whether that is the event at hand; else something that it brought about
   */
  #layDown(key: string, error: unknown, isEvent: boolean): void {
    // Only faults of user code are dead letters; a fault of our own or of the disk must stop the lane.
    if (!isOfUserCode(error)) throw error;
    const context = this.#context;
    const origin = this.#origin();
    const letter = {
      stream: isEvent ? (this.#topology.streams[origin.stream]?.name ?? '') : '',
      key: plainKeyOf(key),
      partition: context.partition,
      offset: isEvent ? origin.offset : context.offset,
      operator: (error as { operator?: string }).operator ?? null,
      code: 'ERR_OPERATOR_FAILED',
      errors: errorChain(error),
      eventTime: context.eventTime,
      codec: isEvent ? origin.codec : 0,
      value: isEvent ? origin.value : NO_BYTES,
    };
    const rowKey = this.#deadLetters.add(letter);
    this.deadLetterCount += 1;
    this.lastFailure = error;
    this.#noteChange(this.#deadLettersViewId, rowKey, letter, undefined);
    const { droppedKey } = this.#deadLetters;
    if (droppedKey !== null) this.#noteChange(this.#deadLettersViewId, droppedKey, undefined, undefined);
  }
}

function isOfUserCode(error: unknown): boolean {
  // By its code: a bundled topology may bring a class of its own.
  return (error as { code?: unknown } | null)?.code === 'ERR_OPERATOR_FAILED';
}

/** See `OperatorHost.release`. */
interface Released {
  readonly operator: number;
  readonly row: string;
  readonly time: number;
}

/** An event that time brought about came in no bytes: then as it waits. */
function originOf({ origin, event }: Question): EventOrigin {
  if (origin.value.length > 0) return origin;
  return { ...origin, codec: CODEC_JSON, value: new Uint8Array(Buffer.from(JSON.stringify(event))) };
}

/** Bounds of what time may bring about in one go; what is left over is due again at the next record, or tick. */
const FIRED_PER_BLOCK = 256;
const FIRED_PER_RECORD = 64;
const NO_BYTES = new Uint8Array(0);
