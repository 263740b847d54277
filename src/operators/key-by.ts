// data plane
import type { Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { selectedKey } from './selected-key.ts';

/** `null`: the event has no key of this kind. */
export type KeySelector = (event: unknown, context: Context) => unknown;

/** Gives an event another key. What follows sees the new one in its context too. */
export class KeyByOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #selector: KeySelector;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, selector: KeySelector, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#selector = selector;
    this.#output = output;
  }

  push(_key: string, next: unknown, previous: unknown, time: number): void {
    const context = this.#context;
    const before = context.rowKey;
    const key = this.#keyOf(next, time);
    context.rowKey = key;
    this.#output.push(key, next, previous, time);
    context.rowKey = before;
  }

  #keyOf(event: unknown, time: number): string {
    const context = this.#context;
    context.enter(this.#name, time);
    const selected = this.#selector(event, context);
    const key = selectedKey(this.#name, selected);
    context.running = '';
    return key;
  }
}
