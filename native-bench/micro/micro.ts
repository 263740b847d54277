import { availableParallelism } from 'node:os';
import { Bench } from 'tinybench';
import { figure, table } from '../canonical/print.ts';

/** One thing to measure. `run` does it `operations` times and returns a number that depends on all of them. */
export interface MicroCase {
  name: string;
  operations: number;
  run: () => number;
  /** What `run` must return; undefined where it differs from call to call. */
  checksum?: number;
}

/**
 * Runs the cases one after the other and prints nanoseconds per operation. A wrong checksum ends the process with 1: a
 * loop that the compiler threw away is no measurement.
 *
 * `--small` runs each case for a moment only, to see that it works.
 */
export async function runMicro(title: string, cases: readonly MicroCase[]): Promise<void> {
  const bench = new Bench({ time: process.argv.includes('--small') ? 20 : 1000 });
  for (const { name, run, checksum } of cases) {
    bench.add(name, () => {
      const result = run();
      if (checksum !== undefined && result !== checksum) {
        console.error(`WRONG ${title}: ${name} checksum=${result} expected=${checksum}`);
        process.exit(1);
      }
    });
  }
  await bench.run();
  const rows = bench.tasks.map((task, index) => {
    const { operations } = cases[index] as MicroCase;
    const { result } = task;
    if (!('latency' in result)) throw new Error(`${title}: ${task.name} did not finish`);
    const nsPerOperation = (result.latency.p50 * 1e6) / operations;
    return [task.name, figure(nsPerOperation), figure(1e9 / nsPerOperation)];
  });
  console.log(`${title}   node=${process.version} cores=${availableParallelism()} median of ${bench.time} ms each`);
  console.log(`${table([['case', 'ns', 'per second'], ...rows])}\n`);
}
