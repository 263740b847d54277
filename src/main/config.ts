import type { Command } from 'commander';
import { allowed } from '../engine/config.ts';
import { configJsonSchema } from '../engine/config-json-schema.ts';
import { SETTINGS } from '../engine/config-schema.ts';
import { type ConfigFlags, configOf, withConfigFile } from './config-options.ts';
import { painter, paragraphs, printLine } from './output.ts';

const DESCRIPTION = `show every setting: what it is, what it may be, and how to set it

A setting comes from the first of these that has it: a flag, the environment (MOKA_HTTP_PORT for
http.port), the file given with --config, the default.`;

interface Flags extends ConfigFlags {
  schema?: boolean;
}

export function addConfig(program: Command): void {
  withConfigFile(program.command('config'))
    .description(paragraphs(DESCRIPTION))
    .summary('show every setting and what it may be')
    .option('--json', 'print the settings in force as a file for --config')
    .option('--schema', 'print the JSON schema that editors use to complete such a file')
    .action((flags: Flags) => {
      if (flags.schema) printLine(JSON.stringify(configJsonSchema(), null, 2));
      else if (flags.json) printLine(JSON.stringify(configOf(flags), null, 2));
      else printSettings(flags);
    });
}

function printSettings(flags: Flags): void {
  const paint = painter(process.stdout);
  const config = configOf(flags) as unknown as Record<string, unknown>;
  for (const setting of SETTINGS.values()) {
    const value = setting.path
      .split('.')
      .reduce<unknown>((from, name) => (from as Record<string, unknown>)[name], config);
    printLine(`${paint('bold', setting.path)} = ${paint('cyan', JSON.stringify(value))}`);
    printLine(`    ${setting.schema.description}`);
    printLine(paint('dim', `    ${setting.variable}, ${allowed(setting)}`));
  }
}
