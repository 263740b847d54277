// data plane
import type { SeededRandom } from '../../src/testing/seeded-random.ts';

const LETTER_A = 97;
const LETTERS = 26;
/** One character in so many is the special one. */
const SPECIAL_SHARE = 13;
const SHORTEST = 3;
const TEXT_CHARACTERS = 1024 * 1024;
const CHANNELS = 10_000;
/** How far the length of `extra` lies from what is missing, at most. */
const EXTRA_SPREAD = 0.2;
const HOT_CHANNELS = ['Google', 'Facebook', 'Baidu', 'Apple'] as const;

/** Where bids come from: a name and its one url. */
export interface Channel {
  readonly name: string;
  readonly url: string;
}

/** The texts of events: what is made anew for each, and what is cut from one long text or taken from a table. */
export class Texts {
  readonly #random: SeededRandom;
  readonly #bytes = Buffer.alloc(128);
  readonly #long: string;
  readonly #hot: readonly Channel[];
  readonly #channels: readonly Channel[];

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#long = longText(random);
    this.#hot = HOT_CHANNELS.map((name) => ({ name, url: this.#url() }));
    this.#channels = Array.from({ length: CHANNELS }, (_, i) => ({ name: `channel-${i}`, url: this.#channelUrl(i) }));
  }

  /** Three characters or more, fewer than `maxLength`: letters, and now and then the special character. */
  word(maxLength: number, special = ' '): string {
    const random = this.#random;
    const bytes = this.#bytes;
    const length = SHORTEST + random.below(maxLength - SHORTEST);
    const code = special.charCodeAt(0);
    for (let i = 0; i < length; i++) {
      // One draw says both: its lower half whether, its upper half which.
      const word = random.word();
      const isSpecial = ((word & 0xffff) * SPECIAL_SHARE) >>> 16 === 0;
      bytes[i] = isSpecial ? code : LETTER_A + (((word >>> 16) * LETTERS) >>> 16);
    }
    return bytes.toString('latin1', 0, length).trim();
  }

  /** Fills an event of `size` up to about `average` bytes. */
  extra(size: number, average: number): string {
    if (size >= average) return '';
    const missing = average - size;
    const delta = Math.round(missing * EXTRA_SPREAD);
    const length = missing - delta + (delta === 0 ? 0 : this.#random.below(2 * delta));
    const from = this.#random.below(TEXT_CHARACTERS - length);
    return this.#long.substring(from, from + length);
  }

  /** One of the four big ones, or one of ten thousand. */
  channel(isHot: boolean): Channel {
    const channels = isHot ? this.#hot : this.#channels;
    return channels[this.#random.below(channels.length)] as Channel;
  }

  #url(): string {
    const directory = (): string => this.word(5, '_');
    return `https://www.nexmark.com/${directory()}/${directory()}/${directory()}/item.htm?query=1`;
  }

  #channelUrl(channel: number): string {
    const url = this.#url();
    return this.#random.below(10) === 0 ? url : `${url}&channel_id=${Math.abs(reversedBits(channel))}`;
  }
}

function longText(random: SeededRandom): string {
  const bytes = Buffer.alloc(TEXT_CHARACTERS);
  for (let i = 0; i < TEXT_CHARACTERS; i++) bytes[i] = LETTER_A + random.below(LETTERS);
  return bytes.toString('latin1');
}

/** The 32 bits of a word the other way round, as a signed number. */
export function reversedBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed;
}
