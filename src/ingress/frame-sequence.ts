// data plane
import { NO_SEQUENCE } from '../record/record-writer.ts';

/**
 * The sequence numbers of one producer's connection. Its first frame may go back to what was not answered before the
 * connection; after that every frame begins where the last one ended.
 */
export class FrameSequence {
  /** -1 before the first frame. */
  #next = NO_SEQUENCE;

  /**
   * @param lastKnown the greatest number that the log holds or will; -1 for a producer that is not known, or was
   * forgotten: it begins where it likes
   * @returns false: a gap, or a step back
   */
  follow(first: number, count: number, lastKnown: number): boolean {
    const isFirst = this.#next === NO_SEQUENCE;
    const isFollowing = isFirst ? lastKnown === NO_SEQUENCE || first <= lastKnown + 1 : first === this.#next;
    if (isFollowing) this.#next = first + count;
    return isFollowing;
  }

  expected(lastKnown: number): number {
    return this.#next === NO_SEQUENCE ? lastKnown + 1 : this.#next;
  }
}
