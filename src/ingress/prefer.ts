import { MAX_WAIT_SECONDS } from './limits.ts';

/** What a client prefers (RFC 7240) and we can do; `applied` is the value of `Preference-Applied`. */
export interface Preference {
  /** `respond-async`: the answer may come on receipt. */
  readonly isAsync: boolean;
  /** `wait=`: how long the answer may take, in ms; -1 if nothing is said. */
  readonly waitMs: number;
  readonly applied: string;
}

export const NO_PREFERENCE: Preference = { isAsync: false, waitMs: -1, applied: '' };

/** Preferences we do not know, or that make no sense, are ignored as the RFC has it. */
export function parsePrefer(header: string): Preference {
  let isAsync = false;
  let waitSeconds = 0;
  for (const part of header.split(',')) {
    const text = (part.split(';')[0] as string).trim().toLowerCase();
    if (text === 'respond-async') isAsync = true;
    const wait = /^wait\s*=\s*"?(\d{1,6})"?$/.exec(text);
    if (wait !== null && waitSeconds === 0) waitSeconds = Math.min(Number(wait[1]), MAX_WAIT_SECONDS);
  }
  const applied: string[] = [];
  if (isAsync) applied.push('respond-async');
  if (waitSeconds > 0) applied.push(`wait=${waitSeconds}`);
  if (applied.length === 0) return NO_PREFERENCE;
  return { isAsync, waitMs: waitSeconds > 0 ? waitSeconds * 1000 : -1, applied: applied.join(', ') };
}
