import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { resolveConfig } from '../engine/config.ts';
import { wholeNumber } from './config-options.ts';
import { type DiskProbe, fileSystemOf, probeDisk } from './disk-probe.ts';
import { durationText, Progress, paragraphs, printJson, printLine } from './output.ts';
import { packageVersion } from './version.ts';

const DESCRIPTION = `measure for a few seconds what this machine can do

Starts an engine of its own on a free port with its data in a temporary directory, drives it with orders
from the load generator in a process of its own, and prints the rate and how long acks took. Every order is
flushed to disk and deduplicated by its id. The load generator comes with a clone of moka only; the full
comparison with floors is there, too: npm run bench.`;

const TRANSPORTS = ['http', 'ws-json', 'ws-binary'] as const;
const GREATEST_SECONDS = 60;
const WARMUP_SECONDS = 1;
/** Flushes that tell how fast the disk is; few, to be out of the way soon. */
const FLUSHES = 100;

interface Flags {
  transport: (typeof TRANSPORTS)[number];
  seconds: number;
  connections?: number;
  dir: string;
  json?: boolean;
}

/** What is read of the load generator's line. */
interface LoadReport {
  readonly sent: number;
  readonly accepted: number;
  readonly ordersPerSecond: number;
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

export function addBench(program: Command): void {
  program
    .command('bench')
    .description(paragraphs(DESCRIPTION))
    .summary('measure for a few seconds what this machine can do')
    .addOption(new Option('--transport <name>', 'how orders are sent').choices(TRANSPORTS).default('http'))
    .option('--seconds <n>', `measured time, 1 to ${GREATEST_SECONDS}`, secondsOf, 5)
    .option('--connections <n>', 'connections (default: 512 for http, 8 for WebSocket)', wholeNumber)
    .option('--dir <dir>', 'where the temporary data directory is made: on the disk to be measured', '.')
    .option('--json', 'print the result as one line of JSON')
    .action(bench);
}

async function bench(flags: Flags): Promise<void> {
  const generator = loadGenerator();
  const directory = mkdtempSync(join(flags.dir, '.moka-bench-'));
  process.once('SIGINT', () => process.exit(EXIT_CODES.runtime));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const disk = probeDisk(directory, { flushes: FLUSHES });
  const report = await drive(directory, generator, flags);
  if (flags.json) printJson({ event: 'bench', transport: flags.transport, ...conditions(directory, disk), ...report });
  else print(flags, directory, disk, report);
  if (report.accepted !== report.sent || report.sent === 0) process.exitCode = EXIT_CODES.runtime;
}

/** @throws MokaError ERR_CONFIG_INVALID with what to do where it is not there */
function loadGenerator(root = new URL('../../', import.meta.url)): string {
  const built = fileURLToPath(new URL('.bench/build/native-bench/load/load-generator.js', root));
  if (existsSync(built)) return built;
  throw new MokaError(
    'ERR_CONFIG_INVALID',
    existsSync(new URL('native-bench/', root))
      ? `no load generator=${built}; build it: npm run build:bench`
      : 'the load generator is not part of the installed package. In a clone of moka: npm ci && npm run build:bench && ' +
          'node dist/moka.cjs bench. What this disk can do is measured without it: moka doctor',
  );
}

async function drive(directory: string, generator: string, flags: Flags): Promise<LoadReport> {
  const profile = fileURLToPath(new URL('../../config/bench.json', import.meta.url));
  const topology = fileURLToPath(new URL('../examples/canonical/topology.js', import.meta.url));
  const { createEngine } = await import('../engine/engine.ts');
  const engine = await createEngine(
    topology,
    resolveConfig({ file: profile, flags: { dataDir: join(directory, 'data') } }),
  );
  try {
    return await generate(generator, engine.url, flags);
  } finally {
    await engine.close();
  }
}

async function generate(generator: string, url: string, flags: Flags): Promise<LoadReport> {
  const args = [generator, '--url', url, '--transport', flags.transport];
  args.push('--seconds', String(flags.seconds), '--warmup', String(WARMUP_SECONDS));
  if (flags.connections !== undefined) args.push('--connections', String(flags.connections));
  const progress = new Progress(`${flags.transport} for ${flags.seconds} s`, flags.seconds + WARMUP_SECONDS, {
    isQuiet: flags.json === true,
  });
  const start = performance.now();
  const timer = setInterval(() => progress.update((performance.now() - start) / 1000), 200);
  try {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await once(child, 'close');
    if (output === '') throw new MokaError('ERR_WORKER_DIED', 'load generator ended without a result');
    return JSON.parse(output) as LoadReport;
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

function conditions(directory: string, disk: DiskProbe): object {
  return {
    version: packageVersion(),
    node: process.versions.node,
    cores: availableParallelism(),
    durability: 'fsync',
    fileSystem: fileSystemOf(directory).name,
    flushMsP50: disk.flushMsP50,
    flushMsP99: disk.flushMsP99,
    isFlushPlausible: disk.isPlausible,
  };
}

function print(flags: Flags, directory: string, disk: DiskProbe, report: LoadReport): void {
  const { p50Ms, p99Ms, maxMs } = report.latency;
  printLine(
    `${report.ordersPerSecond.toLocaleString('en')} durable orders/s over ${flags.transport}, identity by orderId`,
  );
  printLine(`ack after ${durationText(p50Ms)} (p50), ${durationText(p99Ms)} (p99), ${durationText(maxMs)} (max)`);
  printLine(`sent ${report.sent}, accepted ${report.accepted}${report.sent === report.accepted ? '' : '  ← not all'}`);
  const flush = `${durationText(disk.flushMsP50)} (p50), ${durationText(disk.flushMsP99)} (p99)`;
  printLine(
    `disk: ${fileSystemOf(directory).name}, 64 KiB flushed in ${flush}${disk.isPlausible ? '' : ', too fast to be true'}`,
  );
  printLine(
    `moka ${packageVersion()}, Node ${process.versions.node}, ${availableParallelism()} cores with the load generator`,
  );
}

function secondsOf(text: string): number {
  const seconds = wholeNumber(text);
  if (seconds < 1 || seconds > GREATEST_SECONDS) throw new InvalidArgumentError(`It must be 1 to ${GREATEST_SECONDS}.`);
  return seconds;
}
