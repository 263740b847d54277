// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import type { RawRequest } from '../http/server.ts';

const ABSENT = -1;
const MALFORMED = -2;
const MAX_LENGTH_DIGITS = 15;

/**
 * What the intake reads of a request's headers, in one pass over them: a pass costs 60 ns a header and sees a repeated
 * one, each look-up by name 60 to 100 ns [measured]. One instance is read into again and again.
 */
export class RequestHeaders {
  contentLength = ABSENT;
  contentType = '';
  prefer = '';
  idempotencyKey = '';
  /** After a refusal: the words, and whether the connection is of no further use. */
  detail = '';
  mustClose = false;

  #lengthCount = 0;
  #keyCount = 0;
  #typeCount = 0;
  #hasTransferEncoding = false;
  #hasContentEncoding = false;
  /** An expectation besides the one that the server itself has met by now. */
  #hasExpect = false;

  read(request: RawRequest): void {
    this.contentLength = ABSENT;
    this.contentType = '';
    this.prefer = '';
    this.idempotencyKey = '';
    this.#lengthCount = 0;
    this.#keyCount = 0;
    this.#typeCount = 0;
    this.#hasTransferEncoding = false;
    this.#hasContentEncoding = false;
    this.#hasExpect = false;
    request.forEach(this.#visit);
  }

  readonly #visit = (name: string, value: string): void => {
    switch (name.length) {
      case 6:
        if (name === 'prefer') this.prefer = this.prefer === '' ? value : `${this.prefer},${value}`;
        else if (name === 'expect') this.#hasExpect = value.toLowerCase() !== '100-continue';
        break;
      case 12:
        if (name === 'content-type') {
          this.contentType = value;
          this.#typeCount += 1;
        }
        break;
      case 14:
        if (name === 'content-length') {
          this.contentLength = parseLength(value);
          this.#lengthCount += 1;
        }
        break;
      case 15:
        if (name === 'idempotency-key') {
          this.idempotencyKey = value;
          this.#keyCount += 1;
        }
        break;
      case 16:
        if (name === 'content-encoding') this.#hasContentEncoding = true;
        break;
      case 17:
        if (name === 'transfer-encoding') this.#hasTransferEncoding = true;
        break;
      default:
    }
  };

  /** 0, or the catalogue number of why a body with these headers is not read. */
  bodyRefusal(maxBytes: number): number {
    const length = this.contentLength;
    this.mustClose = true;
    if (this.#hasTransferEncoding || length === ABSENT) {
      return this.#refuse(
        ERRORS.ERR_HTTP_LENGTH_REQUIRED.id,
        'body needs a Content-Length; chunked bodies are refused',
      );
    }
    if (this.#lengthCount > 1 || length === MALFORMED) {
      return this.#refuse(ERRORS.ERR_HTTP_BAD_REQUEST.id, 'Content-Length must be one number');
    }
    if (length > maxBytes) {
      return this.#refuse(ERRORS.ERR_HTTP_TOO_LARGE.id, `body bytes=${length} max=${maxBytes}`);
    }
    if (this.#hasExpect) {
      return this.#refuse(ERRORS.ERR_HTTP_EXPECTATION.id, 'Expect may be 100-continue only');
    }
    this.mustClose = false;
    if (this.#hasContentEncoding) {
      return this.#refuse(ERRORS.ERR_HTTP_MEDIA_TYPE.id, 'body must not have a Content-Encoding');
    }
    if (this.#typeCount > 1) {
      return this.#refuse(ERRORS.ERR_HTTP_MEDIA_TYPE.id, 'Content-Type must be given once');
    }
    if (length === 0) return this.#refuse(ERRORS.ERR_EVENT_EMPTY.id, 'body bytes=0');
    return 0;
  }

  /**
   * Reads the Idempotency-Key, a structured-field string (in quotes) or a bare one; '' if there is none.
   * @returns false for one that is refused: `detail` says why
   */
  hasValidIdempotencyKey(maxBytes: number): boolean {
    if (this.#keyCount === 0) return true;
    const text = this.idempotencyKey;
    const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
    const key = isQuoted ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : text;
    this.idempotencyKey = key;
    if (this.#keyCount === 1 && key.length > 0 && key.length <= maxBytes && isPrintable(key)) return true;
    this.detail = `Idempotency-Key must be one of 1 to ${maxBytes} printable ASCII characters`;
    return false;
  }

  #refuse(errorId: number, detail: string): number {
    this.detail = detail;
    return errorId;
  }
}

/** Writes a text that is printable ASCII. @returns its length */
export function writeAscii(text: string, bytes: Uint8Array): number {
  const { length } = text;
  for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index);
  return length;
}

function parseLength(text: string): number {
  const { length } = text;
  if (length === 0 || length > MAX_LENGTH_DIGITS) return MALFORMED;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return MALFORMED;
    value = value * 10 + digit;
  }
  return value;
}

export function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
