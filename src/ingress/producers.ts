import type { KeyedHash } from '../base/hash.ts';
import { MAX_PRODUCER_BYTES } from '../base/limits.ts';
import { IDENTITY_PRODUCER, identityOf } from '../record/identity.ts';
import type { FrameSession } from './frame-session.ts';
import { isPrintable } from './request-headers.ts';

/** What the lanes know of a producer: the greatest over all of them, -1 for a producer nobody knows. */
export type ProducerLookup = (low: number, high: number) => Promise<{ epoch: number; lastSequence: number }>;

/** The record has 16 bits for it; takeovers beyond are told apart by the intake alone, which is enough. */
const MAX_EPOCH = 0xffff;

/** A name that numbers its events, and the one connection that may speak for it. */
export class Producer {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  epoch = 1;
  /** Of the last event that was handed to a lane; -1 for none. */
  lastSequence = -1;
  session: FrameSession | null = null;
  framesInFlight = 0;
  /** Whoever asks while the lanes are asked waits for the same answer. */
  ready: Promise<void> = Promise.resolve();

  constructor(name: string, low: number, high: number) {
    this.name = name;
    this.low = low;
    this.high = high;
  }
}

export function isProducerName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_PRODUCER_BYTES && isPrintable(name);
}

/**
 * The producers of one stream that are connected or have frames in flight. A second connection of a name takes over:
 * the first is closed, and of its frames only those that are on their rings count. Rings are first in, first out, so
 * nothing of the first can come after anything of the second; the epoch says so in the log.
 */
export class Producers {
  readonly #streamId: number;
  readonly #hash: KeyedHash;
  readonly #lookup: ProducerLookup;
  readonly #known = new Map<string, Producer>();

  constructor(streamId: number, hash: KeyedHash, lookup: ProducerLookup) {
    this.#streamId = streamId;
    this.#hash = hash;
    this.#lookup = lookup;
  }

  /** @returns the producer with this session as its one speaker, once the lanes have said what they hold of it */
  async attach(name: string, session: FrameSession): Promise<Producer> {
    const producer = this.#known.get(name) ?? this.#add(name);
    await producer.ready;
    if (session.isClosed) {
      this.forgetIfIdle(producer);
      return producer;
    }
    if (producer.session !== null) {
      const older = producer.session;
      producer.epoch = Math.min(producer.epoch + 1, MAX_EPOCH);
      producer.session = session;
      older.fence();
    }
    producer.session = session;
    return producer;
  }

  detach(producer: Producer, session: FrameSession): void {
    if (producer.session === session) producer.session = null;
    this.forgetIfIdle(producer);
  }

  /** With nothing in flight the lanes know all there is to know. */
  forgetIfIdle(producer: Producer): void {
    if (producer.session !== null || producer.framesInFlight !== 0) return;
    if (this.#known.get(producer.name) === producer) this.#known.delete(producer.name);
  }

  #add(name: string): Producer {
    const hash = this.#hash;
    identityOf(hash, this.#streamId, 0, 0, IDENTITY_PRODUCER, name);
    const producer = new Producer(name, hash.low, hash.high);
    this.#known.set(name, producer);
    producer.ready = this.#learn(producer);
    return producer;
  }

  async #learn(producer: Producer): Promise<void> {
    try {
      const { epoch, lastSequence } = await this.#lookup(producer.low, producer.high);
      producer.epoch = Math.max(1, epoch);
      producer.lastSequence = lastSequence;
    } catch (error) {
      // One lane that did not answer must not shut the name out: the next connection asks again.
      if (this.#known.get(producer.name) === producer) this.#known.delete(producer.name);
      throw error;
    }
  }
}
