import { MokaError } from '../base/errors.ts';
import { MAX_STORE_KEY_BYTES } from '../store/store-limits.ts';

/** Keys from `from` (inclusive) to `to` (exclusive) in UTF-8 byte order; `null` leaves a side open. */
export interface KeyRange {
  readonly from: string | null;
  readonly to: string | null;
}

export interface RangeQuery {
  readonly prefix?: string | undefined;
  /** With `key`: ms since 1970, as a number or as its digits. */
  readonly from?: string | number | undefined;
  readonly to?: string | number | undefined;
  /** Of a view of windows: those of this key, which start at `from` or later and before `to`. */
  readonly key?: string | undefined;
}

export const WHOLE_VIEW: KeyRange = { from: null, to: null };

/** @throws MokaError ERR_VIEW_QUERY */
export function rangeOf(query: RangeQuery): KeyRange {
  const { prefix } = query;
  const [from, to] = [textOf('from', query.from), textOf('to', query.to)];
  if (prefix !== undefined) {
    if (typeof prefix !== 'string') {
      throw new MokaError('ERR_VIEW_QUERY', `prefix is no string: type=${typeof prefix}`);
    }
    if (from !== undefined || to !== undefined) {
      throw new MokaError('ERR_VIEW_QUERY', 'prefix excludes from and to');
    }
    checkBound('prefix', prefix);
    return prefix === '' ? WHOLE_VIEW : { from: prefix, to: prefixEnd(prefix) };
  }
  if (from !== undefined) checkBound('from', from);
  if (to !== undefined) checkBound('to', to);
  if (from !== undefined && to !== undefined && compareKeys(from, to) > 0) {
    throw new MokaError('ERR_VIEW_QUERY', 'from lies after to');
  }
  return { from: from ?? null, to: to ?? null };
}

function textOf(name: string, bound: string | number | undefined): string | undefined {
  if (bound === undefined || typeof bound === 'string') return bound;
  if (typeof bound !== 'number') throw new MokaError('ERR_VIEW_QUERY', `${name} is no string: type=${typeof bound}`);
  throw new MokaError('ERR_VIEW_QUERY', `${name} is a number, which it is only with the key of a view of windows`);
}

/** @throws MokaError ERR_VIEW_QUERY */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw new MokaError('ERR_VIEW_QUERY', `key is no string: type=${typeof key}`);
  if (key === '') throw new MokaError('ERR_VIEW_QUERY', 'key is empty');
  checkBound('key', key);
}

export function isInRange(key: string, range: KeyRange): boolean {
  if (range.from !== null && compareKeys(key, range.from) < 0) return false;
  return range.to === null || compareKeys(key, range.to) < 0;
}

/** The order of the keys' UTF-8, which is that of their code points; JavaScript's own order puts surrogates elsewhere. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x < SURROGATES || y < SURROGATES ? x - y : rank(x) - rank(y);
  }
  return a.length - b.length;
}

const SURROGATES = 0xd800;
const AFTER_SURROGATES = 0xe000;
const LAST_CODE_POINT = 0x10ffff;

/** Surrogates stand for code points above all others, so they go behind. */
function rank(unit: number): number {
  return unit >= AFTER_SURROGATES ? unit - 0x800 : unit + 0x2000;
}

/** The least key that is greater than every key with this prefix; `null` if there is none. */
function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    if (last === LAST_CODE_POINT) continue;
    points.push(last + 1 === SURROGATES ? AFTER_SURROGATES : last + 1);
    return String.fromCodePoint(...points);
  }
  return null;
}

function checkBound(name: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_STORE_KEY_BYTES)
    throw new MokaError('ERR_VIEW_QUERY', `${name} too long: bytes=${bytes} max=${MAX_STORE_KEY_BYTES}`);
}
