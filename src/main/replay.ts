import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { type DataDirectory, openDataDirectory, stateDirectory } from '../engine/data-directory.ts';
import { endProcess } from '../engine/end-process.ts';
import type { ReplayReport, ReplayStart } from '../engine/replay.ts';
import type { ReplayJob } from '../engine/replay-job.ts';
import type { ReplayWatch } from '../engine/replay-watch.ts';
import { type SavedEngine, saveRunningEngine } from '../engine/running-engine.ts';
import { importTopology, prepareTopology, type TopologyModule } from '../engine/topology-loader.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { keepPrevious } from '../store/held-environments.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { type ConfigFlags, configOf, wholeNumber, withConfigFile } from './config-options.ts';
import { fail } from './failure.ts';
import { durationText, Progress, painter, paragraphs, printJson, printLine } from './output.ts';

const DESCRIPTION = `compute the state again from the log, and compare

Runs the events of each partition through the topology once more, from the beginning of its log or from the
checkpoint before the last, and compares every row with the state of the engine: they must be the same, bit for bit. The
partitions are replayed side by side, in a thread for each core. Ends with ${EXIT_CODES.damaged} if something is not
the same, or if the log cannot be read, and with ${EXIT_CODES.stuck} if an operator does not return for watchdogMs.

An engine that runs on the data directory is asked, on its admin listener, to save the state it has now, and goes on
meanwhile; nothing else is asked of it, and no file is changed. Without an engine the last checkpoint is compared, which is
all there is after an end in good order; offsets that came in behind it, before a crash, are named. Where no older state
is kept with the log behind it, nothing is computed, and the verdict is NOT REPLAYED.

--from takes an offset, or a time: ISO 8601 such as 2026-01-31T08:00:00Z, or @ and ms since 1970. It says how old the
state may be that the replay begins with; from the beginning is always an answer.`;

const REDRAW_MS = 100;

interface Flags extends ConfigFlags {
  partition?: number;
  from?: ReplayStart;
  view?: string;
  checkpoint: boolean;
}

export function addReplay(program: Command): void {
  withConfigFile(program.command('replay'))
    .description(paragraphs(DESCRIPTION))
    .summary('compute the state again and compare it')
    .option('--topology <file>', 'module that exports the topology, .ts or .js (default: the coffee shop)')
    .option('--partition <n>', 'this partition only (default: all, side by side)', wholeNumber)
    .option('--from <offset|time>', 'begin with the last known state that is not behind this', startOf)
    .option('--view <name>', 'compare this view only (default: all state)')
    .option('--no-checkpoint', 'leave a running engine alone: compare with the checkpoint it made last')
    .option('--json', 'print JSON, one object per partition')
    .action(replay);
}

async function replay(flags: Flags): Promise<void> {
  const config = configOf(flags);
  if (!existsSync(join(config.dataDir, 'moka.json'))) {
    throw new MokaError('ERR_DATA_UNUSABLE', `no data directory=${config.dataDir}; choose it with --data`);
  }
  const directory = openDataDirectory(new NodeDisk(), config.dataDir, 0, 1);
  const { partition } = flags;
  if (partition !== undefined && partition >= directory.partitions) {
    throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${config.dataDir} has partitions=${directory.partitions}`);
  }
  const partitions = partition === undefined ? [...Array(directory.partitions).keys()] : [partition];
  const scratch = mkdtempSync(join(tmpdir(), 'moka-replay-'));
  try {
    const module = await prepareTopology(config.topology || coffeeShop(), scratch);
    const topology = await importTopology(module);
    await checkView(topology, flags.view);
    const { ReplayWatch } = await import('../engine/replay-watch.ts');
    const watch = new ReplayWatch(new NodeDisk(), directory, topology, config.watchdogMs, (error) => {
      fail(error, flags.json);
      rmSync(scratch, { recursive: true });
      endProcess('stuck');
    });
    try {
      await replayBesideEngine(directory, partitions, module, watch, flags);
    } finally {
      watch.stop();
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Has an engine that runs save its state first, and keeps the older state that it may let go of then. */
async function replayBesideEngine(
  directory: DataDirectory,
  partitions: readonly number[],
  topology: TopologyModule,
  { whereabouts }: ReplayWatch,
  { checkpoint, from, view, json = false }: Flags,
): Promise<void> {
  const disk = new NodeDisk();
  const states = partitions.map((partition) => stateDirectory(directory.path, partition));
  const kept = states.map((state) => (checkpoint ? keepPrevious(disk, state) : null));
  try {
    const engine = checkpoint ? await saveRunningEngine(directory.path) : null;
    if (engine !== null && !json) printLine(`engine pid=${engine.pid} has saved the state that is compared`);
    const jobs = partitions.map((partition, index) => ({
      directory,
      partition,
      topology,
      from: from ?? null,
      view: view ?? null,
      savedOffset: engine?.offsets[partition] ?? null,
      kept: kept[index]?.directory ?? null,
      whereabouts: whereabouts[partition] as SharedArrayBuffer,
    }));
    await replayAll(jobs, directory.partitions, engine, json);
  } finally {
    for (const environment of kept) environment?.release();
  }
}

/** Tells what came of each partition in their order; then, if one failed, of the first that did. */
async function replayAll(
  jobs: readonly Omit<ReplayJob, 'progress'>[],
  partitionCount: number,
  engine: SavedEngine | null,
  isJson: boolean,
): Promise<void> {
  // here and not on top: the other commands work, and explain, where a native binary does not load
  const { ReplayPool } = await import('../engine/replay-pool.ts');
  const pool = new ReplayPool(partitionCount, jobs.length);
  const progress = new Progress('replay', jobs.length, { isQuiet: isJson });
  const redraw = setInterval(() => progress.update(pool.progress), REDRAW_MS);
  try {
    const outcomes = await Promise.allSettled(jobs.map((job) => pool.run(job)));
    progress.end();
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') tell(outcome.value, engine, isJson);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    clearInterval(redraw);
    await pool.close();
  }
}

function tell(report: ReplayReport, engine: SavedEngine | null, isJson: boolean): void {
  const { partition, base, fromOffset, throughOffset, logThroughOffset, events, rows, ms, differences } = report;
  if (differences.length > 0) process.exitCode = EXIT_CODES.damaged;
  if (isJson) {
    printJson({ event: 'replay', enginePid: engine === null ? null : Number(engine.pid), ...report });
    return;
  }
  if (base === null) {
    printLine(`partition ${partition}: no checkpoint yet, nothing to compare`);
  } else {
    const start = base === 'empty' ? 'from the beginning' : `from the checkpoint at ${fromOffset - 1}`;
    const work = `events=${events} rows=${rows} ${start} through ${throughOffset}  ${durationText(ms)}`;
    printLine(`partition ${partition}: ${verdictOf(report)}  ${work}`);
    for (const difference of differences) printLine(`  ${difference}`);
  }
  if (logThroughOffset === null || logThroughOffset <= throughOffset) return;
  printLine(`  behind the checkpoint, not compared: offsets ${throughOffset + 1} to ${logThroughOffset}`);
}

/** Where the only older state is the one that is compared, nothing was computed, and nothing shown. */
function verdictOf({ base, fromOffset, throughOffset, differences }: ReplayReport): string {
  const paint = painter(process.stdout);
  if (differences.length > 0) return paint('red', 'DIFFERENT');
  const isReplayed = base === 'empty' || fromOffset <= throughOffset;
  if (!isReplayed) return paint('yellow', 'NOT REPLAYED, no older state with its log is kept');
  return paint('green', 'the same');
}

async function checkView(topology: CompiledTopology, view: string | undefined): Promise<void> {
  const { laneViews } = await import('../worker/lane-stores.ts');
  const names = laneViews(topology).map(({ name }) => name);
  if (view === undefined || names.includes(view)) return;
  throw new MokaError('ERR_VIEW_UNKNOWN', `no view=${view}; use one of ${names.join(', ')}`);
}

function coffeeShop(): string {
  return fileURLToPath(new URL('../examples/coffee-shop/topology.js', import.meta.url));
}

/** A whole number is an offset, whatever its size; a time is a date, or a number behind an `@`. */
function startOf(text: string): ReplayStart {
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) };
  const time = /^@\d{1,15}$/.test(text) ? Number(text.slice(1)) : /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return { time };
  throw new InvalidArgumentError('It must be an offset, a time such as 2026-01-31T08:00:00Z, or @ and ms since 1970.');
}
