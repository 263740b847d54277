import { unwatch, watch } from '../operators/determinism.ts';
import type { Answer, AskingOperator } from '../operators/lookup.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import type { Pipeline, PipelineTiming } from './compiled.ts';

/** Development mode: a pipeline whose functions are caught when they ask a clock or a dice of their own. */
export class WatchedPipeline implements Pipeline {
  readonly timing: PipelineTiming | null;
  readonly #pipeline: Pipeline;
  readonly #context: OperatorContext;

  constructor(pipeline: Pipeline, context: OperatorContext) {
    this.#pipeline = pipeline;
    this.#context = context;
    this.timing = pipeline.timing === null ? null : this.#watchedTiming(pipeline.timing);
  }

  process(streamId: number, key: string, value: unknown, eventTime: number): void {
    this.#watch(() => this.#pipeline.process(streamId, key, value, eventTime));
  }

  processMoved(hop: number, key: string, next: unknown, previous: unknown, time: number): void {
    this.#watch(() => this.#pipeline.processMoved(hop, key, next, previous, time));
  }

  processMark(hop: number, peer: number, watermark: number, isIdle: boolean): void {
    this.#pipeline.processMark(hop, peer, watermark, isIdle);
  }

  processAnswer(lookup: number, answer: Answer): void {
    this.#watch(() => this.#pipeline.processAnswer(lookup, answer));
  }

  dropQuestion(lookup: number, number: number): void {
    this.#pipeline.dropQuestion(lookup, number);
  }

  get asking(): readonly AskingOperator[] {
    return this.#pipeline.asking;
  }

  #watchedTiming(timing: PipelineTiming): PipelineTiming {
    return {
      get nextLogTime() {
        return timing.nextLogTime;
      },
      get nextIdleTime() {
        return timing.nextIdleTime;
      },
      get dueEventTime() {
        return timing.dueEventTime;
      },
      fireLogTime: (now) => this.#watch(() => timing.fireLogTime(now)),
      fireEventTime: () => this.#watch(() => timing.fireEventTime()),
      dropFired: () => timing.dropFired(),
      dropDue: (isByLogTime, logTime) => timing.dropDue(isByLogTime, logTime),
      judgeIdle: (logTime) => timing.judgeIdle(logTime),
    };
  }

  #watch(run: () => void): void {
    watch(this.#context);
    try {
      run();
    } finally {
      unwatch();
    }
  }
}
