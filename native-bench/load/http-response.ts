/**
 * Reads HTTP/1.1 responses that carry Content-Length, from bytes and without making strings. One parser serves all
 * connections: its fields describe the response parsed last.
 */
const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const HEAD_MIN = 'HTTP/1.1 200'.length;
const CONTENT_LENGTH = Buffer.from('content-length');
const RETRY_AFTER = Buffer.from('retry-after');
const CONNECTION = Buffer.from('connection');

export const INCOMPLETE = -1;

export class ResponseParser {
  status = 0;
  retryAfterSeconds = 0;
  bodyStart = 0;
  bodyEnd = 0;
  isClosing = false;
  #contentLength = 0;

  /** The end of the response that begins at `start`, or INCOMPLETE. */
  parse(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < HEAD_MIN) return INCOMPLETE;
    this.status = digitsAt(bytes, start + 9, start + 12);
    this.retryAfterSeconds = 0;
    this.isClosing = false;
    this.#contentLength = 0;
    let line = start;
    for (let index = start; index + 1 < end; index++) {
      if (bytes[index] !== CR || bytes[index + 1] !== LF) continue;
      if (index === line) return this.#finish(index + 2, end);
      this.#header(bytes, line, index);
      line = index + 2;
      index++;
    }
    return INCOMPLETE;
  }

  #finish(bodyStart: number, end: number): number {
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyStart + this.#contentLength;
    return this.bodyEnd <= end ? this.bodyEnd : INCOMPLETE;
  }

  #header(bytes: Uint8Array, start: number, end: number): void {
    const colon = bytes.indexOf(COLON, start);
    if (colon < 0 || colon >= end) return;
    let value = colon + 1;
    while (bytes[value] === SPACE) value++;
    if (isName(bytes, start, colon, CONTENT_LENGTH)) this.#contentLength = digitsAt(bytes, value, end);
    else if (isName(bytes, start, colon, RETRY_AFTER)) this.retryAfterSeconds = digitsAt(bytes, value, end);
    else if (isName(bytes, start, colon, CONNECTION)) this.isClosing = ((bytes[value] as number) | 32) === 99;
  }
}

function isName(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (((bytes[start + index] as number) | 32) !== name[index]) return false;
  }
  return true;
}

function digitsAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = (bytes[index] as number) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
