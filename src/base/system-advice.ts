/** What the system said about a file or directory, and what to do about it where that is known. */
export function explainSystemError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const { code } = (cause ?? {}) as { code?: unknown };
  if (typeof code !== 'string') return text;
  const advice = ADVICE[code];
  return `${text.includes(code) ? text : `${code} ${text}`}${advice === undefined ? '' : `; ${advice()}`}`;
}

const MAY_NOT_WRITE = (): string =>
  `the user that runs moka (uid=${process.getuid?.() ?? 'unknown'}) must be able to read and write there: ` +
  'change owner or mode, or choose another data directory';
const IS_NO_DIRECTORY = (): string => 'a file stands where a directory should be: move it away, or choose another path';
const IS_FULL = (): string => 'free some space on that file system';

const ADVICE: Readonly<Record<string, () => string>> = {
  EACCES: MAY_NOT_WRITE,
  EPERM: MAY_NOT_WRITE,
  EROFS: () => 'its file system is mounted read-only: mount it for writing, or choose another data directory',
  EEXIST: IS_NO_DIRECTORY,
  ENOTDIR: IS_NO_DIRECTORY,
  ENOSPC: IS_FULL,
  EDQUOT: IS_FULL,
};
