// data plane
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import {
  AUCTION_PROPORTION,
  FIRST_AUCTION_ID,
  FIRST_CATEGORY_ID,
  FIRST_PERSON_ID,
  kindOf,
  lastAuction,
  lastPerson,
  TOTAL_PROPORTION,
} from './ids.ts';
import { AUCTION, type Auction, BID, type Bid, type Kind, type Person } from './model.ts';
import { Texts } from './texts.ts';

export interface GeneratorOptions {
  readonly seed: number;
  /** Events per second of event time. */
  readonly density: number;
  /** Event time of the beginning, in ms. */
  readonly baseTime?: number;
  /** Within a group of so many events they come in another order than that of their times; 1: they do not. */
  readonly outOfOrderGroupSize?: number;
}

/** 2025-11-20T02:13:20Z: not midnight, and the beginning of windows of 10 s. */
export const BASE_TIME = 1_763_604_800_000;

const FIRST_EVENT_ID = 1;
const FIRST_EVENT_NUMBER = 1;
const CATEGORIES = 5;
/** Ids may lie so far ahead of those that were given out. */
const ID_LEAD = 10;
const ACTIVE_PEOPLE = 1000;
const AUCTIONS_IN_FLIGHT = 100;
/** The hot one of so many ids is the first. */
const HOT_BATCH = 100;
const HOT_AUCTION_RATIO = 2;
const HOT_SELLER_RATIO = 4;
const HOT_BIDDER_RATIO = 4;
const HOT_CHANNEL_RATIO = 2;
const OUT_OF_ORDER_STEP = 953;
const PERSON_BYTES = 200;
const AUCTION_BYTES = 500;
const BID_BYTES = 100;
const NUMBER_BYTES = 8;
const TWO_TO_32 = 4_294_967_296;
const LN_OF_A_MILLION = Math.log(1_000_000);
const EVENTS_AHEAD = Math.floor((AUCTIONS_IN_FLIGHT * TOTAL_PROPORTION) / AUCTION_PROPORTION);

const FIRST_NAMES = 'Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter'.split(' ');
const LAST_NAMES = 'Shultz Abrams Spencer White Bartels Walton Smith Jones Noris'.split(' ');
const CITIES = 'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'.split(',');
const STATES = 'AZ CA ID OR WA WY'.split(' ');

/**
 * The events of Nexmark, in the proportions, with the fields and by the id rules of the reference generator
 * (github nexmark/nexmark), but from a seed: the same options give the same events.
 *
 * Kept as they are there: a bidder's id has the first person's id added twice, and half of all bids go to one auction in
 * a hundred.
 */
export class NexmarkGenerator {
  /** Kind of the event that `next` gave. */
  kind: Kind = BID;
  readonly #random: SeededRandom;
  readonly #texts: Texts;
  readonly #baseTime: number;
  readonly #groupSize: number;
  readonly #delayUs: number;
  #eventNumber = FIRST_EVENT_NUMBER;

  constructor(options: GeneratorOptions) {
    this.#random = new SeededRandom(options.seed);
    this.#texts = new Texts(this.#random);
    this.#baseTime = options.baseTime ?? BASE_TIME;
    this.#groupSize = options.outOfOrderGroupSize ?? 1;
    this.#delayUs = 1e6 / options.density;
  }

  next(): Person | Auction | Bid {
    const number = this.#eventNumber++;
    const group = this.#groupSize;
    const adjusted = group === 1 ? number : Math.floor(number / group) * group + ((number * OUT_OF_ORDER_STEP) % group);
    const eventId = FIRST_EVENT_ID + adjusted;
    const time = this.#timeOf(adjusted);
    const kind = kindOf(eventId);
    this.kind = kind;
    if (kind === BID) return this.#bid(eventId, time);
    return kind === AUCTION ? this.#auction(eventId, time, adjusted) : this.#person(eventId, time);
  }

  #timeOf(eventNumber: number): number {
    return this.#baseTime + Math.floor(Math.floor(eventNumber * this.#delayUs) / 1000);
  }

  #person(eventId: number, dateTime: number): Person {
    const random = this.#random;
    const texts = this.#texts;
    const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
    const emailAddress = `${texts.word(7)}@${texts.word(5)}.com`;
    const creditCard = `${this.#digits()} ${this.#digits()} ${this.#digits()} ${this.#digits()}`;
    const city = random.pick(CITIES);
    const state = random.pick(STATES);
    const size = NUMBER_BYTES + name.length + emailAddress.length + creditCard.length + city.length + state.length;
    const extra = texts.extra(size, PERSON_BYTES);
    return { id: FIRST_PERSON_ID + lastPerson(eventId), name, emailAddress, creditCard, city, state, dateTime, extra };
  }

  #auction(eventId: number, dateTime: number, eventNumber: number): Auction {
    const random = this.#random;
    const texts = this.#texts;
    const isHot = random.below(HOT_SELLER_RATIO) > 0;
    const seller = isHot ? hotOf(lastPerson(eventId)) : this.#anyPerson(eventId);
    const category = FIRST_CATEGORY_ID + random.below(CATEGORIES);
    const initialBid = this.#price();
    const horizon = this.#timeOf(eventNumber + EVENTS_AHEAD) - dateTime;
    const expires = dateTime + 1 + random.below(Math.max(horizon * 2, 1));
    const itemName = texts.word(20);
    const description = texts.word(100);
    const reserve = initialBid + this.#price();
    const size = NUMBER_BYTES + itemName.length + description.length + 5 * NUMBER_BYTES;
    return {
      id: FIRST_AUCTION_ID + lastAuction(eventId),
      itemName,
      description,
      initialBid,
      reserve,
      dateTime,
      expires,
      seller: FIRST_PERSON_ID + seller,
      category,
      extra: texts.extra(size, AUCTION_BYTES),
    };
  }

  #bid(eventId: number, dateTime: number): Bid {
    const random = this.#random;
    const isHotAuction = random.below(HOT_AUCTION_RATIO) > 0;
    const auction = isHotAuction ? hotOf(lastAuction(eventId)) : this.#anyAuction(eventId);
    const isHotBidder = random.below(HOT_BIDDER_RATIO) > 0;
    const bidder = isHotBidder ? hotOf(lastPerson(eventId)) + 1 : this.#anyPerson(eventId);
    const price = this.#price();
    const channel = this.#texts.channel(random.below(HOT_CHANNEL_RATIO) > 0);
    return {
      auction: FIRST_AUCTION_ID + auction,
      bidder: 2 * FIRST_PERSON_ID + bidder,
      price,
      channel: channel.name,
      url: channel.url,
      dateTime,
      extra: this.#texts.extra(4 * NUMBER_BYTES, BID_BYTES),
    };
  }

  #anyPerson(eventId: number): number {
    const people = lastPerson(eventId) + 1;
    const active = Math.min(people, ACTIVE_PEOPLE);
    return people - active + this.#random.below(active + ID_LEAD);
  }

  #anyAuction(eventId: number): number {
    const last = lastAuction(eventId);
    const first = Math.max(last - AUCTIONS_IN_FLIGHT, 0);
    return first + this.#random.below(last - first + 1 + ID_LEAD);
  }

  /** As many between 1 and 10 as between 100 000 and 1 000 000. */
  #price(): number {
    // A power of e takes half the time of a power of 10.
    return Math.round(Math.exp((this.#random.word() / TWO_TO_32) * LN_OF_A_MILLION) * 100);
  }

  #digits(): string {
    return String(10_000 + this.#random.below(10_000)).slice(1);
  }
}

function hotOf(last: number): number {
  return Math.floor(last / HOT_BATCH) * HOT_BATCH;
}
