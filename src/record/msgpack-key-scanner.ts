// data plane
import { MsgpackToken, TOKEN_ARRAY, TOKEN_MAP, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_TRUNCATED } from './msgpack-token.ts';
import { SCAN_MISSING, SCAN_NOT_OBJECT, SCAN_NOT_SCALAR, SCAN_OK, SCAN_TRUNCATED } from './scan-result.ts';

/**
 * Finds the key of a msgpack body without decoding it: the member `fieldName` of a map, or the item `fieldIndex` of a
 * positional record. A string key is bytes of the body; an integer key is a number, and its text is its digits, so that
 * the same key is the same text in every codec.
 */
export class MsgpackKeyScanner {
  keyStart = 0;
  keyEnd = 0;
  isNumber = false;
  /** The key, if it is a number. */
  keyNumber = 0;

  readonly #name: Uint8Array;
  readonly #fieldIndex: number;
  readonly #token = new MsgpackToken();

  constructor(fieldName: string, fieldIndex: number) {
    this.#name = new TextEncoder().encode(fieldName);
    this.#fieldIndex = fieldIndex;
  }

  /** For CODEC_MSGPACK. @returns SCAN_OK, or why there is no key. */
  scanMap(bytes: Uint8Array, start: number, end: number): number {
    const token = this.#token;
    const kind = token.read(bytes, start, end);
    if (kind !== TOKEN_MAP) return kind === TOKEN_TRUNCATED ? SCAN_TRUNCATED : SCAN_NOT_OBJECT;
    let at = token.next;
    for (let left = token.value; left > 0; left--) {
      const name = token.read(bytes, at, end);
      if (name !== TOKEN_TEXT) return name === TOKEN_TRUNCATED ? SCAN_TRUNCATED : SCAN_NOT_OBJECT;
      const nameStart = token.next;
      at = nameStart + token.value;
      if (this.#isName(bytes, nameStart, at)) return this.#takeKey(bytes, at, end);
      at = this.#skipValue(bytes, at, end);
      if (at < 0) return at;
    }
    return SCAN_MISSING;
  }

  /** For CODEC_MSGPACK_RECORD. @returns SCAN_OK, or why there is no key. */
  scanRecord(bytes: Uint8Array, start: number, end: number): number {
    const token = this.#token;
    const kind = token.read(bytes, start, end);
    if (kind !== TOKEN_ARRAY) return kind === TOKEN_TRUNCATED ? SCAN_TRUNCATED : SCAN_NOT_OBJECT;
    if (this.#fieldIndex >= token.value) return SCAN_MISSING;
    let at = token.next;
    for (let left = this.#fieldIndex; left > 0; left--) {
      at = this.#skipValue(bytes, at, end);
      if (at < 0) return at;
    }
    return this.#takeKey(bytes, at, end);
  }

  #isName(bytes: Uint8Array, start: number, end: number): boolean {
    const name = this.#name;
    if (end - start !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (bytes[start + i] !== name[i]) return false;
    }
    return true;
  }

  #takeKey(bytes: Uint8Array, at: number, end: number): number {
    const token = this.#token;
    const kind = token.read(bytes, at, end);
    if (kind === TOKEN_TEXT) {
      this.isNumber = false;
      this.keyStart = token.next;
      this.keyEnd = token.next + token.value;
      return SCAN_OK;
    }
    if (kind === TOKEN_NUMBER && Number.isSafeInteger(token.value)) {
      this.isNumber = true;
      this.keyNumber = token.value;
      this.keyStart = at;
      this.keyEnd = token.next;
      return SCAN_OK;
    }
    return kind === TOKEN_TRUNCATED ? SCAN_TRUNCATED : SCAN_NOT_SCALAR;
  }

  /** Index behind the value, whatever it holds, or a negative result. Counts what is to come and needs no stack. */
  #skipValue(bytes: Uint8Array, start: number, end: number): number {
    const token = this.#token;
    let at = start;
    for (let pending = 1; pending > 0; pending--) {
      const kind = token.read(bytes, at, end);
      if (kind < 0) return kind === TOKEN_TRUNCATED ? SCAN_TRUNCATED : SCAN_NOT_OBJECT;
      at = token.next;
      if (kind === TOKEN_TEXT) at += token.value;
      else if (kind === TOKEN_ARRAY) pending += token.value;
      else if (kind === TOKEN_MAP) pending += token.value * 2;
    }
    return at;
  }
}
