import { OperatorError } from './operator-error.ts';

/**
 * The complaint about a result of user code that cannot be used. Off the hot path: operators look at a result themselves
 * and come here only when it is wrong.
 *
 * @throws OperatorError always
 */
export function refuseResult(operator: string, result: unknown, expected: string): never {
  disown(result);
  throw new OperatorError(operator, `returned ${describeResult(result)}; expected ${expected}`);
}

/** Whether a result is a promise: an answer that comes after the event is over and would be lost. */
export function isThenable(result: unknown): boolean {
  return typeof result === 'object' && result !== null && typeof (result as { then?: unknown }).then === 'function';
}

/** The outcome of a promise is refused with the promise: a rejection that comes later is no failure of its own. */
export function disown(result: unknown): void {
  if (isThenable(result)) Promise.resolve(result).catch(() => {});
}

function describeResult(result: unknown): string {
  if (isThenable(result)) return 'a promise (an operator answers at once: no await, no async)';
  if (Array.isArray(result)) return 'an array';
  return result === null || result === undefined ? String(result) : `a value of type ${typeof result}`;
}
