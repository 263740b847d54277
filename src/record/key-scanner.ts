// data plane
import { MAX_BODY_DEPTH } from '../base/limits.ts';
import {
  SCAN_ESCAPED,
  SCAN_MISSING,
  SCAN_NOT_OBJECT,
  SCAN_NOT_SCALAR,
  SCAN_OK,
  SCAN_TOO_DEEP,
  SCAN_TRUNCATED,
} from './scan-result.ts';

/**
 * Finds one top-level member of a JSON object in its UTF-8 bytes, without parsing it: the ingress needs the key and
 * nothing else. The first member of that name counts, compared byte by byte: a name written with escapes is another
 * name here, and whoever parses the body compares the parsed key with the scanned one.
 */
export class KeyScanner {
  /** The key: a string's bytes between its quotes, or an integer's digits. */
  keyStart = 0;
  keyEnd = 0;
  isNumber = false;

  readonly #name: Uint8Array;
  /** Where the last step stopped. */
  #at = 0;

  constructor(fieldName: string) {
    this.#name = new TextEncoder().encode(fieldName);
  }

  /** @returns SCAN_OK, or why there is no key. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = skipSpace(bytes, start, end);
    if (at >= end) return SCAN_TRUNCATED;
    if (bytes[at] !== OPEN_BRACE) return SCAN_NOT_OBJECT;
    at = skipSpace(bytes, at + 1, end);
    if (at < end && bytes[at] === CLOSE_BRACE) return SCAN_MISSING;
    for (;;) {
      if (at >= end) return SCAN_TRUNCATED;
      if (bytes[at] !== QUOTE) return SCAN_NOT_OBJECT;
      const nameStart = at + 1;
      const nameEnd = endOfString(bytes, nameStart, end);
      if (nameEnd >= end) return SCAN_TRUNCATED;
      at = skipSpace(bytes, nameEnd + 1, end);
      if (at >= end) return SCAN_TRUNCATED;
      if (bytes[at] !== COLON) return SCAN_NOT_OBJECT;
      at = skipSpace(bytes, at + 1, end);
      if (at >= end) return SCAN_TRUNCATED;
      if (this.#isName(bytes, nameStart, nameEnd)) return this.#takeKey(bytes, at, end);
      const result = this.#skipValue(bytes, at, end);
      if (result !== SCAN_OK) return result;
      at = skipSpace(bytes, this.#at, end);
      if (at >= end) return SCAN_TRUNCATED;
      if (bytes[at] === CLOSE_BRACE) return SCAN_MISSING;
      if (bytes[at] !== COMMA) return SCAN_NOT_OBJECT;
      at = skipSpace(bytes, at + 1, end);
    }
  }

  #isName(bytes: Uint8Array, start: number, end: number): boolean {
    const name = this.#name;
    if (end - start !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (bytes[start + i] !== name[i]) return false;
    }
    return true;
  }

  #takeKey(bytes: Uint8Array, start: number, end: number): number {
    if (bytes[start] === QUOTE) {
      let at = start + 1;
      for (; at < end; at++) {
        const byte = bytes[at];
        if (byte === QUOTE) break;
        if (byte === BACKSLASH) return SCAN_ESCAPED;
      }
      if (at >= end) return SCAN_TRUNCATED;
      this.keyStart = start + 1;
      this.keyEnd = at;
      this.isNumber = false;
      return SCAN_OK;
    }
    let at = bytes[start] === MINUS ? start + 1 : start;
    const digits = at;
    while (at < end && isDigit(bytes[at] as number)) at++;
    if (at >= end) return SCAN_TRUNCATED;
    if (at === digits || !endsScalar(bytes[at] as number)) return SCAN_NOT_SCALAR;
    // -0 is a number whose text a parser changes; it is nobody's key.
    if (digits !== start && bytes[digits] === ZERO) return SCAN_NOT_SCALAR;
    this.keyStart = start;
    this.keyEnd = at;
    this.isNumber = true;
    return SCAN_OK;
  }

  /** Leaves `#at` behind the value. */
  #skipValue(bytes: Uint8Array, start: number, end: number): number {
    const first = bytes[start];
    let at = start;
    if (first === QUOTE) {
      at = endOfString(bytes, start + 1, end) + 1;
    } else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      return this.#skipContainer(bytes, start + 1, end);
    } else {
      while (at < end && !endsScalar(bytes[at] as number)) at++;
      if (at === start) return SCAN_NOT_OBJECT;
    }
    this.#at = at;
    return at <= end ? SCAN_OK : SCAN_TRUNCATED;
  }

  /** Counts brackets of both kinds alike: a body where they do not match is the parser's to refuse. */
  #skipContainer(bytes: Uint8Array, start: number, end: number): number {
    let depth = 2;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        at = endOfString(bytes, at + 1, end);
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (++depth > MAX_BODY_DEPTH) return SCAN_TOO_DEEP;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (--depth === 1) {
          this.#at = at + 1;
          return SCAN_OK;
        }
      }
    }
    return SCAN_TRUNCATED;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Index of the closing quote; `end` or beyond if there is none. */
function endOfString(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return at;
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at] as number)) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
