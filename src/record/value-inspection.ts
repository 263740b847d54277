import { MokaError } from '../base/errors.ts';

/**
 * Walks a parsed value for what a parser lets pass.
 * @param checksNumbers whether a number may be infinite, or an integer beyond 2^53, where doubles have gaps.
 * @param checksText whether a string may hold half of a surrogate pair.
 * @returns the number of members in all of its objects.
 * @throws MokaError for one of these, or for a member `__proto__`.
 */
export function inspectValue(value: unknown, checksNumbers: boolean, checksText: boolean): number {
  const count = countMembers(value, checksNumbers, checksText);
  if (count < 0) throwFault(value, '');
  return count;
}

/** The first name, in the order of the text, that its object has twice; for when there is known to be one. */
export function duplicateMember(json: string): string {
  const open: Set<string>[] = [];
  for (const { index, 0: token } of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (COLON_NEXT.test(json.slice(index + token.length))) {
      const name = JSON.parse(token) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return shown(name);
      names?.add(name);
    }
  }
  return '';
}

const FORBIDDEN_NAME = '__proto__';
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g;
const COLON_NEXT = /^\s*:/;
/** Of what came from outside, this much goes back. */
const SHOWN_LENGTH = 64;

/** Negative if something is wrong. */
function countMembers(value: unknown, checksNumbers: boolean, checksText: boolean): number {
  if (typeof value === 'string') return checksText && !value.isWellFormed() ? -1 : 0;
  if (typeof value === 'number') return checksNumbers && !isInRange(value) ? -1 : 0;
  if (typeof value !== 'object' || value === null) return 0;
  let total = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const count = countMembers(value[i], checksNumbers, checksText);
      if (count < 0) return -1;
      total += count;
    }
    return total;
  }
  const object = value as Record<string, unknown>;
  for (const name in object) {
    if (name === FORBIDDEN_NAME || (checksText && !name.isWellFormed())) return -1;
    const count = countMembers(object[name], checksNumbers, checksText);
    if (count < 0) return -1;
    total += 1 + count;
  }
  return total;
}

function isInRange(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** The same walk once more, with the place. */
function throwFault(value: unknown, pointer: string): void {
  if (typeof value === 'number' && !isInRange(value)) {
    throw new MokaError('ERR_EVENT_NUMBER_RANGE', `number pointer=${shown(pointer)} beyond 2^53`);
  }
  if (typeof value === 'string' && !value.isWellFormed()) throw brokenText(pointer);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === FORBIDDEN_NAME) {
      throw new MokaError('ERR_EVENT_FORBIDDEN_MEMBER', `member pointer=${shown(`${pointer}/${name}`)} is forbidden`);
    }
    if (!name.isWellFormed()) throw brokenText(pointer);
    throwFault(member, `${pointer}/${name}`);
  }
}

function brokenText(pointer: string): MokaError {
  return new MokaError('ERR_EVENT_ENCODING', `text pointer=${shown(pointer)} has half of a surrogate pair`);
}

function shown(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}
