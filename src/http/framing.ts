import type { ErrorCode } from '../base/error-catalogue.ts';
import type { RawRequest } from './server.ts';

/** Why it is not certain where a request ends. */
export interface FramingFault {
  readonly code: ErrorCode;
  readonly detail: string;
}

const TRANSFER_ENCODING: FramingFault = {
  code: 'ERR_HTTP_LENGTH_REQUIRED',
  detail: 'body needs a Content-Length; chunked bodies are refused',
};
const LENGTHS: FramingFault = { code: 'ERR_HTTP_BAD_REQUEST', detail: 'Content-Length must be one number' };

let transferEncodings = 0;
let lengths = 0;

/**
 * The server reads chunks laxly and takes the first of two lengths. A proxy in front that reads them otherwise would
 * let through, as a body, what is the next request here; so such a request is answered and its connection closed,
 * whatever it asks for. Headers are counted, since a look-up by name sees the first alone.
 *
 * @returns null: the request ends where everybody says it does
 */
export function framingFault(request: Pick<RawRequest, 'forEach'>): FramingFault | null {
  transferEncodings = 0;
  lengths = 0;
  request.forEach(count);
  if (transferEncodings !== 0) return TRANSFER_ENCODING;
  return lengths > 1 ? LENGTHS : null;
}

function count(name: string): void {
  if (name === 'transfer-encoding') transferEncodings += 1;
  else if (name === 'content-length') lengths += 1;
}
