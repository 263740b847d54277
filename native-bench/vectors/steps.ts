import { NotApplicable } from './not-applicable.ts';
import { type Input, isRecord } from './vector.ts';

/** What is sent for a record, and what a watermark control becomes. */
export interface Envelope {
  readonly lane: string;
  readonly key: string | number | null;
  readonly value: string | number | null;
  readonly ts?: number;
  readonly watermark?: number;
}

/** Everything lies under one key, so that it stays in its order however many partitions there are. */
export const LANE = 'vector';

/** What is done to a running topology for an input. Times in ms. */
export type Step =
  | { readonly send: string; readonly event: Envelope }
  /** Log time goes on by so much. */
  | { readonly advanceMs: number }
  /** Log time goes on until then, from 0 at the beginning. */
  | { readonly untilMs: number }
  | 'restart';

/** What goes without saying. @throws NotApplicable for a control of another kind */
export function stepsOf(input: Input): readonly Step[] {
  if (isRecord(input)) {
    const { stream, key, value, ts } = input;
    // A processing-time vector writes null for no time.
    return [{ send: stream, event: { lane: LANE, key, value, ...(typeof ts === 'number' ? { ts } : {}) } }];
  }
  switch (input['control']) {
    case 'wallClock':
      return [input['setMs'] === undefined ? { advanceMs: input['advanceMs'] as number } : untilOf(input['setMs'])];
    case 'processingTime':
      return [untilOf(input['ts'])];
    case 'restart':
    case 'snapshotRestore':
      return ['restart'];
  }
  throw new NotApplicable(`no such control: ${String(input['control'] ?? Object.keys(input))}`);
}

function untilOf(ms: unknown): Step {
  return { untilMs: ms as number };
}
