import { availableParallelism } from 'node:os';
import { MokaError } from '../base/errors.ts';
import type { ReplayReport } from './replay.ts';
import { PROGRESS_END, type ReplayJob, type ReplayOutcome } from './replay-job.ts';
import { openPool } from './worker-pool.ts';

/**
 * Replays partitions in threads of their own, one job for each, no more of them at a time than there are cores. Jobs end
 * by themselves; none is aborted.
 */
export class ReplayPool {
  readonly #pool: ReturnType<typeof openPool>;
  readonly #progress: SharedArrayBuffer;
  readonly #jobs: Promise<ReplayOutcome>[] = [];

  /**
   * @param partitions of the data directory
   * @param jobs that there will be
   */
  constructor(partitions: number, jobs: number) {
    this.#progress = new SharedArrayBuffer(4 * partitions);
    this.#pool = openPool('../engine/replay-job.js', 'runReplay', Math.min(jobs, availableParallelism()), jobs);
    // What fails, fails its job; without a listener the process would end.
    this.#pool.on('error', () => {});
  }

  /**
   * @throws MokaError ERR_LOG_DAMAGED, ERR_CHECKPOINT_DAMAGED, ERR_DATA_UNUSABLE, ERR_TOPOLOGY_CHANGED, ERR_TOPOLOGY_LOAD,
   * ERR_NOT_READY
   */
  async run(job: Omit<ReplayJob, 'progress'>): Promise<ReplayReport> {
    const running = this.#pool.run({ ...job, progress: this.#progress } satisfies ReplayJob) as Promise<ReplayOutcome>;
    this.#jobs.push(running);
    const outcome = await running;
    if ('report' in outcome) return outcome.report;
    const { code, message } = outcome.failure;
    throw new MokaError(code, message, { partition: job.partition });
  }

  /** Partitions that are done, with parts of those that are not. */
  get progress(): number {
    return new Int32Array(this.#progress).reduce((sum, part) => sum + part, 0) / PROGRESS_END;
  }

  /** Waits for every job to end, then gives the threads back. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#jobs);
    await this.#pool.close();
  }
}
