// data plane
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { newProducer, PRODUCER_ROW_BYTES, type Producer, ProducerRows } from './producer-rows.ts';
import { DEFAULT_MAX_PRODUCERS } from './store-limits.ts';
import { PRODUCERS_STORE_ID } from './store-spec.ts';

export interface ProducerOptions {
  /** A producer is remembered at least this long after its last event, in log time. */
  readonly windowMs: number;
  /** Producers remembered; when all were heard of within the window, a new one is refused. */
  readonly maxProducers?: number;
}

/** `check`: the next event of this producer, or one of a producer that is not known. */
export const PRODUCER_NEW = 0;
/** `check`: taken before. */
export const PRODUCER_DUPLICATE = 1;
/** `check`: a newer connection of the same producer took over. */
export const PRODUCER_FENCED = 2;

/**
 * Last epoch and sequence number of each producer: recognises whatever a producer sends again, at the cost of one row.
 * There is room for a fixed number; the one that has been silent for longest makes room for a new one, and not before it
 * has been silent for the window: `isFull` is asked first, before the event of a new producer enters the log.
 *
 * A frame brings many events of one producer: the one at hand is kept, so that the map is asked once per frame.
 */
export class ProducerTable implements CutPart {
  readonly #windowMs: number;
  readonly #max: number;
  /** By their last accepted event, the oldest first: what the log says, so a replay has the same order. */
  readonly #producers = new Map<string, Producer>();
  #atHand: Producer | null = null;
  /** The last one of the map. */
  #newest: Producer | null = null;

  #isInEvent = false;
  readonly #undo: { low: number; high: number; before: Producer | null }[] = [];

  #dirty: Producer[] = [];
  /** Rows to delete, unless their producer has come back. */
  #dropped: Producer[] = [];
  // The open cut.
  #cutRows = new ProducerRows(0);
  #handed = 0;

  constructor(options: ProducerOptions) {
    this.#windowMs = options.windowMs;
    this.#max = options.maxProducers ?? DEFAULT_MAX_PRODUCERS;
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

  /** Whether this producer is new and cannot be taken in without forgetting one within the window. */
  isFull(low: number, high: number, logTime: number): boolean {
    if (this.#producers.size < this.#max || this.#find(low | 0, high | 0) !== null) return false;
    return !this.#isExpired(this.#oldest(), logTime);
  }

  /** An event of this producer was accepted. Within an event of the state it is taken back with it, outside it stays. */
  advance(low: number, high: number, epoch: number, sequence: number, logTime: number): void {
    const found = this.#find(low | 0, high | 0);
    if (this.#isInEvent)
      this.#undo.push({ low: low | 0, high: high | 0, before: found === null ? null : { ...found } });
    const producer = found ?? this.#add(low | 0, high | 0, logTime);
    this.#moveToEnd(producer);
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

  #find(low: number, high: number): Producer | null {
    const atHand = this.#atHand;
    if (atHand !== null && atHand.low === low && atHand.high === high) return atHand;
    const producer = this.#producers.get(keyOf(low, high));
    if (producer === undefined) return null;
    this.#atHand = producer;
    return producer;
  }

  /** There may be more than the bound: a log that was written under a greater one is replayed as it is. */
  #add(low: number, high: number, logTime: number): Producer {
    while (this.#producers.size >= this.#max && this.#isExpired(this.#oldest(), logTime)) this.#drop(this.#oldest());
    const producer = newProducer(low, high);
    this.#producers.set(keyOf(low, high), producer);
    this.#atHand = producer;
    this.#newest = producer;
    return producer;
  }

  #drop(producer: Producer): void {
    this.#producers.delete(keyOf(producer.low, producer.high));
    this.#dropped.push(producer);
    producer.isDirty = false;
    this.#atHand = null;
    this.#newest = null;
  }

  #moveToEnd(producer: Producer): void {
    if (producer === this.#newest) return;
    const key = keyOf(producer.low, producer.high);
    this.#producers.delete(key);
    this.#producers.set(key, producer);
    this.#newest = producer;
  }

  #oldest(): Producer {
    return this.#producers.values().next().value as Producer;
  }

  #isExpired(producer: Producer, logTime: number): boolean {
    return producer.logTime < logTime - this.#windowMs;
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
