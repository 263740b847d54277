// data plane
import { MAX_KEY_BYTES } from '../base/limits.ts';
import { NO_KEY } from './operator.ts';
import { OperatorError } from './operator-error.ts';
import { refuseResult } from './user-result.ts';

/**
 * A key as user code selected it: text, a whole number, or `null` for none.
 *
 * @returns `NO_KEY` for none
 * @throws OperatorError for what cannot be a key
 */
export function selectedKey(operator: string, selected: unknown): string {
  if (selected === null) return NO_KEY;
  const key = typeof selected === 'number' && Number.isSafeInteger(selected) ? String(selected) : selected;
  if (typeof key !== 'string' || key === '')
    refuseResult(operator, selected, 'a key: a non-empty string, a whole number, or null for none');
  // A UTF-16 unit takes at most three bytes of UTF-8, so short keys need no counting.
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new OperatorError(operator, `key bytes=${Buffer.byteLength(key)} max=${MAX_KEY_BYTES}`);
  }
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) throw new OperatorError(operator, 'key holds a control character');
  }
  if (!key.isWellFormed()) throw new OperatorError(operator, 'key holds half a surrogate pair');
  return key;
}
