import { type Command, InvalidArgumentError } from 'commander';
import { type ConfigInput, type EngineConfig, resolveConfig } from '../engine/config.ts';

/** What the flags of a command that reads the configuration come out as. */
export interface ConfigFlags {
  config?: string;
  data?: string;
  port?: number;
  adminPort?: number;
  topology?: string;
  workers?: number;
  partitions?: number;
  json?: boolean;
}

export function withConfigFile(command: Command): Command {
  return command
    .option('--config <file>', 'JSON file of settings (see: moka config)')
    .option('--data <dir>', 'directory of logs and checkpoints (default: ./data)');
}

export function withEngineFlags(command: Command): Command {
  return withConfigFile(command)
    .option('--port <n>', 'port for events and queries, 0 takes a free one (default: 8080)', settingNumber)
    .option('--admin-port <n>', 'port for health, metrics and control (default: 8081)', settingNumber)
    .option('--topology <file>', 'module that exports a topology, .ts or .js (default: the coffee shop)')
    .option('--workers <n>', 'worker threads (default: one per core but one)', settingNumber)
    .option('--partitions <n>', 'lanes of a new data directory (default: one per worker)', settingNumber);
}

/** File, environment and flags as one configuration. @throws MokaError ERR_CONFIG_INVALID */
export function configOf(flags: ConfigFlags): EngineConfig {
  const input: ConfigInput = {
    dataDir: flags.data,
    topology: flags.topology,
    workers: flags.workers,
    partitions: flags.partitions,
    http: { port: flags.port },
    admin: { port: flags.adminPort },
  };
  return resolveConfig({ file: flags.config, env: process.env, flags: input });
}

/** What is no number goes on as it is: the configuration refuses it together with all else that is wrong. */
function settingNumber(text: string): number {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : (text as unknown as number);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
