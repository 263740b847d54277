// data plane
import { MokaError } from '../base/errors.ts';
import { ROW_DELETED, type RowSink } from './checkpoint.ts';
import { PRODUCERS_STORE_ID } from './store-spec.ts';

export interface Producer {
  readonly low: number;
  readonly high: number;
  epoch: number;
  sequence: number;
  logTime: number;
  /** Changed since the last cut. */
  isDirty: boolean;
}

/**
 * Rows of the checkpoint, packed, little endian:
 *
 * ```
 *   key  0         4          8   value  8           16             24
 *        +---------+----------+          +-----------+--------------+--------------+
 *        | low i32 | high i32 |          | epoch f64 | sequence f64 | log time f64 |
 *        +---------+----------+          +-----------+--------------+--------------+
 * ```
 */
export class ProducerRows {
  readonly producers: Producer[] = [];
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #isKept: boolean[] = [];

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity * PRODUCER_ROW_BYTES);
    this.#words = new Int32Array(this.#bytes.buffer);
    this.#doubles = new Float64Array(this.#bytes.buffer);
  }

  get count(): number {
    return this.producers.length;
  }

  add(producer: Producer, isKept: boolean): void {
    const at = this.producers.length * ROW_DOUBLES;
    this.#words[at * 2] = producer.low;
    this.#words[at * 2 + 1] = producer.high;
    this.#doubles[at + 1] = producer.epoch;
    this.#doubles[at + 2] = producer.sequence;
    this.#doubles[at + 3] = producer.logTime;
    this.producers.push(producer);
    this.#isKept.push(isKept);
  }

  tryRow(sink: RowSink, index: number): boolean {
    const at = index * PRODUCER_ROW_BYTES;
    const length = this.#isKept[index] === true ? PRODUCER_ROW_BYTES - KEY_BYTES : ROW_DELETED;
    return sink.tryRow(PRODUCERS_STORE_ID, this.#bytes, at, KEY_BYTES, this.#bytes, at + KEY_BYTES, length);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED */
  read(key: Uint8Array, value: Uint8Array): Producer {
    if (key.length !== KEY_BYTES || value.length !== PRODUCER_ROW_BYTES - KEY_BYTES) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `producer row key bytes=${key.length} value bytes=${value.length}`);
    }
    this.#bytes.set(key);
    this.#bytes.set(value, KEY_BYTES);
    const producer = newProducer(this.#words[0] as number, this.#words[1] as number);
    producer.epoch = this.#doubles[1] as number;
    producer.sequence = this.#doubles[2] as number;
    producer.logTime = this.#doubles[3] as number;
    return producer;
  }
}

export function newProducer(low: number, high: number): Producer {
  return { low, high, epoch: 0, sequence: -1, logTime: 0, isDirty: false };
}

const KEY_BYTES = 8;
export const PRODUCER_ROW_BYTES = 32;
const ROW_DOUBLES = PRODUCER_ROW_BYTES / 8;
