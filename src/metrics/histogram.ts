// data plane

/**
 * A log-linear histogram over shared memory: slots of width 1 up to 32, then 32 slots for each doubling, so that a
 * value is known to within 1/32 (HdrHistogram's layout with 5 bits). Values are whole and not negative, in the unit of
 * the metric; the largest is 2^32 - 1.
 *
 * ```
 *   f64 index 0       1     2     3                        3 + SLOT_COUNT
 *   +---------+-------+-----+-----+-----+----- … -----+
 *   |  count  |  sum  | max | slot 0 | slot 1 | …     |
 *   +---------+-------+-----+-----+-----+----- … -----+
 * ```
 * One thread records. Any thread reads: each word is a whole number at all times (aligned 8-byte loads do not tear on
 * 64-bit machines), though a reader may see a value in its slot before it sees it in the count.
 */
const SUB_BITS = 5;
const SUB_COUNT = 1 << SUB_BITS;
const SLOT_COUNT = (32 - SUB_BITS + 1) * SUB_COUNT;
const GREATEST = 0xffffffff;

const COUNT = 0;
const SUM = 1;
const MAX = 2;
const SLOTS = 3;

export const HISTOGRAM_WORDS = SLOTS + SLOT_COUNT;

export class Histogram {
  readonly #words: Float64Array;

  /** @param words HISTOGRAM_WORDS words that are this histogram's alone */
  constructor(words: Float64Array = new Float64Array(HISTOGRAM_WORDS)) {
    this.#words = words;
  }

  get count(): number {
    return this.#words[COUNT] as number;
  }

  get sum(): number {
    return this.#words[SUM] as number;
  }

  get max(): number {
    return this.#words[MAX] as number;
  }

  /** Fractions are cut off, negative values (a clock stepped back) count as 0, larger ones as the largest. */
  record(value: number): void {
    const whole = value < 0 ? 0 : value > GREATEST ? GREATEST : Math.floor(value);
    const words = this.#words;
    words[COUNT] = (words[COUNT] as number) + 1;
    words[SUM] = (words[SUM] as number) + whole;
    if (whole > (words[MAX] as number)) words[MAX] = whole;
    const slot = SLOTS + slotOf(whole);
    words[slot] = (words[slot] as number) + 1;
  }

  /** The smallest value that this share (0 to 1) of all recorded ones does not exceed, rounded up; 0 if there is none. */
  percentile(share: number): number {
    const words = this.#words;
    const wanted = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      seen += words[SLOTS + slot] as number;
      if (seen >= wanted) return Math.min(greatestOf(slot), this.max);
    }
    return this.max;
  }

  /** How many recorded values lie below this power of two. */
  countBelow(powerOfTwo: number): number {
    const words = this.#words;
    const end = powerOfTwo > GREATEST ? SLOT_COUNT : slotOf(powerOfTwo);
    let seen = 0;
    for (let slot = 0; slot < end; slot++) seen += words[SLOTS + slot] as number;
    return seen;
  }

  /** Adds what another has recorded. */
  merge(other: Histogram): void {
    const words = this.#words;
    const theirs = other.#words;
    for (let index = 0; index < HISTOGRAM_WORDS; index++) {
      if (index !== MAX) words[index] = (words[index] as number) + (theirs[index] as number);
    }
    words[MAX] = Math.max(words[MAX] as number, theirs[MAX] as number);
  }
}

function slotOf(value: number): number {
  if (value < SUB_COUNT) return value;
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return (shift + 1) * SUB_COUNT + (value >>> shift) - SUB_COUNT;
}

function greatestOf(slot: number): number {
  if (slot < SUB_COUNT) return slot;
  const shift = Math.floor(slot / SUB_COUNT) - 1;
  return ((slot % SUB_COUNT) + SUB_COUNT + 1) * 2 ** shift - 1;
}
