import { PROBLEM_CONTENT_TYPE, problemOf } from '../http/problem.ts';
import type { RawResponse } from '../http/server.ts';
import { statusLine } from '../http/status.ts';
import type { Refusal } from './refusal.ts';

/** Answers with problem+json; `isClosing` ends the connection with it. Inside or outside of the request's callbacks. */
export function sendRefusal(response: RawResponse, refusal: Refusal, isClosing: boolean): void {
  const { details, partition, retryAfterMs } = refusal;
  const extra = {
    ...(details === undefined ? {} : { details }),
    ...(partition === undefined ? {} : { partition }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const body = JSON.stringify(problemOf(refusal.code, refusal.detail, extra));
  response.cork(() => {
    response.writeStatus(statusLine(refusal.status));
    response.writeHeader('Content-Type', PROBLEM_CONTENT_TYPE);
    if (retryAfterMs !== undefined) response.writeHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
    response.end(body, isClosing);
  });
}
