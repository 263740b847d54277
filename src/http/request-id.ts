import { randomBytes } from 'node:crypto';

/** Names one request in an error body and in the log: random per process, then counted. Only refusals need one. */
const PROCESS_PREFIX = randomBytes(6).toString('base64url');
let requestCount = 0;

export function nextRequestId(): string {
  requestCount += 1;
  return `${PROCESS_PREFIX}-${requestCount.toString(36)}`;
}
