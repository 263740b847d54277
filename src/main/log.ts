import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { logDirectory, readStreamNames } from '../engine/data-directory.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { type LogEnd, LogReader, type LogStart } from '../log/reader.ts';
import { type ConfigFlags, configOf, wholeNumber, withConfigFile } from './config-options.ts';
import { LineWriter } from './line-writer.ts';
import { blockLine, blockOf, recordLine, recordOf } from './log-lines.ts';
import { Progress, painter, paragraphs } from './output.ts';

const DESCRIPTION = `read the log: every event that was taken in, in order

Prints a line for each record: partition:offset, when it was logged, its stream, its value. Checks every
checksum on the way and says at the end how far the log is good; ends with ${EXIT_CODES.damaged} if something that was
acknowledged cannot be read. Only reads, also while the engine runs.`;

interface Flags extends ConfigFlags {
  partition?: number;
  offset?: number;
  since?: number;
  limit?: number;
  blocks?: boolean;
  verify?: boolean;
}

export function addLog(program: Command): void {
  withConfigFile(program.command('log'))
    .description(paragraphs(DESCRIPTION))
    .summary('read the log and check it')
    .option('--partition <n>', 'this partition only (default: all, one after the other)', wholeNumber)
    .option('--offset <n>', 'begin with this offset', wholeNumber)
    .option('--since <time>', 'begin with what was logged then, such as 2026-01-31T08:00:00Z or ms since 1970', timeOf)
    .option('--limit <n>', 'print at most so many lines of each partition', wholeNumber)
    .option('--blocks', 'print the blocks instead of their records')
    .option('--verify', 'print no records, only whether they are all good')
    .option('--json', 'print JSON, one object per line')
    .action(log);
}

async function log(flags: Flags): Promise<void> {
  const { dataDir } = configOf(flags);
  const streamNames = readStreamNames(new NodeDisk(), dataDir);
  const writer = new LineWriter();
  let isGood = true;
  for (const partition of partitionsOf(dataDir, flags.partition)) {
    const reader = open(dataDir, partition, flags);
    try {
      await print(reader, partition, streamNames, flags, writer);
      // an end that was not reached, because of a limit, is none to judge
      if (reader.end !== null) isGood = tellEnd(reader, reader.end, partition, flags, writer) && isGood;
    } finally {
      reader.close();
    }
    await writer.flush();
  }
  if (!isGood) process.exitCode = EXIT_CODES.damaged;
}

function partitionsOf(dataDir: string, wanted: number | undefined): number[] {
  const directory = join(dataDir, 'log');
  const found = existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];
  const chosen = found.filter((partition) => wanted === undefined || partition === wanted).sort((a, b) => a - b);
  if (chosen.length > 0) return chosen;
  const partition = wanted === undefined ? '' : ` partition=${wanted}`;
  throw new MokaError('ERR_DATA_UNUSABLE', `no log in data directory=${dataDir}${partition}; choose it with --data`);
}

function open(dataDir: string, partition: number, flags: Flags): LogReader {
  const start: LogStart = {
    ...(flags.offset === undefined ? {} : { offset: flags.offset }),
    ...(flags.since === undefined ? {} : { time: flags.since }),
  };
  const directory = logDirectory(dataDir, partition);
  const reader = LogReader.open(new NodeDisk(), directory, partition, start);
  if (reader === null) throw new MokaError('ERR_DATA_UNUSABLE', `no log in directory=${directory}`);
  return reader;
}

async function print(
  reader: LogReader,
  partition: number,
  streamNames: readonly string[],
  flags: Flags,
  writer: LineWriter,
): Promise<void> {
  if (flags.verify) return verify(reader, partition, flags);
  let remaining = flags.limit ?? Number.POSITIVE_INFINITY;
  const records = (): Generator<string> => recordLines(reader, partition, streamNames, flags);
  for (const line of flags.blocks ? blockLines(reader, partition, flags) : records()) {
    if (remaining-- <= 0) break;
    await writer.write(line);
  }
}

function* recordLines(
  reader: LogReader,
  partition: number,
  streamNames: readonly string[],
  flags: Flags,
): Generator<string> {
  for (const view of reader.records()) {
    const record = recordOf(partition, view, streamNames);
    yield flags.json ? JSON.stringify(record) : recordLine(record);
  }
}

function* blockLines(reader: LogReader, partition: number, flags: Flags): Generator<string> {
  for (let next = reader.next(); next !== null; next = reader.next()) {
    const block = blockOf(partition, next);
    yield flags.json ? JSON.stringify(block) : blockLine(block);
  }
}

function verify(reader: LogReader, partition: number, flags: Flags): void {
  const progress = new Progress(`partition ${partition}`, reader.retainedBytes, { isQuiet: flags.json === true });
  while (reader.next() !== null) progress.update(reader.passedBytes);
  progress.end();
}

const ENDS: Readonly<Record<LogEnd['kind'], string>> = {
  confirmed: 'good to its end',
  open: 'good as far as it goes',
  damaged: 'DAMAGED: what was acknowledged cannot be read',
};

/** @returns whether the log is good */
function tellEnd(reader: LogReader, end: LogEnd, partition: number, flags: Flags, writer: LineWriter): boolean {
  const { blockCount: blocks, recordCount: records, firstOffset } = reader;
  const isGood = end.kind !== 'damaged';
  if (flags.json) {
    writer.write(JSON.stringify({ event: 'end', partition, blocks, records, firstOffset, ...end }));
    return isGood;
  }
  const paint = painter(process.stderr);
  const what = `partition ${partition}: ${records} records in ${blocks} blocks read, next offset ${end.nextOffset}, ${ENDS[end.kind]}`;
  process.stderr.write(`${paint(isGood ? 'dim' : 'red', what)}\n`);
  if (!isGood) process.stderr.write(`  at position=${end.position} of ${end.path}: ${end.detail}\n`);
  return isGood;
}

function timeOf(text: string): number {
  const ms = /^\d{10,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a time such as 2026-01-31T08:00:00Z.');
  return ms;
}
