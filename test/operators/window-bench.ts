import { AlignedWindowOperator, TumblingWindows, type WindowSite } from '../../src/operators/aligned-window.ts';
import { CountWindowOperator } from '../../src/operators/count-window.ts';
import { HoppingPanes } from '../../src/operators/hopping-panes.ts';
import { HoppingWindowOperator } from '../../src/operators/hopping-window.ts';
import { type LateEvent, LateEvents } from '../../src/operators/late-events.ts';
import type { Operator } from '../../src/operators/operator.ts';
import { PaneWindowOperator } from '../../src/operators/pane-window.ts';
import { SessionWindowOperator } from '../../src/operators/session-window.ts';
import { SlidingWindowOperator } from '../../src/operators/sliding-window.ts';
import { TimeoutWindowOperator } from '../../src/operators/timeout-window.ts';
import { AggregateFold, type WindowFold } from '../../src/operators/window-fold.ts';
import { keyOfWindowKey, windowOfKey } from '../../src/operators/window-key.ts';
import { StreamTime } from '../../src/operators/window-time.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { contextAt, Recorder } from './fixtures.ts';

export interface Event {
  readonly key: string;
  readonly value: string;
  readonly time: number;
}

/** What came out of an event: `key [start,end] row @time`, the row it replaced behind a `<`. */
export interface Outcome {
  readonly changes: readonly string[];
  readonly late: readonly LateEvent<string>[];
}

/** An operator on windows between two recorders, its state in two stores; its events are letters, its states words. */
export class WindowBench {
  readonly store = new MemoryStore();
  readonly due = new MemoryStore();
  readonly keys = new MemoryStore();
  readonly #create: (site: WindowSite, store: MemoryStore, due: MemoryStore, keys: MemoryStore) => Operator;
  readonly #isFinal: boolean;
  readonly #output = new Recorder();
  readonly #late = new Recorder();
  #operator: Operator;

  constructor(
    create: (site: WindowSite, store: MemoryStore, due: MemoryStore, keys: MemoryStore) => Operator,
    isFinal: boolean,
  ) {
    this.#create = create;
    this.#isFinal = isFinal;
    this.#operator = this.#open();
  }

  /** The operator is made anew: what it remembers is in its stores. */
  restart(): void {
    this.#operator = this.#open();
  }

  send({ key, value, time }: Event): Outcome {
    this.#operator.push(key, value, undefined, time);
    this.store.commitEvent();
    this.due.commitEvent();
    this.keys.commitEvent();
    const changes = this.#output.take().map(([row, next, previous, at]) => {
      const { start, end } = windowOfKey(row);
      const before = previous === undefined ? '' : ` < ${previous}`;
      return `${keyOfWindowKey(row)} [${start},${end}] ${next ?? 'gone'} @${at}${before}`;
    });
    return { changes, late: this.#late.take().map(([, late]) => late as LateEvent<string>) };
  }

  /** The event goes through, and is taken back as a whole. */
  sendAndUndo({ key, value, time }: Event): void {
    this.#operator.push(key, value, undefined, time);
    this.store.undoEvent();
    this.due.undoEvent();
    this.keys.undoEvent();
    this.#output.take();
    this.#late.take();
  }

  #open(): Operator {
    const context = contextAt();
    const late = new LateEvents(this.store, this.#late);
    const time = new StreamTime(this.store);
    const release = (_key: string, _row: string, _time: number, run: () => void): void => run();
    const site = {
      name: 'w',
      context,
      fold: wordFold(),
      isFinal: this.#isFinal,
      time,
      late,
      output: this.#output,
      release,
    };
    return this.#create(site, this.store, this.due, this.keys);
  }
}

/** The letters in the order in which they came. */
function wordFold(): WindowFold {
  const add = (state: unknown, event: unknown): string => `${state}${event}`;
  return new AggregateFold('w', contextAt(), () => '', add, add, true);
}

export const tumblingBench = (size: number, grace: number, isFinal: boolean): WindowBench =>
  new WindowBench(
    (site, store) => new AlignedWindowOperator(site, store, new TumblingWindows(size, 0), grace),
    isFinal,
  );

export const hoppingBench = (size: number, advance: number, grace: number, isFinal: boolean): WindowBench =>
  new WindowBench((site, store, due) => new HoppingWindowOperator(site, store, due, size, advance, grace), isFinal);

export const paneBench = (size: number, advance: number, grace: number): WindowBench =>
  new WindowBench((site, store, due, keys) => {
    return new PaneWindowOperator(site, store, due, keys, new HoppingPanes(size, advance), grace);
  }, true);

export const slidingBench = (difference: number, grace: number, isFinal: boolean): WindowBench =>
  new WindowBench((site, store, due) => new SlidingWindowOperator(site, store, due, difference, grace), isFinal);

export const sessionBench = (gap: number, grace: number, isFinal: boolean): WindowBench =>
  new WindowBench((site, store, due) => new SessionWindowOperator(site, store, due, gap, grace), isFinal);

export const timeoutBench = (timeout: number, grace: number, isFinal: boolean): WindowBench =>
  new WindowBench((site, store, due) => new TimeoutWindowOperator(site, store, due, timeout, grace), isFinal);

export const countBench = (size: number, every: number, isFinal: boolean): WindowBench =>
  new WindowBench((site, store) => new CountWindowOperator(site, store, size, every), isFinal);
