// data plane
import { AUCTION, BID, type Kind, PERSON } from './model.ts';

/**
 * Which event is of which kind, and which ids have been given out by then. Of every 50 events the first is a person, the
 * next three are auctions, the others bids. Ids are dense and follow from the number of the event alone.
 */
export const PERSON_PROPORTION = 1;
export const AUCTION_PROPORTION = 3;
export const BID_PROPORTION = 46;
export const TOTAL_PROPORTION = PERSON_PROPORTION + AUCTION_PROPORTION + BID_PROPORTION;

export const FIRST_PERSON_ID = 1000;
export const FIRST_AUCTION_ID = 1000;
export const FIRST_CATEGORY_ID = 10;

export function kindOf(eventId: number): Kind {
  const rest = eventId % TOTAL_PROPORTION;
  if (rest < PERSON_PROPORTION) return PERSON;
  return rest < PERSON_PROPORTION + AUCTION_PROPORTION ? AUCTION : BID;
}

/** The last person that there is at this event, counted from 0. */
export function lastPerson(eventId: number): number {
  const epoch = Math.floor(eventId / TOTAL_PROPORTION);
  const rest = eventId % TOTAL_PROPORTION;
  return epoch * PERSON_PROPORTION + Math.min(rest, PERSON_PROPORTION - 1);
}

/** The last auction that there is at this event, counted from 0. */
export function lastAuction(eventId: number): number {
  const epoch = Math.floor(eventId / TOTAL_PROPORTION);
  const rest = eventId % TOTAL_PROPORTION;
  // Before its own auctions an epoch has those of the one before.
  if (rest < PERSON_PROPORTION) return epoch * AUCTION_PROPORTION - 1;
  return epoch * AUCTION_PROPORTION + Math.min(rest - PERSON_PROPORTION, AUCTION_PROPORTION - 1);
}
