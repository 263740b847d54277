import { fingerprint32 } from '../base/hash.ts';
import type { EventContext } from '../topology/compiled.ts';

const TWO_TO_32 = 4_294_967_296;

/**
 * What an operator may know besides event and state, all of it from the log, so that a replay sees the same. One object
 * per partition; the lane moves it from event to event.
 */
export class LaneContext implements EventContext {
  readonly partition: number;
  offset = -1;
  eventTime = 0;
  logTime = 0;
  #drawn = 0;
  /** 0 for the event itself; what time brings about at the same offset is numbered from 1. */
  #unit = 0;
  readonly #words = new Uint32Array(4);

  constructor(partition: number) {
    this.partition = partition;
  }

  moveTo(offset: number, eventTime: number, logTime: number): void {
    this.offset = offset;
    this.eventTime = eventTime;
    this.logTime = logTime;
    this.#drawn = 0;
    this.#unit = 0;
  }

  /** What time brings about at this offset is next, the `unit`-th of its kind there. */
  moveToUnit(offset: number, unit: number, eventTime: number, logTime: number): void {
    this.moveTo(offset, eventTime, logTime);
    this.#unit = unit;
  }

  /** Log time of the event in ms. */
  now(): number {
    return this.logTime;
  }

  /** In [0, 1), a function of partition, offset and the number of draws before it. */
  random(): number {
    const high = this.#draw() >>> 5;
    const low = this.#draw() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** An identifier that no other draw has, the same at every replay. */
  id(): string {
    this.#drawn += 1;
    const unit = this.#unit === 0 ? '' : `${this.#unit}.`;
    return `${this.partition}:${this.offset}:${unit}${this.#drawn}`;
  }

  #draw(): number {
    this.#drawn += 1;
    const words = this.#words;
    words[0] = this.partition;
    words[1] = this.offset % TWO_TO_32;
    words[2] = Math.floor(this.offset / TWO_TO_32);
    words[3] = this.#drawn;
    return fingerprint32(words, 0, 4, 0x6d6f6b61 + this.#unit) >>> 0;
  }
}
