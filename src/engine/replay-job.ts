import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import type { DataDirectory } from './data-directory.ts';
import { type ReplayReport, type ReplayStart, replayPartition } from './replay.ts';
import { importTopology, type TopologyModule } from './topology-loader.ts';

/** One partition's replay, as a job for a thread of the pool. */
export interface ReplayJob {
  readonly directory: DataDirectory;
  readonly partition: number;
  readonly topology: TopologyModule;
  readonly from: ReplayStart | null;
  readonly view: string | null;
  /** What the engine that runs has just saved; null: none does, or it was not asked. */
  readonly savedOffset: number | null;
  /** Directory of the environment that was the previous one before that; null: none was kept. */
  readonly kept: string | null;
  /** By partition, int32: how far it is, of `PROGRESS_END`. The job writes it, whoever shows it reads it. */
  readonly progress: SharedArrayBuffer;
  /** Where it says what it is in the middle of. */
  readonly whereabouts: SharedArrayBuffer;
}

/** What an error keeps of itself on its way between threads. */
export interface ReplayFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

export type ReplayOutcome = { readonly report: ReplayReport } | { readonly failure: ReplayFailure };

export const PROGRESS_END = 10_000;

/** What every thread of a `ReplayPool` runs. */
export async function runReplay(job: ReplayJob): Promise<ReplayOutcome> {
  const { directory, partition, from, view, savedOffset, kept } = job;
  const progress = new Int32Array(job.progress);
  try {
    const report = replayPartition({
      directory,
      partition,
      topology: await importTopology(job.topology),
      ...(from === null ? {} : { from }),
      ...(view === null ? {} : { view }),
      ...(savedOffset === null ? {} : { savedOffset }),
      ...(kept === null ? {} : { kept }),
      whereabouts: new Whereabouts(job.whereabouts),
      onProgress: (offset, through) => {
        Atomics.store(progress, partition, through <= 0 ? 0 : Math.floor((offset / through) * PROGRESS_END));
      },
    });
    return { report };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (typeof code === 'string' && code in ERRORS) return { failure: { code: code as ErrorCode, message } };
    throw error;
  } finally {
    Atomics.store(progress, partition, PROGRESS_END);
  }
}
