// data plane
import { isUtf8 } from 'node:buffer';
import { ERRORS } from '../base/error-catalogue.ts';
import { MAX_BODY_DEPTH } from '../base/limits.ts';
import {
  MsgpackToken,
  TOKEN_ARRAY,
  TOKEN_MAP,
  TOKEN_NUMBER,
  TOKEN_REFUSED,
  TOKEN_TEXT,
  TOKEN_TRUNCATED,
} from './msgpack-token.ts';

/**
 * Walks one msgpack value from outside and holds it to what JSON can say: names are strings and not `__proto__`, numbers
 * are finite and no integer lies beyond 2^53, texts are UTF-8, no binary, no extension; nothing is left over and nothing
 * nested beyond MAX_BODY_DEPTH. Whether a name stands twice in a map is for the reader to find.
 * @returns 0, or the catalogue number of the error.
 */
export function validateMsgpack(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return ERRORS.ERR_EVENT_EMPTY.id;
  let depth = 0;
  // Values still to come at each depth; in a map names and values, so that a name is next while the count is even.
  PENDING[0] = 1;
  IS_MAP[0] = 0;
  let at = start;
  for (;;) {
    const isName = IS_MAP[depth] === 1 && ((PENDING[depth] as number) & 1) === 0;
    PENDING[depth] = (PENDING[depth] as number) - 1;
    const kind = TOKEN.read(bytes, at, end);
    if (kind === TOKEN_TRUNCATED) return ERRORS.ERR_EVENT_UNPARSEABLE.id;
    if (kind === TOKEN_REFUSED || (isName && kind !== TOKEN_TEXT)) return ERRORS.ERR_EVENT_MSGPACK.id;
    at = TOKEN.next;
    if (kind === TOKEN_TEXT) {
      const textEnd = at + TOKEN.value;
      if (!isText(bytes, at, textEnd)) return ERRORS.ERR_EVENT_ENCODING.id;
      if (isName && isForbidden(bytes, at, textEnd)) return ERRORS.ERR_EVENT_FORBIDDEN_MEMBER.id;
      at = textEnd;
    } else if (kind === TOKEN_NUMBER) {
      if (!isInRange(TOKEN.value)) return ERRORS.ERR_EVENT_NUMBER_RANGE.id;
    } else if (kind === TOKEN_ARRAY || kind === TOKEN_MAP) {
      if (depth === MAX_BODY_DEPTH) return ERRORS.ERR_EVENT_TOO_DEEP.id;
      depth++;
      PENDING[depth] = kind === TOKEN_MAP ? TOKEN.value * 2 : TOKEN.value;
      IS_MAP[depth] = kind === TOKEN_MAP ? 1 : 0;
    }
    while (PENDING[depth] === 0) {
      if (depth === 0) return at === end ? 0 : ERRORS.ERR_EVENT_UNPARSEABLE.id;
      depth--;
    }
  }
}

/** Also true for half of a surrogate pair's absence: UTF-8 has no form for one. */
export function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at] as number;
  return seen < 0x80 || isUtf8(bytes.subarray(start, end));
}

export function isInRange(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

const TOKEN = new MsgpackToken();
const PENDING = new Uint32Array(MAX_BODY_DEPTH + 1);
const IS_MAP = new Uint8Array(MAX_BODY_DEPTH + 1);
const FORBIDDEN_NAME = new TextEncoder().encode('__proto__');

function isForbidden(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== FORBIDDEN_NAME.length) return false;
  for (let i = 0; i < FORBIDDEN_NAME.length; i++) {
    if (bytes[start + i] !== FORBIDDEN_NAME[i]) return false;
  }
  return true;
}
