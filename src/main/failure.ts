import { AssertionError } from '../base/assert.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES, type ExitReason } from '../base/exit-codes.ts';
import { painter } from './output.ts';

/** How the process ends when a command cannot go on; codes that are not listed end it with `runtime`. */
const REASONS: { readonly [C in ErrorCode]?: ExitReason } = {
  ERR_CONFIG_INVALID: 'usage',
  ERR_TOPOLOGY_INVALID: 'usage',
  ERR_TOPOLOGY_LOAD: 'usage',
  ERR_TOPOLOGY_CHANGED: 'usage',
  ERR_DATA_PARTITIONS: 'usage',
  ERR_DATA_OCCUPIED: 'occupied',
  ERR_PORT_OCCUPIED: 'occupied',
  ERR_LOG_DAMAGED: 'damaged',
  ERR_CHECKPOINT_DAMAGED: 'damaged',
  ERR_DISK_FLUSH: 'flushFailed',
  ERR_NATIVE_MISSING: 'platform',
  ERR_DATA_VERSION: 'environment',
  ERR_DATA_UNUSABLE: 'environment',
  ERR_DISK_IO: 'environment',
};

export function exitReasonOf(error: unknown): ExitReason {
  if (error instanceof MokaError) return REASONS[error.code] ?? 'runtime';
  return error instanceof AssertionError ? 'bug' : 'runtime';
}

/** Says on stderr why the command ends and sets the exit code. A failure we know needs no stack. */
export function fail(error: unknown, isJson = process.argv.includes('--json')): void {
  process.exitCode = EXIT_CODES[exitReasonOf(error)];
  const code = error instanceof MokaError ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) {
    process.stderr.write(`${JSON.stringify({ event: 'error', code: code ?? null, message })}\n`);
    return;
  }
  const paint = painter(process.stderr);
  const known = `${paint('red', 'moka:')} ${message}${code === undefined ? '' : paint('dim', ` [${code}]`)}`;
  const text = code === undefined && error instanceof Error ? (error.stack ?? message) : known;
  process.stderr.write(`${text}\n`);
}
