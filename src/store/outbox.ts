// data plane
import { MokaError } from '../base/errors.ts';
import { type CheckpointReader, ROW_DELETED, type RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { OUTBOX_STORE_ID } from './store-spec.ts';

/** Where a queue ends. */
export interface OutboxEnd {
  readonly bytes: number;
  readonly tailSequence: number;
}

interface CutRow {
  readonly key: Uint8Array;
  /** null: the row is gone. */
  readonly value: Uint8Array | null;
}

/**
 * What a partition sends to others and knows of what it got from them. Each channel is a queue of records that stay until
 * their target holds them durably; they are taken back with their event, and are part of the checkpoint, so that after a
 * crash a replay goes on with the sequence numbers that it had. Of each channel that comes in, the last number taken.
 *
 * Rows of the checkpoint: `channel u16, sequence u64` (big endian) → the record; `0xffff` → next sequence number of every
 * channel out, then last one of every channel in, f64 each.
 */
export class Outbox implements CutPart {
  readonly queues: readonly OutboxQueue[];
  /** By channel in. */
  readonly lastSeen: Float64Array;
  /** By channel out: the rows that the environment has, from and to (exclusive). */
  readonly #savedFrom: Float64Array;
  readonly #savedTo: Float64Array;
  // The event at hand: where the queues that it touched ended before.
  readonly #touched: { channel: number; bytes: number; tailSequence: number }[] = [];
  #isInEvent = false;
  // The open cut.
  #cutRows: CutRow[] = [];
  #cutFrom: Float64Array = new Float64Array(0);
  #cutTo: Float64Array = new Float64Array(0);
  #handed = 0;

  constructor(channelsOut: number, channelsIn: number, reader: CheckpointReader | null) {
    this.queues = Array.from({ length: channelsOut }, () => new OutboxQueue());
    this.lastSeen = new Float64Array(channelsIn);
    this.#savedFrom = new Float64Array(channelsOut).fill(1);
    this.#savedTo = new Float64Array(channelsOut).fill(1);
    if (reader !== null && reader.meta !== null) this.#load(reader);
  }

  /** The queue of a channel, to append one record to. */
  touch(channel: number): OutboxQueue {
    const queue = this.queues[channel] as OutboxQueue;
    if (this.#isInEvent && !this.#touched.some((touched) => touched.channel === channel)) {
      this.#touched.push({ channel, bytes: queue.bytes, tailSequence: queue.tailSequence });
    }
    return queue;
  }

  // ------------------------------------------------------------------ events

  beginEvent(): void {
    this.#isInEvent = true;
  }

  commitEvent(): void {
    this.#isInEvent = false;
    if (this.#touched.length !== 0) this.#touched.length = 0;
  }

  undoEvent(): void {
    this.#isInEvent = false;
    for (const { channel, bytes, tailSequence } of this.#touched) {
      (this.queues[channel] as OutboxQueue).truncate(bytes, tailSequence);
    }
    this.#touched.length = 0;
  }

  /** Where the queues end; to be given to `undoTo`. */
  ends(): readonly OutboxEnd[] {
    return this.queues.map(({ bytes, tailSequence }) => ({ bytes, tailSequence }));
  }

  /** Takes back what the event sent since the queues ended here; the event goes on. */
  undoTo(ends: readonly OutboxEnd[]): void {
    this.queues.forEach((queue, channel) => {
      const { bytes, tailSequence } = ends[channel] as OutboxEnd;
      queue.truncate(bytes, tailSequence);
    });
  }

  /** Whether the environment has records that their targets hold by now: a checkpoint of no new event would drop them. */
  get isSaveStale(): boolean {
    return this.queues.some((queue, channel) => {
      const from = this.#savedFrom[channel] as number;
      return from < (this.#savedTo[channel] as number) && from < queue.headSequence;
    });
  }

  // ------------------------------------------------------------------ cuts

  beginCut(): void {
    this.#cutRows = [];
    this.#handed = 0;
    if (this.queues.length === 0) return;
    this.#cutFrom = Float64Array.from(this.queues, (queue) => queue.headSequence);
    this.#cutTo = Float64Array.from(this.queues, (queue) => queue.tailSequence);
    this.queues.forEach((queue, channel) => {
      const savedTo = this.#savedTo[channel] as number;
      const goneTo = Math.min(queue.headSequence, savedTo);
      for (let sequence = this.#savedFrom[channel] as number; sequence < goneTo; sequence++) {
        this.#cutRows.push({ key: rowKey(channel, sequence), value: null });
      }
      queue.visit(savedTo, (sequence, start, length) => {
        const value = new Uint8Array(queue.u8.subarray(start, start + length));
        this.#cutRows.push({ key: rowKey(channel, sequence), value });
      });
    });
    const numbers = Float64Array.of(...this.#cutTo, ...this.lastSeen);
    this.#cutRows.push({ key: NUMBERS_KEY, value: new Uint8Array(numbers.buffer) });
  }

  handOver(sink: RowSink, maxBytes: number): number {
    let cost = 0;
    for (; this.#handed < this.#cutRows.length; this.#handed++) {
      if (cost >= maxBytes) return -1;
      const { key, value } = this.#cutRows[this.#handed] as CutRow;
      const length = value === null ? ROW_DELETED : value.length;
      if (!sink.tryRow(OUTBOX_STORE_ID, key, 0, key.length, value ?? key, 0, length)) return -1;
      cost += ROW_COST + (value?.length ?? 0);
    }
    return cost;
  }

  confirmCut(): void {
    this.#savedFrom.set(this.#cutFrom);
    this.#savedTo.set(this.#cutTo);
    this.#cutRows = [];
  }

  abandonCut(): void {
    this.#cutRows = [];
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED */
  #load(reader: CheckpointReader): void {
    const numbers = reader.get(OUTBOX_STORE_ID, NUMBERS_KEY, NUMBERS_KEY.length);
    if (numbers === null) return;
    const count = this.queues.length + this.lastSeen.length;
    if (numbers.length !== count * 8) {
      // Other levels than before: the topology was changed, which it can be only when nothing was on its way.
      if (countUnconfirmed(reader) === 0) return;
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `outbox numbers bytes=${numbers.length} expected=${count * 8}`);
    }
    const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.length);
    this.queues.forEach((queue, channel) => {
      const next = view.getFloat64(channel * 8, true);
      queue.headSequence = next;
      queue.sentSequence = next;
      queue.tailSequence = next;
      this.#savedFrom[channel] = next;
      this.#savedTo[channel] = next;
    });
    for (let channel = 0; channel < this.lastSeen.length; channel++) {
      this.lastSeen[channel] = view.getFloat64((this.queues.length + channel) * 8, true);
    }
    const first = new Set<number>();
    reader.scan(OUTBOX_STORE_ID, null, (key, value) => {
      if (key.length !== ROW_KEY_BYTES) return true;
      this.#loadRecord(key, value, first);
      return true;
    });
  }

  #loadRecord(key: Uint8Array, value: Uint8Array, first: Set<number>): void {
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const channel = view.getUint16(0);
    const sequence = Number(view.getBigUint64(2));
    const queue = this.queues[channel];
    if (queue === undefined) throw new MokaError('ERR_CHECKPOINT_DAMAGED', `outbox row of channel=${channel}`);
    const end = this.#savedTo[channel] as number;
    if (!first.has(channel)) {
      first.add(channel);
      queue.headSequence = sequence;
      queue.sentSequence = sequence;
      queue.tailSequence = sequence;
      this.#savedFrom[channel] = sequence;
    }
    if (sequence !== queue.tailSequence || sequence >= end) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `outbox channel=${channel} row=${sequence} end=${end}`);
    }
    const start = queue.claim(value.length);
    queue.u8.set(value, start);
    queue.commit(value.length);
  }
}

/** How many records a checkpoint has that their targets may not hold. */
export function countUnconfirmed(reader: CheckpointReader): number {
  let count = 0;
  reader.scan(OUTBOX_STORE_ID, null, (key) => {
    if (key.length === ROW_KEY_BYTES) count += 1;
    return true;
  });
  return count;
}

function rowKey(channel: number, sequence: number): Uint8Array {
  const key = new Uint8Array(ROW_KEY_BYTES);
  const view = new DataView(key.buffer);
  view.setUint16(0, channel);
  view.setBigUint64(2, BigInt(sequence));
  return key;
}

const ROW_KEY_BYTES = 10;
const NUMBERS_KEY = Uint8Array.of(0xff, 0xff);
const ROW_COST = 32;
