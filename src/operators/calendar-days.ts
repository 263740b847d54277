import type { AlignedWindows } from './aligned-window.ts';

/**
 * The days of a place: each lasts from the moment its clocks pass the cut-off to the moment they do so on the next day, so
 * a day on which the clocks are changed has 23 or 25 hours. Where they skip the cut-off, the day begins when they are set
 * forward; where they show it twice, with the first time.
 */
export class CalendarDays implements AlignedWindows {
  readonly #cutoffMs: number;
  readonly #format: Intl.DateTimeFormat;
  /** The days looked up last: to look one up takes tens of microseconds. */
  readonly #starts: number[] = new Array(REMEMBERED_DAYS).fill(Number.NaN);
  readonly #ends: number[] = new Array(REMEMBERED_DAYS).fill(Number.NaN);
  #oldest = 0;

  /**
   * @param zone IANA name, such as `Europe/Berlin`
   * @param cutoffMs time of day in ms
   * @throws RangeError for a zone that is not known
   */
  constructor(zone: string, cutoffMs: number) {
    this.#cutoffMs = cutoffMs;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  startOf(time: number): number {
    return this.#starts[this.#find(time)] as number;
  }

  endOf(start: number): number {
    return this.#ends[this.#find(start)] as number;
  }

  /** @returns where the day that the time lies in is remembered */
  #find(time: number): number {
    for (let i = 0; i < REMEMBERED_DAYS; i++) {
      if (time >= (this.#starts[i] as number) && time < (this.#ends[i] as number)) return i;
    }
    let start = Math.floor((time + this.#offsetAt(time)) / DAY_MS) + 1;
    while (this.#beginOf(start) > time) start--;
    let end = start + 1;
    // Where a whole date is skipped, its day has no length.
    while (this.#beginOf(end) <= this.#beginOf(start)) end++;
    const place = this.#oldest;
    this.#oldest = (place + 1) % REMEMBERED_DAYS;
    this.#starts[place] = this.#beginOf(start);
    this.#ends[place] = this.#beginOf(end);
    return place;
  }

  /**
   * When the clocks pass the cut-off of a date.
   *
   * @param date days since 1970-01-01
   */
  #beginOf(date: number): number {
    const local = date * DAY_MS + this.#cutoffMs;
    // No offset is beyond a day, and clocks are not changed twice within two.
    const before = this.#offsetAt(local - DAY_MS);
    const after = this.#offsetAt(local + DAY_MS);
    const [first, last] = [local - Math.max(before, after), local - Math.min(before, after)];
    if (first + this.#offsetAt(first) === local) return first;
    if (last + this.#offsetAt(last) === local) return last;
    // The clocks skip it, somewhere between the two.
    let [low, high] = [first, last];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (middle + this.#offsetAt(middle) < local) low = middle;
      else high = middle;
    }
    return high;
  }

  /** How far the clocks are ahead of UTC, in ms. */
  #offsetAt(time: number): number {
    const part: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(time)) part[type] = value;
    const year = part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year']);
    const clock = new Date(0);
    clock.setUTCFullYear(year, Number(part['month']) - 1, Number(part['day']));
    clock.setUTCHours(Number(part['hour']), Number(part['minute']), Number(part['second']));
    return clock.getTime() - Math.floor(time / SECOND_MS) * SECOND_MS;
  }
}

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const REMEMBERED_DAYS = 4;
