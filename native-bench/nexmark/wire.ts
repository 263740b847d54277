// data plane
import { FIX_ARRAY, FIX_TEXT, FLOAT_64, TEXT_8, TEXT_16, UINT_32 } from '../../src/record/msgpack-format.ts';
import { AUCTION, type Auction, BID, type Bid, type Kind, type Person } from './model.ts';

/**
 * An event as a msgpack record: its members in the order of its schema. Texts are ASCII and numbers have one form each
 * that holds them all, so that the sender of a benchmark costs little.
 *
 * @returns where the record ends
 */
export function writeEvent(bytes: Buffer, start: number, kind: Kind, event: Person | Auction | Bid): number {
  if (kind === BID) return writeBid(bytes, start, event as Bid);
  return kind === AUCTION ? writeAuction(bytes, start, event as Auction) : writePerson(bytes, start, event as Person);
}

function writeBid(bytes: Buffer, start: number, bid: Bid): number {
  let at = start;
  bytes[at++] = FIX_ARRAY | 7;
  at = writeNumber(bytes, at, bid.auction);
  at = writeNumber(bytes, at, bid.bidder);
  at = writeNumber(bytes, at, bid.price);
  at = writeText(bytes, at, bid.channel);
  at = writeText(bytes, at, bid.url);
  at = writeNumber(bytes, at, bid.dateTime);
  return writeText(bytes, at, bid.extra);
}

function writeAuction(bytes: Buffer, start: number, auction: Auction): number {
  let at = start;
  bytes[at++] = FIX_ARRAY | 10;
  at = writeNumber(bytes, at, auction.id);
  at = writeText(bytes, at, auction.itemName);
  at = writeText(bytes, at, auction.description);
  at = writeNumber(bytes, at, auction.initialBid);
  at = writeNumber(bytes, at, auction.reserve);
  at = writeNumber(bytes, at, auction.dateTime);
  at = writeNumber(bytes, at, auction.expires);
  at = writeNumber(bytes, at, auction.seller);
  at = writeNumber(bytes, at, auction.category);
  return writeText(bytes, at, auction.extra);
}

function writePerson(bytes: Buffer, start: number, person: Person): number {
  let at = start;
  bytes[at++] = FIX_ARRAY | 8;
  at = writeNumber(bytes, at, person.id);
  at = writeText(bytes, at, person.name);
  at = writeText(bytes, at, person.emailAddress);
  at = writeText(bytes, at, person.creditCard);
  at = writeText(bytes, at, person.city);
  at = writeText(bytes, at, person.state);
  at = writeNumber(bytes, at, person.dateTime);
  return writeText(bytes, at, person.extra);
}

function writeNumber(bytes: Buffer, at: number, value: number): number {
  if (value >= 0 && value <= 0xffff_ffff) {
    bytes[at] = UINT_32;
    return bytes.writeUInt32BE(value, at + 1);
  }
  bytes[at] = FLOAT_64;
  return bytes.writeDoubleBE(value, at + 1);
}

function writeText(bytes: Buffer, start: number, text: string): number {
  const { length } = text;
  let at = start;
  if (length < 32) {
    bytes[at++] = FIX_TEXT | length;
  } else if (length <= 0xff) {
    bytes[at++] = TEXT_8;
    bytes[at++] = length;
  } else {
    bytes[at++] = TEXT_16;
    at = bytes.writeUInt16BE(length, at);
  }
  return at + (bytes as Latin1Buffer).latin1Write(text, at, length);
}

/** What `write(text, at, 'latin1')` comes down to, for half the price. */
type Latin1Buffer = Buffer & { latin1Write(text: string, at: number, length: number): number };
