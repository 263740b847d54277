import { openSync, readSync } from 'node:fs';
import type { NexmarkQuery } from './query.ts';
import type { WorkloadOptions } from './workload.ts';

/** What one run of a query has cost. Times are in seconds. */
export interface Measured {
  readonly query: string;
  /** Whether every event was logged and flushed, and its state checkpointed. */
  readonly isDurable: boolean;
  /** Events per second of event time. */
  readonly density: number;
  readonly events: number;
  /** Rows that the query emitted. */
  readonly rows: number;
  readonly seconds: number;
  /** CPU of the whole process: all threads, the kernel's part, garbage collection, the generator. */
  readonly cpuSeconds: number;
  /** Of that, what the generator took, and handing its events over. */
  readonly senderSeconds: number;
  /** Checkpoints that were committed. */
  readonly checkpoints: number;
}

/** @param directory an empty one, for who needs a disk */
export type Measure = (query: NexmarkQuery, workload: WorkloadOptions, directory: string) => Promise<Measured>;

/**
 * Takes the CPU time that this thread spends in a part of a run. A process has other threads that flush and collect
 * garbage meanwhile: theirs is none of it.
 */
export class Stopwatch {
  #micros = 0;
  #startedAt = 0;

  start(): void {
    this.#startedAt = threadMicros();
  }

  stop(): void {
    this.#micros += threadMicros() - this.#startedAt;
  }

  get seconds(): number {
    return this.#micros / 1e6;
  }
}

/** Wall clock and CPU of the process from its making on. */
export class ProcessCost {
  readonly #startedAt = performance.now();
  readonly #micros = processMicros();

  read(): { seconds: number; cpuSeconds: number } {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return { seconds, cpuSeconds: (processMicros() - this.#micros) / 1e6 };
  }
}

/** CPU time of this thread, where the system says so; else of all threads. Right over many parts, not over one: it may be
 * counted in ticks of some ms. */
function threadMicros(): number {
  if (SCHEDSTAT === null) return processMicros();
  // Its first number, in ns.
  const length = readSync(SCHEDSTAT, STATISTICS, 0, STATISTICS.length, 0);
  return Number.parseInt(STATISTICS.toString('latin1', 0, length), 10) / 1000;
}

const STATISTICS = Buffer.alloc(128);
const SCHEDSTAT = openSchedstat();

function openSchedstat(): number | null {
  try {
    return openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return null;
  }
}

/** CPU time of all threads, the kernel's part included. */
function processMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
