// data plane
import type { Answer, AskingOperator } from '../operators/lookup.ts';
import type { EventContext, Operator } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import { blame } from './blame.ts';
import type { Pipeline } from './compiled.ts';
import type { Timing } from './timing.ts';

/** Runs events through one partition's operators and says whose fault it was when one fails. */
export class OperatorPipeline implements Pipeline {
  readonly timing: Timing | null;
  readonly asking: readonly AskingOperator[];
  readonly #position: EventContext;
  readonly #context: OperatorContext;
  readonly #sources: readonly Operator[];
  readonly #hopEntries: readonly Operator[];

  /**
   * @param sources what follows each stream, by the stream's number
   * @param hopEntries what follows each hop, by the hop's number
   */
  constructor(
    position: EventContext,
    context: OperatorContext,
    sources: readonly Operator[],
    hopEntries: readonly Operator[],
    asking: readonly AskingOperator[],
    timing: Timing | null,
  ) {
    this.asking = asking;
    this.#position = position;
    this.#context = context;
    this.#sources = sources;
    this.timing = timing;
    this.#hopEntries = hopEntries;
  }

  process(streamId: number, key: string, value: unknown, eventTime: number): void {
    const context = this.#context;
    context.rowKey = key;
    context.running = '';
    try {
      (this.#sources[streamId] as Operator).push(key, value, undefined, eventTime);
      // After the event, so that it is never late for itself.
      if (this.timing !== null) this.timing.observe(streamId, value, eventTime);
    } catch (error) {
      throw blame(error, this.#position, context);
    }
  }

  processMoved(hop: number, key: string, next: unknown, previous: unknown, time: number): void {
    const context = this.#context;
    context.rowKey = key;
    context.running = '';
    try {
      (this.#hopEntries[hop] as Operator).push(key, next, previous, time);
      if (this.timing !== null) this.timing.observeMoved(hop, time);
    } catch (error) {
      throw blame(error, this.#position, context);
    }
  }

  processMark(hop: number, peer: number, watermark: number, isIdle: boolean): void {
    this.timing?.observeMark(hop, peer, watermark, isIdle);
  }

  processAnswer(lookup: number, answer: Answer): void {
    const context = this.#context;
    context.rowKey = '';
    context.running = '';
    try {
      (this.asking[lookup] as AskingOperator).answer(answer);
      this.timing?.observeAnswer();
    } catch (error) {
      throw blame(error, this.#position, context);
    }
  }

  dropQuestion(lookup: number, number: number): void {
    (this.asking[lookup] as AskingOperator).drop(number);
    this.timing?.observeAnswer();
  }
}
