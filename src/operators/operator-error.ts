import { type ErrorPlace, MokaError } from '../base/errors.ts';

/**
 * User code of an operator failed: it threw, returned a promise, changed its input, or returned something that cannot be
 * used. The event it was given is undone as a whole.
 */
export class OperatorError extends MokaError {
  override readonly name: string = 'OperatorError';

  constructor(operator: string, reason: string, place: ErrorPlace = {}) {
    super('ERR_OPERATOR_FAILED', `operator=${operator} reason=${reason}`, { ...place, operator });
  }
}
