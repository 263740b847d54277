import { spawn } from 'node:child_process';
import { EXIT_CODES, type ExitReason } from '../base/exit-codes.ts';

const KILL_AFTER_MS = 2_000;

/**
 * Ends the process with the code of its reason, whatever its threads do: `process.exit` joins them, and one that hangs in
 * a system call may be the very reason for the end. So a child kills its parent if that is still there after a while.
 */
export function endProcess(reason: number | ExitReason): void {
  const code = typeof reason === 'number' ? reason : EXIT_CODES[reason];
  const killer = `setTimeout(() => { if (process.ppid === ${process.pid}) process.kill(${process.pid}, 'SIGKILL') }, ${KILL_AFTER_MS})`;
  spawn(process.execPath, ['-e', killer], { stdio: 'ignore' }).unref();
  process.exit(code);
}
