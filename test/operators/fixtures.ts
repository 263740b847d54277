import type { Operator, OperatorHost } from '../../src/operators/operator.ts';
import { OperatorContext } from '../../src/operators/operator-context.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { LaneContext } from '../../src/worker/event-context.ts';

export type Change = [key: string, next: unknown, previous: unknown, time: number];

/** Stands where the next operator would and writes down what comes. */
export class Recorder implements Operator {
  readonly #changes: Change[] = [];

  push(key: string, next: unknown, previous: unknown, time: number): void {
    this.#changes.push([key, next, previous, time]);
  }

  /** What came since the last call. */
  take(): Change[] {
    return this.#changes.splice(0);
  }
}

export function contextAt(offset = 7, partition = 0): OperatorContext {
  const position = new LaneContext(partition);
  position.moveTo(offset, 1000, 2000);
  return new OperatorContext(position);
}

/** A partition with one store that writes down the changes of its views. */
export class RecordingHost implements OperatorHost {
  readonly context = new LaneContext(0);
  readonly changes: [viewId: number, key: string, next: unknown, previous: unknown][] = [];
  readonly rows = new MemoryStore();

  store(): MemoryStore {
    return this.rows;
  }

  viewChanged(viewId: number, key: string, next: unknown, previous: unknown): void {
    this.changes.push([viewId, key, next, previous]);
  }
}
