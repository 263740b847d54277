import { describe, expect, it } from 'vitest';
import { BASE_TIME, NexmarkGenerator } from '../../../native-bench/nexmark/generator.ts';
import { kindOf, lastAuction, lastPerson } from '../../../native-bench/nexmark/ids.ts';
import { AUCTION, type Auction, BID, type Bid, PERSON, type Person } from '../../../native-bench/nexmark/model.ts';
import { reversedBits } from '../../../native-bench/nexmark/texts.ts';

const EVENTS = 50_000;

function generate(options: Partial<ConstructorParameters<typeof NexmarkGenerator>[0]> = {}, events = EVENTS) {
  const generator = new NexmarkGenerator({ seed: 7, density: 10_000, ...options });
  const [persons, auctions, bids]: [Person[], Auction[], Bid[]] = [[], [], []];
  const times: number[] = [];
  for (let n = 0; n < events; n++) {
    const event = generator.next();
    times.push(event.dateTime);
    [persons, auctions, bids][generator.kind]?.push(event as never);
  }
  return { persons, auctions, bids, times };
}

function share<T>(all: readonly T[], isOf: (one: T) => boolean): number {
  return all.filter(isOf).length / all.length;
}

describe('ids', () => {
  it.each([
    [1, AUCTION, 0, 0],
    [2, AUCTION, 0, 1],
    [3, AUCTION, 0, 2],
    [4, BID, 0, 2],
    [49, BID, 0, 2],
    [50, PERSON, 1, 2],
    [51, AUCTION, 1, 3],
    [53, AUCTION, 1, 5],
    [54, BID, 1, 5],
    [99, BID, 1, 5],
    [100, PERSON, 2, 5],
    [5000, PERSON, 100, 299],
    [5001, AUCTION, 100, 300],
    [5004, BID, 100, 302],
  ])('event %d is of kind %d, after person %d and auction %d', (eventId, kind, person, auction) => {
    expect([kindOf(eventId), lastPerson(eventId), lastAuction(eventId)]).toEqual([kind, person, auction]);
  });
});

describe('NexmarkGenerator', () => {
  const { persons, auctions, bids, times } = generate();

  it('gives 1 person and 3 auctions to 46 bids', () => {
    expect([persons.length, auctions.length, bids.length]).toEqual([1000, 3000, 46_000]);
  });

  it('gives ids one after the other', () => {
    expect(persons.map(({ id }) => id)).toEqual(Array.from({ length: 1000 }, (_, i) => 1001 + i));
    // The first event bears number 2: the auction before it is nobody's.
    expect(auctions.map(({ id }) => id)).toEqual(Array.from({ length: 3000 }, (_, i) => 1001 + i));
  });

  it('spreads events evenly over time', () => {
    expect(times.slice(0, 12).map((time) => time - BASE_TIME)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect((times.at(-1) as number) - BASE_TIME).toBe(5000);
  });

  it('gives the same events for the same seed, and others for another', () => {
    expect(generate({}, 200)).toEqual(generate({}, 200));
    expect(generate({ seed: 8 }, 200).bids).not.toEqual(generate({}, 200).bids);
  });

  it('lets a quarter of the bids and sellers go to anyone, half of the bids to any auction', () => {
    // Of those who are not chosen for being hot a few are it by chance.
    expect(share(bids, ({ auction }) => (auction - 1000) % 100 === 0)).toBeCloseTo(0.5, 1);
    expect(share(bids, ({ bidder }) => (bidder - 2000) % 100 === 1)).toBeCloseTo(0.75, 1);
    expect(share(auctions, ({ seller }) => (seller - 1000) % 100 === 0)).toBeCloseTo(0.75, 1);
    expect(share(bids, ({ channel }) => !channel.startsWith('channel-'))).toBeCloseTo(0.5, 1);
  });

  it('refers to ids that are there, or are to come within ten', () => {
    const last = 1000 + lastAuction(EVENTS + 1);
    expect(bids.filter(({ auction }) => !(auction >= 1000 && auction <= last + 10))).toEqual([]);
    expect(bids.filter(({ bidder }) => !(bidder >= 2000 && bidder <= 3011))).toEqual([]);
    expect(auctions.filter(({ seller }) => !(seller >= 1000 && seller <= 2011))).toEqual([]);
  });

  it('draws prices as often between 1 and 10 as between 100 000 and 1 000 000', () => {
    expect(bids.filter(({ price }) => !(price >= 100 && price <= 100_000_000))).toEqual([]);
    expect(share(bids, ({ price }) => price < 1000)).toBeCloseTo(1 / 6, 1);
    expect(share(bids, ({ price }) => price >= 10_000_000)).toBeCloseTo(1 / 6, 1);
  });

  it('lets an auction end after 333 ms at most, when there are 10 000 events per second', () => {
    expect(auctions.filter(({ dateTime, expires }) => !(expires - dateTime >= 1 && expires - dateTime <= 334))).toEqual(
      [],
    );
    expect(new Set(auctions.map(({ category }) => category))).toEqual(new Set([10, 11, 12, 13, 14]));
  });

  it('fills events up to their size', () => {
    const mean = (texts: readonly { extra: string }[]): number =>
      texts.reduce((sum, { extra }) => sum + extra.length, 0) / texts.length;
    expect(mean(bids)).toBeGreaterThan(64);
    expect(mean(bids)).toBeLessThan(72);
    expect(bids.filter(({ extra }) => !/^[a-z]{54,81}$/.test(extra))).toEqual([]);
    expect(mean(auctions)).toBeGreaterThan(350);
  });

  it('gives a channel one url, with its number in nine of ten', () => {
    const urls = new Map(bids.map(({ channel, url }) => [channel, url]));
    expect(bids.filter(({ channel, url }) => urls.get(channel) !== url)).toEqual([]);
    const others = [...urls].filter(([channel]) => channel.startsWith('channel-'));
    expect(share(others, ([, url]) => url.includes('&channel_id='))).toBeCloseTo(0.9, 1);
    const [channel, url] = others.find(([, text]) => text.includes('&')) as [string, string];
    expect(url).toMatch(/^https:\/\/www\.nexmark\.com\/[a-z_]+\/[a-z_]+\/[a-z_]+\/item\.htm\?query=1&channel_id=\d+$/);
    const number = Number(channel.slice('channel-'.length));
    expect(url.endsWith(`=${Math.abs(reversedBits(number))}`)).toBe(true);
  });

  it('brings events in another order within a group, and none twice', () => {
    const disordered = generate({ outOfOrderGroupSize: 100 }, 1000);
    expect(disordered.times).not.toEqual([...disordered.times].sort((a, b) => a - b));
    const ids = disordered.auctions.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('reversedBits', () => {
  it.each([
    [0, 0],
    [1, -2_147_483_648],
    [2, 1_073_741_824],
    [3, -1_073_741_824],
  ])('of %d is %d', (word, reversed) => expect(reversedBits(word)).toBe(reversed));
});
