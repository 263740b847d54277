// data plane
import type { Operator } from './operator.ts';

/** Passes each change on to several operators, in the order the topology names them. */
export class FanOut implements Operator {
  readonly #outputs: readonly Operator[];

  constructor(outputs: readonly Operator[]) {
    this.#outputs = outputs;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const outputs = this.#outputs;
    for (let i = 0; i < outputs.length; i++) (outputs[i] as Operator).push(key, next, previous, time);
  }
}

/** Takes what nobody wants: a stream that is only logged, a branch that leads nowhere. */
export class Discard implements Operator {
  push(): void {}
}
