// data plane
import { AssertionError } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import type { EventContext, Operator } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import { OperatorError } from '../operators/operator-error.ts';
import type { Pipeline } from './compiled.ts';

/** Runs events through one partition's operators and says whose fault it was when one fails. */
export class OperatorPipeline implements Pipeline {
  readonly #position: EventContext;
  readonly #context: OperatorContext;
  readonly #sources: readonly Operator[];

  /** @param sources what follows each stream, by the stream's number */
  constructor(position: EventContext, context: OperatorContext, sources: readonly Operator[]) {
    this.#position = position;
    this.#context = context;
    this.#sources = sources;
  }

  process(streamId: number, key: string, value: unknown, eventTime: number): void {
    const context = this.#context;
    context.key = key;
    context.running = '';
    try {
      (this.#sources[streamId] as Operator).push(key, value, undefined, eventTime);
    } catch (error) {
      throw this.#blame(error);
    }
  }

  #blame(error: unknown): unknown {
    const { partition, offset } = this.#position;
    const operator = this.#context.running;
    if (error instanceof OperatorError)
      return new OperatorError(operator, error.reason, { partition, offset, cause: error.cause });
    // A fault that no user code was running at, or that is ours or the box's, is none of an operator's.
    if (operator === '' || error instanceof MokaError || error instanceof AssertionError) return error;
    return new OperatorError(operator, reasonOf(error), { partition, offset, cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'threw something that is no error';
  // What strict mode says when somebody writes to a frozen object.
  const isMutation =
    error instanceof TypeError && /read only|not extensible|Cannot delete property/.test(error.message);
  return isMutation ? `changed what it was given: ${error.message}` : `threw ${error.name}: ${error.message}`;
}
