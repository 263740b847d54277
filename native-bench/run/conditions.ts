import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { buildNativeHttpClient } from '../load/native-http.ts';
import { PROJECT_DIRECTORY } from './places.ts';

/** Everything a number depends on besides the code: stated with every result. */
export interface Conditions {
  machine: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
  commit: string;
  filesystem: string;
  durability: string;
  configuration: string;
  /** What sends HTTP: the native client, or Node where there is no C++ compiler. */
  httpClient: 'native' | 'node';
}

const FILESYSTEMS: Record<number, string> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
};

export function conditionsOf(directory: string, configuration: string): Conditions {
  const type = statfsSync(directory).type;
  return {
    machine: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commit(),
    filesystem: FILESYSTEMS[type] ?? `type ${type}`,
    durability: 'fsync, exactly-once, checkpoints on',
    configuration,
    httpClient: buildNativeHttpClient() ? 'native' : 'node',
  };
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: PROJECT_DIRECTORY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const isClean = git('status', '--porcelain', '--untracked-files=no') === '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${isClean ? '' : ' + changes'}`;
  } catch {
    return 'unknown';
  }
}
