import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedClock } from '../../src/base/clock.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { ANY_EPOCH } from '../../src/query/position.ts';
import { removeDirectory, scratchDirectory } from '../run/places.ts';
import { journalRow } from './driver-run.ts';
import { EPOCH_MS, movedBack, movedOn } from './era.ts';
import { experimentOf } from './kinds/kinds.ts';
import { NotApplicable } from './not-applicable.ts';
import type { Row } from './row.ts';
import { stageOf } from './scene.ts';
import { stepsOf } from './steps.ts';
import type { Vector } from './vector.ts';
import type { Value } from './words.ts';

const PAGE_ROWS = 1000;
/** A lane that has looked at the clock so often after it was set has seen to all that was due. */
const LOOKS = 16;
const WAKE_MS = 3;
const QUIET = {
  http: { port: 0 },
  admin: { port: 0 },
  log: { segmentBytes: 4 * 1024 * 1024 },
  logLevel: 'error',
} as const;

/**
 * Runs a vector's inputs through an engine of its own: worker thread, log, flushes, checkpoints, and an end and a new
 * start where the vector says so, and half way through.
 *
 * @param partitions with more than one, in two threads
 * @returns what came out, in order; of several partitions one after the other, for each input
 */
export async function runInEngine(vector: Vector, partitions = 1): Promise<Row[]> {
  const experiment = experimentOf(vector);
  if (experiment.driverOnly !== undefined) throw new NotApplicable(experiment.driverOnly);
  const { inputs = vector.inputs, steps: stepsFor = stepsOf } = experiment;
  const { outputs } = stageOf(experiment, inputs);
  const directory = scratchDirectory('vector');
  const module = join(directory, 'topology.mjs');
  writeFileSync(module, moduleOf(vector));
  const options = { ...QUIET, partitions, workers: Math.min(2, partitions), dataDir: join(directory, 'data') };
  const clock = new SharedClock();
  let now = EPOCH_MS;
  clock.set(now);
  let engine = await createEngine(module, options, clock);
  try {
    const rows: Row[] = [];
    const seen = new Set<string>();
    const reached = new Map<number, number>();
    for (const [index, input] of inputs.entries()) {
      const offsets: (number | null)[] = [];
      const isHalfWay = index > 0 && index === inputs.length >> 1;
      for (const step of [...(isHalfWay ? (['restart'] as const) : []), ...stepsFor(input, index)]) {
        if (step === 'restart') {
          await engine.close();
          engine = await createEngine(module, options, clock);
        } else if ('send' in step) {
          const { partition, offset } = await engine.ingest(step.send, movedOn(step.event, EPOCH_MS));
          reached.set(partition, offset);
          // What goes on in another partition has an offset of its own there.
          offsets.push(partitions === 1 ? offset : null);
        } else {
          now = 'advanceMs' in step ? now + step.advanceMs : EPOCH_MS + step.untilMs;
          clock.set(now);
          await seeTo(engine, clock);
          // Time brings about what it likes.
          offsets.push(null);
        }
      }
      for (const output of outputs) {
        for (const [number, entry] of await journal(engine, output, reached)) {
          // Each partition has numbers of its own, and a key is in one partition.
          const name = `${output} ${number} ${entry.key}`;
          if (seen.has(name)) continue;
          seen.add(name);
          rows.push(journalRow(output, entry, index, offsets));
        }
      }
    }
    return movedBack(rows, EPOCH_MS);
  } finally {
    await engine.close();
    removeDirectory(directory);
  }
}

/** Waits until the lane has seen to what is due by the clock. */
async function seeTo(engine: Engine, clock: SharedClock): Promise<void> {
  const until = clock.readCount + LOOKS;
  while (clock.readCount < until) {
    await fetch(`${engine.adminUrl}/admin/checkpoint`, { method: 'POST' });
    await sleep(WAKE_MS);
  }
}

/** A module of its own for each vector: every thread imports it, and none of them twice. */
function moduleOf(vector: Vector): string {
  const shared = new URL('./engine-topology.js', import.meta.url).href;
  return `import { topologyOf } from ${JSON.stringify(shared)};\nexport const topology = topologyOf(${JSON.stringify(vector)});\n`;
}

/** @param reached by partition, the offset up to which all that came of the events is waited for, wherever it goes */
async function journal(
  engine: Engine,
  output: string,
  reached: ReadonlyMap<number, number>,
): Promise<[string, JournalEntry<Value>][]> {
  const view = engine.view<JournalEntry<Value>>(output);
  const entries: [string, JournalEntry<Value>][] = [];
  const after = [...reached].map(([partition, offset]) => ({ partition, offset, epoch: ANY_EPOCH }));
  let cursor: string | undefined;
  do {
    const page: Awaited<ReturnType<typeof view.range>> = await view.range({ limit: PAGE_ROWS, cursor, after });
    entries.push(...page.rows.map(({ key, value }): [string, JournalEntry<Value>] => [key, value]));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return entries;
}
