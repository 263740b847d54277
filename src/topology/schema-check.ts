import type { ErrorCode } from '../base/error-catalogue.ts';

/** One thing that is wrong with an event. */
export interface SchemaIssue {
  /** JSON pointer to the value (RFC 6901); empty for the event itself. */
  readonly pointer: string;
  readonly detail: string;
  readonly code: Extract<ErrorCode, 'ERR_EVENT_SCHEMA' | 'ERR_EVENT_NUMBER_RANGE'>;
}
