/** An error of the operating system, by its code; `null` for any other value: a bug is not a failing disk. */
export function systemCodeOf(cause: unknown): string | null {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return null;
  return cause.code.startsWith('ERR_') ? null : cause.code;
}

/** No space, whichever way the system says it. */
export function isDiskFull(cause: unknown): boolean {
  const code = systemCodeOf(cause);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}
