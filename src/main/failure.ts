import { MokaError } from '../base/errors.ts';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { exitReasonOf } from '../engine/failure-cell.ts';
import { painter } from './output.ts';

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
