import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { openDataDirectory } from '../engine/data-directory.ts';
import { importTopology, prepareTopology } from '../engine/topology-loader.ts';
import { NodeDisk } from '../log/node-disk.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { type ConfigFlags, configOf, wholeNumber, withConfigFile } from './config-options.ts';
import { durationText, Progress, painter, paragraphs, printJson, printLine } from './output.ts';

const DESCRIPTION = `compute the state again from the log, and compare

Runs the events of each partition through the topology once more, from the beginning of its log or from the
checkpoint before the last, and compares every row with the last checkpoint: they must be the same. Ends with
${EXIT_CODES.damaged} if they are not, or if the log cannot be read. Only reads, also while the engine runs.`;

interface Flags extends ConfigFlags {
  partition?: number;
  from?: number;
}

export function addReplay(program: Command): void {
  withConfigFile(program.command('replay'))
    .description(paragraphs(DESCRIPTION))
    .summary('compute the state again and compare it')
    .option('--topology <file>', 'module that exports the topology, .ts or .js (default: the coffee shop)')
    .option('--partition <n>', 'this partition only (default: all, one after the other)', wholeNumber)
    .option('--from <offset>', 'begin with the last known state that is not behind this offset', offsetOf)
    .option('--json', 'print JSON, one object per partition')
    .action(replay);
}

async function replay(flags: Flags): Promise<void> {
  const config = configOf(flags);
  // here and not on top: the other commands work, and explain, where a native binary does not load
  const { replayPartition } = await import('../engine/replay.ts');
  if (!existsSync(join(config.dataDir, 'moka.json'))) {
    throw new MokaError('ERR_DATA_UNUSABLE', `no data directory=${config.dataDir}; choose it with --data`);
  }
  const directory = openDataDirectory(new NodeDisk(), config.dataDir, 0, 1);
  const topology = await loadTopology(config.topology || coffeeShop());
  const partitions =
    flags.partition === undefined ? Array.from({ length: directory.partitions }, (_, n) => n) : [flags.partition];
  if (partitions.some((partition) => partition >= directory.partitions)) {
    throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${config.dataDir} has partitions=${directory.partitions}`);
  }
  for (const partition of partitions) {
    const progress = new Progress(`partition ${partition}`, 1, { isQuiet: flags.json === true });
    const report = replayPartition({
      directory,
      partition,
      topology,
      ...(flags.from === undefined ? {} : { fromOffset: flags.from }),
      onProgress: (offset, through) => progress.update(through <= 0 ? 1 : offset / through),
    });
    progress.end();
    if (flags.json) printJson({ event: 'replay', ...(report ?? { partition, base: null, differences: [] }) });
    else tell(partition, report);
    if (report !== null && report.differences.length > 0) process.exitCode = EXIT_CODES.damaged;
  }
}

function tell(
  partition: number,
  report: Awaited<ReturnType<typeof import('../engine/replay.ts').replayPartition>>,
): void {
  if (report === null) {
    printLine(`partition ${partition}: no checkpoint yet, nothing to compare`);
    return;
  }
  const paint = painter(process.stdout);
  const { base, fromOffset, throughOffset, events, rows, ms, differences } = report;
  const start = base === 'empty' ? 'from the beginning' : `from the checkpoint at ${fromOffset - 1}`;
  const verdict = differences.length === 0 ? paint('green', 'the same') : paint('red', 'DIFFERENT');
  printLine(
    `partition ${partition}: ${verdict}  events=${events} rows=${rows} ${start} through ${throughOffset}  ${durationText(ms)}`,
  );
  for (const difference of differences) printLine(`  ${difference}`);
}

async function loadTopology(source: string): Promise<CompiledTopology> {
  const scratch = mkdtempSync(join(tmpdir(), 'moka-replay-'));
  try {
    return await importTopology(await prepareTopology(source, scratch));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function coffeeShop(): string {
  return fileURLToPath(new URL('../examples/coffee-shop/topology.js', import.meta.url));
}

function offsetOf(text: string): number {
  const offset = Number(text);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new InvalidArgumentError('It must be an offset: a whole number, 0 or more.');
}
