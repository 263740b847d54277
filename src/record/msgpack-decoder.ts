import { errorCodeOf } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { MsgpackToken, TOKEN_ARRAY, TOKEN_BOOLEAN, TOKEN_NIL, TOKEN_NUMBER, TOKEN_TEXT } from './msgpack-token.ts';
import { validateMsgpack } from './msgpack-validator.ts';
import type { ValueDecoder } from './value-codec.ts';

/** msgpack maps with string names, into what the same JSON would give. */
export class MsgpackDecoder implements ValueDecoder {
  readonly isPlanned = false;
  readonly isChecked = false;

  decode(bytes: Buffer, start: number, end: number): unknown {
    return parseMsgpack(bytes, start, end);
  }
}

/** Any msgpack value that is also a JSON value. @throws MokaError */
export function parseMsgpack(bytes: Buffer, start: number, end: number): unknown {
  const errorId = validateMsgpack(bytes, start, end);
  if (errorId !== 0) {
    throw new MokaError(
      errorCodeOf(errorId) ?? 'ERR_EVENT_UNPARSEABLE',
      `msgpack cannot be taken bytes=${end - start}`,
    );
  }
  next = start;
  bodyStart = start;
  bodyText = bytes.toString('latin1', start, end);
  const value = readValue(bytes, end);
  bodyText = '';
  return value;
}

const TOKEN = new MsgpackToken();
/** The value that is read next, in bytes that were validated. */
let next = 0;
/** The body as latin-1, byte for byte: an ASCII text is cut out of it at a tenth of what decoding it costs. */
let bodyText = '';
let bodyStart = 0;

function readValue(bytes: Buffer, end: number): unknown {
  const kind = TOKEN.read(bytes, next, end);
  const value = TOKEN.value;
  next = TOKEN.next;
  switch (kind) {
    case TOKEN_NIL:
      return null;
    case TOKEN_BOOLEAN:
      return value === 1;
    case TOKEN_NUMBER:
      return value;
    case TOKEN_TEXT:
      next += value;
      return textAt(bytes, next - value, next);
    case TOKEN_ARRAY:
      return readArray(bytes, end, value);
    default:
      return readMap(bytes, end, value);
  }
}

function textAt(bytes: Buffer, start: number, end: number): string {
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at] as number;
  return seen < 0x80 ? bodyText.substring(start - bodyStart, end - bodyStart) : bytes.toString('utf8', start, end);
}

function readArray(bytes: Buffer, end: number, length: number): unknown[] {
  const items: unknown[] = [];
  for (let i = 0; i < length; i++) items.push(readValue(bytes, end));
  return items;
}

function readMap(bytes: Buffer, end: number, length: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < length; i++) {
    const name = readValue(bytes, end) as string;
    if (Object.hasOwn(object, name)) {
      throw new MokaError('ERR_EVENT_DUPLICATE_MEMBER', `duplicate member=${name.slice(0, 64)}`);
    }
    object[name] = readValue(bytes, end);
  }
  return object;
}
