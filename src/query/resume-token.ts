import { MokaError } from '../base/errors.ts';

/**
 * How far a watcher has seen the changes of one partition: every change before change `n` of the event at `offset`.
 * `offset + 1`, 0 stands behind a whole event.
 */
export interface ChangePosition {
  readonly offset: number;
  readonly n: number;
  readonly epoch: number;
}

/** `<offset>.<n>.<epoch>` of every partition in order, `_` between: the id of a message, and where to resume. */
export function formatToken(positions: readonly ChangePosition[]): string {
  return positions.map(({ offset, n, epoch }) => `${offset}.${n}.${epoch}`).join('_');
}

/** @throws MokaError ERR_VIEW_QUERY */
export function parseToken(text: string): ChangePosition[] {
  return text.split('_').map((part) => {
    const match = POSITION.exec(part);
    const offset = Number(match?.[1]);
    if (match === null || !Number.isSafeInteger(offset)) {
      throw new MokaError('ERR_VIEW_QUERY', 'resume id is none that a message had');
    }
    return { offset, n: Number(match[2]), epoch: Number(match[3]) };
  });
}

/** Of two positions of one partition, whether the first lies before the second. */
export function isBefore(offset: number, n: number, otherOffset: number, otherN: number): boolean {
  return offset < otherOffset || (offset === otherOffset && n < otherN);
}

const POSITION = /^(\d{1,16})\.(\d{1,10})\.(\d{1,10})$/;
