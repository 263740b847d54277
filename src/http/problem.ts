import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { nextRequestId } from './request-id.ts';

/** Prefix of every problem's `type`; what follows is the code in lower case with dashes. */
const TYPE_PREFIX = 'urn:moka:problem:';

/** Details longer than this are cut: an answer never echoes a whole input. */
const MAX_DETAIL_CHARACTERS = 512;

/** RFC 9457, with the members every refusal of moka carries. `extra` adds members of its own. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly requestId: string;
  readonly retryable: boolean;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export function problemOf(code: ErrorCode, detail: string, extra?: object): Problem {
  const entry = ERRORS[code];
  return {
    type: TYPE_PREFIX + code.slice('ERR_'.length).toLowerCase().replaceAll('_', '-'),
    title: entry.title,
    status: entry.status,
    code,
    detail: detail.length > MAX_DETAIL_CHARACTERS ? `${detail.slice(0, MAX_DETAIL_CHARACTERS)}…` : detail,
    requestId: nextRequestId(),
    retryable: entry.isRetryable,
    ...extra,
  };
}
