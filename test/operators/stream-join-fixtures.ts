import { LateEvents } from '../../src/operators/late-events.ts';
import { StreamJoinOperator, type StreamJoinRule } from '../../src/operators/stream-join.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { contextAt, Recorder } from './fixtures.ts';

export type JoinKind = 'inner' | 'left' | 'outer';

/** `[left,right]@time` under its key; `-` for the side that has no event. */
export type JoinedRow = [key: string, pair: string, time: number];

/** A join between two lists of text, with its stores in memory. */
export class JoinBench {
  readonly stores = { left: new MemoryStore(), right: new MemoryStore(), unmatched: new MemoryStore() };
  readonly #rule: StreamJoinRule;
  readonly #output = new Recorder();
  #join: StreamJoinOperator;

  constructor(kind: JoinKind, beforeMs: number, afterMs: number, graceMs: number) {
    this.#rule = { beforeMs, afterMs, graceMs, keepsLeft: kind !== 'inner', keepsRight: kind === 'outer' };
    this.#join = this.#open();
  }

  left(key: string, event: string | null, time: number): JoinedRow[] {
    this.#join.left.push(key, event, undefined, time);
    return this.#take();
  }

  right(key: string, event: string | null, time: number): JoinedRow[] {
    this.#join.right.push(key, event, undefined, time);
    return this.#take();
  }

  /** The operator is made anew, on the same stores. */
  restart(): void {
    this.#join = this.#open();
  }

  get rows(): number {
    const { left, right, unmatched } = this.stores;
    return left.size + right.size + unmatched.size;
  }

  #open(): StreamJoinOperator {
    const { keepsLeft } = this.#rule;
    const stores = { ...this.stores, unmatched: keepsLeft ? this.stores.unmatched : null };
    const pair = (left: unknown, right: unknown): string => `[${left ?? '-'},${right ?? '-'}]`;
    return new StreamJoinOperator({
      name: 'join',
      context: contextAt(),
      stores,
      rule: this.#rule,
      joiner: pair,
      clock: null,
      late: new LateEvents(stores.right, new Recorder()),
      output: this.#output,
      release: (_key, _row, _time, run) => run(),
    });
  }

  #take(): JoinedRow[] {
    return this.#output.take().map(([key, next, , time]) => [key, next as string, time]);
  }
}
