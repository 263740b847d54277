import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { WorkerTask } from './worker-task.ts';

/**
 * The threads of the engine: as many as tasks, one long task each, alive as long as the process. Nothing is ever queued,
 * aborted or terminated; a thread that ends before it was told to takes the process down.
 */
export class WorkerPool {
  readonly #pool: Piscina;
  readonly #tasks: Promise<void>[] = [];

  /** @param onFailure a thread ended, or the pool itself failed */
  constructor(threads: number, onFailure: (error: Error) => void) {
    this.#pool = openPool('../engine/worker-entry.js', 'runTask', threads, threads);
    this.#pool.on('error', onFailure);
  }

  /** Rejects when the task's thread fails. */
  run(task: WorkerTask): Promise<void> {
    const ports = task.kind === 'lanes' ? [task.port, ...task.queryPorts] : [task.port];
    const done = this.#pool.run(task, { transferList: ports }) as Promise<void>;
    this.#tasks.push(done);
    return done;
  }

  /** Waits for every task to end by itself, then gives the threads back. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#tasks);
    await this.#pool.close();
  }
}

/**
 * Threads that run the function `name` of a module, each one task at a time. Whoever opens the pool listens to its errors.
 *
 * @param module as seen from a room: the built code stands in files of other names, but at the same depth
 * @param threads held as long as the pool is open
 * @param tasks at most at any time
 */
export function openPool(module: string, name: string, threads: number, tasks: number): Piscina {
  return new Piscina({
    filename: fileURLToPath(new URL(module, import.meta.url)),
    name,
    minThreads: threads,
    maxThreads: threads,
    maxQueue: tasks,
    concurrentTasksPerWorker: 1,
    // An idle thread would block its event loop in Atomics.wait.
    atomics: 'disabled',
    recordTiming: false,
  });
}
