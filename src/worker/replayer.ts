// data plane
import type { Block } from '../log/block.ts';
import { EXAMINED, type Whereabouts } from '../operators/whereabouts.ts';
import { KIND_EVENT, RECORD_LENGTH } from '../record/layout.ts';
import { BATCH_RECORDS, Candidate } from './candidate.ts';
import type { FetchAhead } from './fetch-ahead.ts';
import type { Judge } from './judge.ts';
import type { RecordApplier } from './record-applier.ts';
import type { Standing } from './standing.ts';

/** Applies the records of blocks read back from the log, as they were applied when they were accepted. */
export class Replayer {
  readonly #judge: Judge;
  readonly #records: RecordApplier;
  readonly #fetchAhead: FetchAhead;
  readonly #standing: Standing | null;
  /** Of the whereabouts. */
  readonly #words: Int32Array;
  readonly #candidates = Array.from({ length: BATCH_RECORDS }, () => new Candidate());
  readonly #positions = new Int32Array(BATCH_RECORDS);

  /** @param standing what others hold of what was set aside; null: nothing was */
  constructor(
    judge: Judge,
    records: RecordApplier,
    fetchAhead: FetchAhead,
    { words }: Whereabouts,
    standing: Standing | null,
  ) {
    this.#words = words;
    this.#standing = standing;
    this.#judge = judge;
    this.#records = records;
    this.#fetchAhead = fetchAhead;
  }

  /**
   * Applies what of this block is not applied yet, through this offset.
   * @returns how many events that were
   */
  replay(block: Block, throughOffset = Number.POSITIVE_INFINITY): number {
    const { u32, firstOffset } = block;
    const recordCount = Math.min(block.recordCount, throughOffset - firstOffset + 1);
    let position = block.start;
    let index = 0;
    for (; index < recordCount && firstOffset + index <= this.#records.processedOffset; index++) {
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
    }
    const count = recordCount - index;
    while (index < recordCount) {
      const batch = Math.min(BATCH_RECORDS, recordCount - index);
      position = this.#recall(block, position, firstOffset + index, batch);
      for (let i = 0; i < batch; i++) {
        const offset = firstOffset + index + i;
        const candidate = this.#candidates[i] as Candidate;
        this.#standing?.begin(offset);
        this.#records.apply(
          candidate,
          block,
          this.#positions[i] as number,
          offset,
          block.logTime,
          offset === firstOffset,
        );
        this.#standing?.end(offset);
      }
      index += batch;
    }
    return count;
  }

  /** @returns where the last record ends */
  #recall(block: Block, from: number, offset: number, count: number): number {
    const words = this.#words;
    let position = from;
    for (let i = 0; i < count; i++) {
      const candidate = this.#candidates[i] as Candidate;
      this.#positions[i] = position;
      words[EXAMINED] = -(offset + i) - 1;
      this.#judge.recall(candidate, block, position);
      if (candidate.kind === KIND_EVENT) this.#fetchAhead.add(candidate);
      position += block.u32[(position + RECORD_LENGTH) >>> 2] as number;
    }
    words[EXAMINED] = 0;
    this.#fetchAhead.run();
    return position;
  }
}
