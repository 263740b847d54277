import { ERRORS, type ErrorCode, errorCodeOf } from '../base/error-catalogue.ts';

/** Why one event was not taken, in the words every transport uses. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  /** What is wrong with a body that does not fit, by JSON pointer. */
  readonly details?: readonly RefusalDetail[];
  /** Of a retryable refusal. */
  readonly partition?: number;
  readonly retryAfterMs?: number;
}

export interface RefusalDetail {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * @param text the detail as a lane gives it: words, or a JSON array of pointers and what is wrong there
 */
export function refusalOf(errorId: number, text: string): Refusal {
  const code = errorCodeOf(errorId) ?? 'ERR_FRAME_INVALID';
  const entry = ERRORS[code];
  const details = text.startsWith('[') ? readDetails(text) : undefined;
  if (details === undefined) return { status: entry.status, code, detail: text === '' ? entry.title : text };
  const first = details[0];
  const detail =
    first === undefined ? entry.title : `${first.pointer === '' ? 'body' : first.pointer}: ${first.detail}`;
  return { status: entry.status, code, detail, details };
}

/** A text that was cut short on its way is no array any more and stays text. */
function readDetails(text: string): RefusalDetail[] | undefined {
  try {
    return JSON.parse(text) as RefusalDetail[];
  } catch {
    return undefined;
  }
}
