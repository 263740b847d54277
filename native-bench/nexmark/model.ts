import { type Static, Type } from 'moka';

/** The three kinds of events of Nexmark, an auction site. Money is in cents, times are in ms, ids are whole numbers. */

export const PersonSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  emailAddress: Type.String(),
  creditCard: Type.String(),
  city: Type.String(),
  state: Type.String(),
  dateTime: Type.Integer(),
  extra: Type.String(),
});
export type Person = Static<typeof PersonSchema>;

export const AuctionSchema = Type.Object({
  id: Type.Integer(),
  itemName: Type.String(),
  description: Type.String(),
  initialBid: Type.Integer(),
  reserve: Type.Integer(),
  dateTime: Type.Integer(),
  expires: Type.Integer(),
  seller: Type.Integer(),
  category: Type.Integer(),
  extra: Type.String(),
});
export type Auction = Static<typeof AuctionSchema>;

export const BidSchema = Type.Object({
  auction: Type.Integer(),
  bidder: Type.Integer(),
  price: Type.Integer(),
  channel: Type.String(),
  url: Type.String(),
  dateTime: Type.Integer(),
  extra: Type.String(),
});
export type Bid = Static<typeof BidSchema>;

/** Which kind an event is: the number of its stream, too. */
export const PERSON = 0;
export const AUCTION = 1;
export const BID = 2;
export type Kind = typeof PERSON | typeof AUCTION | typeof BID;

/** An event with its kind, as it is handed to an oracle. */
export type NexmarkEvent =
  | { readonly kind: typeof PERSON; readonly event: Person }
  | { readonly kind: typeof AUCTION; readonly event: Auction }
  | { readonly kind: typeof BID; readonly event: Bid };
