import { spawnSync } from 'node:child_process';
import { ENGINE_MAIN } from '../run/places.ts';
import type { Violation } from './ledger.ts';

export interface ReplayCheck {
  readonly violations: readonly Violation[];
  /** Records that ran through the topology once more. */
  readonly events: number;
  /** Rows that were compared. */
  readonly rows: number;
}

interface Report {
  readonly partition: number;
  readonly base: 'empty' | 'checkpoint' | null;
  readonly events: number;
  readonly rows: number;
  readonly differences: readonly string[];
}

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Runs `moka replay` on a data directory that no engine holds: the state computed again from the first record of each log
 * must be the one that was saved.
 *
 * @param environment settings of the replay alone, to see that it notices
 */
export function checkReplay(data: string, topology: string, environment: Record<string, string> = {}): ReplayCheck {
  const args = [ENGINE_MAIN, 'replay', '--json', '--data', data, '--topology', topology];
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args, {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const reports = lines.map((line) => JSON.parse(line) as Report);
  const details = reports.flatMap(({ partition, base, differences }) => {
    const isWhole = base === 'empty' ? [] : [`begins with base=${base} and not with nothing`];
    return [...isWhole, ...differences].map((what) => `partition=${partition} ${what}`);
  });
  const hasEnded = status === 0 || (details.length > 0 && signal === null);
  if (!hasEnded || reports.length === 0) details.push(`code=${status} signal=${signal} ${stderr.trim()}`);
  return {
    violations: details.map((detail) => ({ kind: 'replay', detail })),
    events: reports.reduce((sum, report) => sum + report.events, 0),
    rows: reports.reduce((sum, report) => sum + report.rows, 0),
  };
}
