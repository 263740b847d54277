// data plane
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { newProducer, PRODUCER_ROW_BYTES, type Producer, ProducerRows } from './producer-rows.ts';
import { MAX_PRODUCERS } from './store-limits.ts';
import { PRODUCERS_STORE_ID } from './store-spec.ts';

/** `check`: the next event of this producer, or one of a producer that is not known. */
export const PRODUCER_NEW = 0;
/** `check`: taken before. */
export const PRODUCER_DUPLICATE = 1;
/** `check`: a newer connection of the same producer took over. */
export const PRODUCER_FENCED = 2;

/**
 * Last epoch and sequence number of each producer: recognises whatever a producer sends again, at the cost of one row.
 * There is room for a fixed number; the producer that has not been heard of for longest goes first.
 *
 * These are few thousand objects at most, and a frame brings many events of one producer: the one at hand is kept, so
 * that the map is asked once per frame.
 */
export class ProducerTable implements CutPart {
  readonly #max: number;
  /** The one not heard of for longest first. */
  readonly #producers = new Map<string, Producer>();
  #atHand: Producer | null = null;

  #isInEvent = false;
  readonly #undo: { low: number; high: number; before: Producer | null }[] = [];

  #dirty: Producer[] = [];
  /** Rows to delete, unless their producer has come back. */
  #dropped: Producer[] = [];
  // The open cut.
  #cutRows = new ProducerRows(0);
  #handed = 0;

  constructor(max = MAX_PRODUCERS) {
    this.#max = max;
  }

  get size(): number {
    return this.#producers.size;
  }

  check(low: number, high: number, epoch: number, sequence: number): number {
    const producer = this.#find(low | 0, high | 0);
    if (producer === null) return PRODUCER_NEW;
    if (epoch < producer.epoch) return PRODUCER_FENCED;
    return sequence <= producer.sequence ? PRODUCER_DUPLICATE : PRODUCER_NEW;
  }

  /** An event of this producer was accepted. Within an event of the state it is taken back with it, outside it stays. */
  advance(low: number, high: number, epoch: number, sequence: number, logTime: number): void {
    const found = this.#find(low | 0, high | 0);
    if (this.#isInEvent)
      this.#undo.push({ low: low | 0, high: high | 0, before: found === null ? null : { ...found } });
    const producer = found ?? this.#add(low | 0, high | 0);
    producer.epoch = epoch;
    producer.sequence = sequence;
    producer.logTime = logTime;
    this.#markDirty(producer);
  }

  /** -1 when the producer is not known. */
  lastSequence(low: number, high: number): number {
    return this.#find(low | 0, high | 0)?.sequence ?? -1;
  }

  /** -1 when the producer is not known. */
  lastEpoch(low: number, high: number): number {
    return this.#find(low | 0, high | 0)?.epoch ?? -1;
  }

  // ------------------------------------------------------------------ events

  beginEvent(): void {
    this.#isInEvent = true;
  }

  commitEvent(): void {
    this.#isInEvent = false;
    if (this.#undo.length !== 0) this.#undo.length = 0;
  }

  undoEvent(): void {
    this.#isInEvent = false;
    for (let change = this.#undo.pop(); change !== undefined; change = this.#undo.pop()) {
      const producer = this.#find(change.low, change.high);
      if (producer === null) continue;
      if (change.before === null) {
        this.#drop(producer);
        continue;
      }
      producer.epoch = change.before.epoch;
      producer.sequence = change.before.sequence;
      producer.logTime = change.before.logTime;
      this.#markDirty(producer);
    }
  }

  // ------------------------------------------------------------------ checkpoints

  /** Takes in what the checkpoint has; for a table that is empty. */
  load(reader: CheckpointReader): void {
    const loaded: Producer[] = [];
    const row = new ProducerRows(1);
    reader.scan(PRODUCERS_STORE_ID, null, (key, value) => {
      loaded.push(row.read(key, value));
      return true;
    });
    loaded.sort((a, b) => a.logTime - b.logTime);
    for (const producer of loaded) this.#producers.set(keyOf(producer.low, producer.high), producer);
  }

  /** Copies the changed rows: there are never so many that it would be felt. */
  beginCut(): void {
    const gone = new Map(this.#dropped.map((producer) => [keyOf(producer.low, producer.high), producer]));
    const deleted = [...gone].filter(([key]) => !this.#producers.has(key)).map(([, producer]) => producer);
    const changed = this.#dirty.filter((producer) => producer.isDirty);
    this.#cutRows = new ProducerRows(deleted.length + changed.length);
    for (const producer of deleted) this.#cutRows.add(producer, false);
    for (const producer of changed) {
      this.#cutRows.add(producer, true);
      producer.isDirty = false;
    }
    this.#dirty = [];
    this.#dropped = [];
    this.#handed = 0;
  }

  handOver(sink: RowSink, maxBytes: number): number {
    let cost = 0;
    for (; this.#handed < this.#cutRows.count; this.#handed++) {
      if (cost >= maxBytes) return -1;
      if (!this.#cutRows.tryRow(sink, this.#handed)) return -1;
      cost += PRODUCER_ROW_BYTES + ROW_COST;
    }
    return cost;
  }

  confirmCut(): void {
    this.#cutRows = new ProducerRows(0);
  }

  abandonCut(): void {
    for (const { low, high } of this.#cutRows.producers) {
      const producer = this.#producers.get(keyOf(low, high));
      if (producer === undefined) this.#dropped.push(newProducer(low, high));
      else this.#markDirty(producer);
    }
    this.#cutRows = new ProducerRows(0);
  }

  // ------------------------------------------------------------------ producers

  /** The producer at hand is the newest of the map. */
  #find(low: number, high: number): Producer | null {
    const atHand = this.#atHand;
    if (atHand !== null && atHand.low === low && atHand.high === high) return atHand;
    const key = keyOf(low, high);
    const producer = this.#producers.get(key);
    if (producer === undefined) return null;
    this.#producers.delete(key);
    this.#producers.set(key, producer);
    this.#atHand = producer;
    return producer;
  }

  #add(low: number, high: number): Producer {
    if (this.#producers.size >= this.#max) this.#drop(this.#producers.values().next().value as Producer);
    const producer = newProducer(low, high);
    this.#producers.set(keyOf(low, high), producer);
    this.#atHand = producer;
    return producer;
  }

  #drop(producer: Producer): void {
    this.#producers.delete(keyOf(producer.low, producer.high));
    this.#dropped.push(producer);
    producer.isDirty = false;
    this.#atHand = null;
  }

  #markDirty(producer: Producer): void {
    if (producer.isDirty) return;
    producer.isDirty = true;
    this.#dirty.push(producer);
  }
}

function keyOf(low: number, high: number): string {
  return `${low}:${high}`;
}

const ROW_COST = 64;
