import type { Command } from 'commander';
import { EXIT_CODES } from '../base/exit-codes.ts';
import type { EngineConfig } from '../engine/config.ts';
import { type ConfigFlags, configOf, withConfigFile } from './config-options.ts';
import { PROBE_FLUSHES } from './disk-probe.ts';
import {
  checkDisk,
  checkGlibc,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkProcessor,
  checkSecret,
  checkThreadPool,
  checkWebServer,
  type Finding,
} from './doctor-checks.ts';
import { type Colour, Progress, painter, paragraphs, printJson, printLine } from './output.ts';

const DESCRIPTION = `check whether this machine is fit for moka

Looks at Node, the C library, the web server's binary, limits, memory, and at the disk under the data
directory: its file system, its free space, and how long it takes until 64 KiB are safe. Writes 16 MiB
there for a moment. Ends with 0 if moka can run, with 1 if there is a problem.`;

const MARKS: Readonly<Record<Finding['verdict'], readonly [string, Colour]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
};

export function addDoctor(program: Command): void {
  withConfigFile(program.command('doctor'))
    .description(paragraphs(DESCRIPTION))
    .summary('check whether this machine is fit for moka')
    .option('--json', 'print the findings as one line of JSON')
    .action((flags: ConfigFlags) => {
      const findings = examine(configOf(flags), flags.json === true);
      const isFit = findings.every(({ verdict }) => verdict !== 'problem');
      if (flags.json) printJson({ event: 'doctor', isFit, findings });
      else printFindings(findings);
      process.exitCode = isFit ? EXIT_CODES.ok : EXIT_CODES.runtime;
    });
}

function examine(config: EngineConfig, isQuiet: boolean): Finding[] {
  const partitions = config.partitions || Math.max(1, config.workers);
  const progress = new Progress('measuring the disk', PROBE_FLUSHES, { isQuiet });
  const disk = checkDisk(config, partitions, (done) => progress.update(done));
  progress.end();
  return [
    checkNode(),
    checkGlibc(),
    checkWebServer(),
    checkProcessor(),
    checkMemory(config, partitions),
    checkThreadPool(partitions),
    checkOpenFiles(),
    ...disk,
    ...checkSecret(config.dataDir),
  ];
}

function printFindings(findings: readonly Finding[]): void {
  const paint = painter(process.stdout);
  const width = Math.max(...findings.map(({ name }) => name.length));
  for (const { name, verdict, found, advice } of findings) {
    const [mark, colour] = MARKS[verdict];
    printLine(`${paint(colour, mark)} ${name.padEnd(width)}  ${found}`);
    if (advice !== '') printLine(`  ${' '.repeat(width)}  ${paint(colour, advice)}`);
  }
}
