import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
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
  watchCall(Date, 'now', 'Date.now()', CLOCK);
  watchCall(Math, 'random', 'Math.random()', DICE);
  watchCall(performance, 'now', 'performance.now()', CLOCK);
  watchCall(process.hrtime, 'bigint', 'process.hrtime.bigint()', CLOCK);
  watchCall(process, 'hrtime', 'process.hrtime()', CLOCK);
  watchCall(process, 'uptime', 'process.uptime()', CLOCK);
  watchCall(crypto, 'randomUUID', 'crypto.randomUUID()', NAME);
  watchCall(crypto, 'getRandomValues', 'crypto.getRandomValues()', DICE);
  watchCall(nodeCrypto, 'randomUUID', 'randomUUID() of node:crypto', NAME);
  watchCall(nodeCrypto, 'randomBytes', 'randomBytes() of node:crypto', DICE);
  watchCall(nodeCrypto, 'randomInt', 'randomInt() of node:crypto', DICE);
  watchCall(nodeCrypto, 'randomFillSync', 'randomFillSync() of node:crypto', DICE);
  // Also for who has imported them by name.
  syncBuiltinESMExports();
  watchDateTimeFormat();
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) => {
      if (args.length === 0) check('new Date()', 'new Date(context.now())');
      return Reflect.construct(target, args, newTarget) as Date;
    },
    apply: (target) => {
      check('Date()', 'new Date(context.now())');
      return target();
    },
  });
}

const CLOCK = 'context.now()';
const DICE = 'context.random()';
const NAME = 'context.id()';

function check(call: string, instead: string): void {
  const operator = watched?.running ?? '';
  if (operator === '') return;
  throw new OperatorError(operator, `called ${call}, which a replay would answer differently; use ${instead}`);
}

function watchCall<Host extends object>(host: Host, name: keyof Host, call: string, instead: string): void {
  const original = host[name] as (...args: unknown[]) => unknown;
  const watchedCall = (...args: unknown[]): unknown => {
    check(call, instead);
    return Reflect.apply(original, host, args);
  };
  host[name] = Object.assign(watchedCall, original) as Host[keyof Host];
}

/** Without a date they format the present one. */
function watchDateTimeFormat(): void {
  const { prototype } = Intl.DateTimeFormat;
  const format = Object.getOwnPropertyDescriptor(prototype, 'format')?.get as () => (date?: Date | number) => string;
  const { formatToParts } = prototype;
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const ofThis = format.call(this);
      return (date?: Date | number): string => {
        if (date === undefined) check('format() of Intl.DateTimeFormat without a date', 'format(context.now())');
        return ofThis(date);
      };
    },
  });
  prototype.formatToParts = function (date?: Date | number): Intl.DateTimeFormatPart[] {
    if (date === undefined)
      check('formatToParts() of Intl.DateTimeFormat without a date', 'formatToParts(context.now())');
    return formatToParts.call(this, date);
  };
}
