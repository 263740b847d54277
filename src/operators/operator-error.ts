import { type ErrorPlace, MokaError } from '../base/errors.ts';

/**
 * User code of an operator failed: it threw, returned a promise, changed what it was given, or returned something that
 * cannot be used. The event it was working on is undone as a whole.
 */
export class OperatorError extends MokaError {
  override readonly name: string = 'OperatorError';
  readonly reason: string;

  constructor(operator: string, reason: string, place: ErrorPlace = {}) {
    super('ERR_OPERATOR_FAILED', `operator=${operator} ${placeOf(place)}reason=${reason}`, { ...place, operator });
    this.reason = reason;
  }
}

function placeOf({ partition, offset }: ErrorPlace): string {
  return partition === undefined ? '' : `partition=${partition} offset=${offset} `;
}
