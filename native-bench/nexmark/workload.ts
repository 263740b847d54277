// data plane
import { type GeneratorOptions, NexmarkGenerator } from './generator.ts';
import { AUCTION, type Auction, BID, type Bid, type Kind, type NexmarkEvent, PERSON, type Person } from './model.ts';

export interface WorkloadOptions extends GeneratorOptions {
  /** Events of the generator. Those that end the input come on top. */
  readonly events: number;
}

/** A lane of their own takes so many first, so that what is measured is compiled. */
export const WARMUP_EVENTS = 200_000;

/** Event time is moved on by so much at the end: every window, session and grace before is over then. */
const TAIL_AFTER_MS = 60_000;
/** Persons, auctions and bids that move time on: what closes, closes a part at each of them. */
const TAIL_ROUNDS = 100;
const TAIL_KINDS = 3;

/**
 * What a query is fed: the generator's events, and at the end a few of each kind from a minute later, so that what was
 * open closes, as the reference's does at the end of its input. They bear negative ids and are events like others; what
 * would close after them stays open.
 */
export class Workload {
  readonly size: number;
  /** Kind of the event that `next` gave. */
  kind: Kind = PERSON;
  /** Greatest event time so far. */
  greatestTime = 0;
  readonly #generator: NexmarkGenerator;
  #left: number;
  #tailed = 0;
  #tailTime = 0;

  constructor(options: WorkloadOptions) {
    this.#generator = new NexmarkGenerator(options);
    this.#left = options.events;
    this.size = options.events + TAIL_ROUNDS * TAIL_KINDS;
  }

  /** Call `size` times. */
  next(): Person | Auction | Bid {
    if (this.#left === 0) return this.#tail();
    this.#left -= 1;
    const generator = this.#generator;
    const event = generator.next();
    this.kind = generator.kind;
    if (event.dateTime > this.greatestTime) this.greatestTime = event.dateTime;
    return event;
  }

  get isTail(): boolean {
    return this.#left === 0;
  }

  #tail(): Person | Auction | Bid {
    if (this.#tailed === 0) this.#tailTime = this.greatestTime + TAIL_AFTER_MS;
    const dateTime = this.#tailTime;
    this.greatestTime = dateTime;
    const number = this.#tailed++;
    const id = -1 - Math.floor(number / TAIL_KINDS);
    this.kind = TAIL_ORDER[number % TAIL_KINDS] as Kind;
    if (this.kind === BID) {
      return { auction: id, bidder: id, price: 100, channel: 'none', url: 'https://none/', dateTime, extra: '' };
    }
    if (this.kind === AUCTION) {
      const [itemName, description, extra] = ['', '', ''];
      const [initialBid, reserve, expires, category] = [100, 200, dateTime + 1, 0];
      return { id, itemName, description, initialBid, reserve, dateTime, expires, seller: id, category, extra };
    }
    const [emailAddress, creditCard, city, state, extra] = ['', '', '', '', ''];
    return { id, name: 'nobody', emailAddress, creditCard, city, state, dateTime, extra };
  }
}

const TAIL_ORDER: readonly Kind[] = [PERSON, AUCTION, BID];

/** A whole workload at once, for an oracle. */
export function eventsOf(options: WorkloadOptions): NexmarkEvent[] {
  const workload = new Workload(options);
  return Array.from({ length: workload.size }, () => {
    const event = workload.next();
    return { kind: workload.kind, event } as NexmarkEvent;
  });
}
