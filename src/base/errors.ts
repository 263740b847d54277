import { ERRORS, type ErrorCode } from './error-catalogue.ts';

export interface ErrorPlace {
  partition?: number;
  offset?: number;
  operator?: string;
  cause?: unknown;
}

/**
 * An operating failure that somebody can act on. `code` is stable and stands in the catalogue with the HTTP status and
 * whether a retry can help; the message is a noun and `key=value` pairs that name what failed.
 */
export class MokaError extends Error {
  override readonly name: string = 'MokaError';
  readonly code: ErrorCode;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  readonly operator: string | undefined;

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.code = code;
    this.partition = place.partition;
    this.offset = place.offset;
    this.operator = place.operator;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].isRetryable;
  }
}
