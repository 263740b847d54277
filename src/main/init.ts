import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { MokaError } from '../base/errors.ts';
import { TOPOLOGY_TEMPLATE } from './init-template.ts';
import { painter, paragraphs, printJson, printLine } from './output.ts';

const DESCRIPTION = `write a small project to begin with

Two files: topology.ts says what comes in and what can be read, moka.json holds settings. A file that is
there already is left alone, and then nothing is written at all.`;

export function addInit(program: Command): void {
  program
    .command('init')
    .description(paragraphs(DESCRIPTION))
    .summary('write a small project to begin with')
    .argument('[dir]', 'where; made if it is not there', '.')
    .option('--json', 'print what was written as one line of JSON')
    .action((directory: string, flags: { json?: boolean }) => {
      const written = writeProject(directory);
      if (flags.json) printJson({ event: 'written', files: written });
      else printNextSteps(directory, written);
    });
}

/** @throws MokaError ERR_CONFIG_INVALID when a file is in the way; then nothing was written */
export function writeProject(directory: string): string[] {
  const files = [
    { path: join(directory, 'topology.ts'), text: TOPOLOGY_TEMPLATE },
    { path: join(directory, 'moka.json'), text: settings(directory) },
  ];
  const taken = files.filter(({ path }) => existsSync(path)).map(({ path }) => path);
  if (taken.length > 0) {
    throw new MokaError('ERR_CONFIG_INVALID', `${taken.join(', ')}: already there, nothing was written`);
  }
  mkdirSync(directory, { recursive: true });
  // wx: what somebody else wrote in the meantime stays
  for (const { path, text } of files) writeFileSync(path, text, { flag: 'wx' });
  return files.map(({ path }) => path);
}

function settings(directory: string): string {
  const schema = fileURLToPath(new URL('../../config/moka.schema.json', import.meta.url));
  const config = { $schema: relative(resolve(directory), schema), dataDir: './data', topology: './topology.ts' };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function printNextSteps(directory: string, written: readonly string[]): void {
  const paint = painter(process.stdout);
  for (const path of written) printLine(`${paint('green', 'written')} ${path}`);
  printLine('');
  printLine('Start it:');
  if (resolve(directory) !== process.cwd()) printLine(`  cd ${directory}`);
  printLine('  moka serve --config moka.json');
}
