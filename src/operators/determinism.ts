import type { OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';

/**
 * Development mode: clocks and dice of its own make a replay differ from the first run, so a function of a topology that
 * asks one is named where it does. Outside of such functions nothing changes.
 */
let watched: OperatorContext | null = null;
let isInstalled = false;

/** From here on, and until `unwatch`, the functions that this context says are running are watched. */
export function watch(context: OperatorContext): void {
  if (!isInstalled) install();
  watched = context;
}

export function unwatch(): void {
  watched = null;
}

function install(): void {
  isInstalled = true;
  const { now } = Date;
  const { random } = Math;
  const monotonic = performance.now.bind(performance);
  const uuid = crypto.randomUUID.bind(crypto);
  Date.now = () => checked('Date.now()', 'context.now()', now);
  Math.random = () => checked('Math.random()', 'context.random()', random);
  performance.now = () => checked('performance.now()', 'context.now()', monotonic);
  crypto.randomUUID = () => checked('crypto.randomUUID()', 'context.id()', uuid);
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      checked('new Date()', 'new Date(context.now())', () => Reflect.construct(target, args, newTarget) as Date, args),
    apply: (target) => checked('Date()', 'new Date(context.now())', () => target()),
  });
}

function checked<Result>(call: string, instead: string, run: () => Result, args: readonly unknown[] = []): Result {
  const operator = watched?.running ?? '';
  if (operator === '' || args.length > 0) return run();
  throw new OperatorError(operator, `called ${call}, which a replay would answer differently; use ${instead}`);
}
