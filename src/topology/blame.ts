import { AssertionError } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import type { EventContext } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import { OperatorError } from '../operators/operator-error.ts';

/** @returns the error to throw: an OperatorError that names the operator if user code failed, else what it was */
export function blame(error: unknown, position: EventContext, context: OperatorContext): unknown {
  const { partition, offset } = position;
  const operator = context.running;
  if (error instanceof OperatorError)
    return new OperatorError(operator, error.reason, { partition, offset, cause: error.cause });
  // A fault that no user code was running at, or that is ours or the box's, is none of an operator's.
  if (operator === '' || error instanceof MokaError || error instanceof AssertionError) return error;
  return new OperatorError(operator, reasonOf(error), { partition, offset, cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'threw something that is no error';
  // What strict mode says when somebody writes to a frozen object.
  const isMutation =
    error instanceof TypeError && /read only|not extensible|Cannot delete property/.test(error.message);
  return isMutation ? `changed what it was given: ${error.message}` : `threw ${error.name}: ${error.message}`;
}
