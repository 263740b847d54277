import { MokaError } from '../base/errors.ts';

/** How much of a partition's log an answer reflects: everything through `offset` (-1: nothing). */
export interface Position {
  readonly partition: number;
  readonly offset: number;
  /** The partition's epoch when it answered. */
  readonly epoch: number;
}

/** A position that an answer must have reached; an epoch of -1 stands for any. */
export interface AfterPosition {
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
}

export const ANY_EPOCH = -1;

/**
 * Reads `<partition>:<offset>` and `<partition>:<offset>:<epoch>`, the numbers of an ack; several with commas between,
 * for a frame that went to several partitions.
 *
 * @throws MokaError ERR_VIEW_QUERY
 */
export function parseAfter(text: string, partitionCount: number): AfterPosition[] {
  const positions = text.split(',').map((part) => parseOne(part));
  checkAfter(positions, partitionCount);
  return positions;
}

/** @throws MokaError ERR_VIEW_QUERY */
export function checkAfter(positions: readonly AfterPosition[], partitionCount: number): void {
  const seen = new Set<number>();
  for (const { partition, offset } of positions) {
    if (!Number.isSafeInteger(offset)) throw new MokaError('ERR_VIEW_QUERY', `after offset=${offset} is not an offset`);
    if (!(partition >= 0 && partition < partitionCount)) {
      throw new MokaError(
        'ERR_VIEW_QUERY',
        `after names no partition: partition=${partition} partitions=${partitionCount}`,
      );
    }
    if (seen.has(partition))
      throw new MokaError('ERR_VIEW_QUERY', `after names a partition twice: partition=${partition}`);
    seen.add(partition);
  }
}

function parseOne(text: string): AfterPosition {
  const match = AFTER.exec(text);
  if (match === null)
    throw new MokaError('ERR_VIEW_QUERY', 'after is not <partition>:<offset> or <partition>:<offset>:<epoch>');
  return {
    partition: Number(match[1]),
    offset: Number(match[2]),
    epoch: match[3] === undefined ? ANY_EPOCH : Number(match[3]),
  };
}

const AFTER = /^(\d{1,4}):(\d{1,16})(?::(\d{1,10}))?$/;
