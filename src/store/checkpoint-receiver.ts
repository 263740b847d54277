// data plane
import { MokaError } from '../base/errors.ts';
import { EMPTY, type SpscRing } from '../ring/spsc-ring.ts';
import type { CheckpointMeta } from './checkpoint.ts';
import {
  KEY_LENGTH_WORD,
  MESSAGE_BEGIN,
  MESSAGE_FINISH,
  MESSAGE_HEADER_BYTES,
  MESSAGE_PART,
  MESSAGE_ROW,
  PART_LENGTH_WORD,
  STORE_ID_WORD,
  VALUE_LENGTH_WORD,
} from './checkpoint-message.ts';
import type { RowBatch } from './row-batch.ts';

/** The checkpoint thread's end: gathers one checkpoint after the other into a batch. */
export class CheckpointReceiver {
  /** Of the checkpoint that is gathered as a whole; null while rows are still to come. */
  meta: CheckpointMeta | null = null;
  readonly #ring: SpscRing;
  readonly #batch: RowBatch;

  constructor(ring: SpscRing, batch: RowBatch) {
    this.#ring = ring;
    this.#batch = batch;
  }

  /** Takes up to `maxMessages` in, none behind the end of a checkpoint. Returns whether there were any. */
  gather(maxMessages: number): boolean {
    const ring = this.#ring;
    let count = 0;
    while (count < maxMessages && this.meta === null) {
      const at = ring.poll();
      if (at === EMPTY) break;
      this.#take(at);
      ring.release();
      count += 1;
    }
    if (count > 0) ring.acknowledge();
    return count > 0;
  }

  hasMessages(): boolean {
    return !this.#ring.isEmpty();
  }

  #take(at: number): void {
    const { u32, u8 } = this.#ring;
    const word = at >> 2;
    const partLength = u32[word + PART_LENGTH_WORD] as number;
    switch (u32[word]) {
      case MESSAGE_BEGIN:
        this.#batch.reset();
        return;
      case MESSAGE_ROW: {
        const keyLength = u32[word + KEY_LENGTH_WORD] as number;
        const valueLength = (u32[word + VALUE_LENGTH_WORD] as number) | 0;
        this.#batch.add(u32[word + STORE_ID_WORD] as number, u8, at + MESSAGE_HEADER_BYTES, keyLength, valueLength);
        this.#batch.appendValue(u8, at + MESSAGE_HEADER_BYTES + keyLength, partLength);
        return;
      }
      case MESSAGE_PART:
        this.#batch.appendValue(u8, at + MESSAGE_HEADER_BYTES, partLength);
        return;
      case MESSAGE_FINISH: {
        const text = Buffer.from(
          u8.slice(at + MESSAGE_HEADER_BYTES, at + MESSAGE_HEADER_BYTES + partLength),
        ).toString();
        this.meta = JSON.parse(text) as CheckpointMeta;
        return;
      }
      default:
        throw new MokaError('ERR_CHECKPOINT_DAMAGED', `checkpoint message type=${u32[word]}`);
    }
  }
}
