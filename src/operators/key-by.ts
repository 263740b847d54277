// data plane
import { MAX_KEY_BYTES } from '../base/limits.ts';
import { NO_KEY, type Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { refuseResult } from './user-result.ts';

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
    const before = context.key;
    const key = this.#keyOf(next);
    context.key = key;
    this.#output.push(key, next, previous, time);
    context.key = before;
  }

  #keyOf(event: unknown): string {
    const context = this.#context;
    context.running = this.#name;
    const selected = this.#selector(event, context);
    if (selected === null) {
      context.running = '';
      return NO_KEY;
    }
    const key = typeof selected === 'number' && Number.isSafeInteger(selected) ? String(selected) : selected;
    if (typeof key !== 'string' || key === '')
      refuseResult(this.#name, selected, 'a key: a non-empty string, a whole number, or null for none');
    // A UTF-16 unit takes at most three bytes of UTF-8, so short keys need no counting.
    if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw new OperatorError(this.#name, `key bytes=${Buffer.byteLength(key)} max=${MAX_KEY_BYTES}`);
    }
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code < 0x20 || code === 0x7f) throw new OperatorError(this.#name, 'key holds a control character');
    }
    if (!key.isWellFormed()) throw new OperatorError(this.#name, 'key holds half a surrogate pair');
    context.running = '';
    return key;
  }
}
