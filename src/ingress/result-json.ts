// data plane
import { LEVEL_NAMES, LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { LaneIntake } from './lane-intake.ts';

/** Digits of the greatest offset that is written in place: 2^53 has 16. */
const MAX_DIGITS = 16;
const DIGIT_0 = 48;
const KINDS = LEVEL_NAMES.length * 2;

/**
 * The answer to an event that was taken: `{"partition":0,"offset":7,"epoch":1,"level":"durable","processed":true,
 * "duplicate":false}`. All of it but the offset stays the same for long, so it is kept as bytes, one template for each
 * number of digits, and the digits are written into it: the server copies bytes at once, a string it would have to
 * join, measure and encode first.
 */
export class ResultJson {
  readonly #lanes: readonly LaneIntake[];
  readonly #templates: (Template | null)[][];
  readonly #epochs: Int32Array;

  constructor(lanes: readonly LaneIntake[]) {
    this.#lanes = lanes;
    this.#templates = lanes.map(() => new Array<Template | null>(KINDS * (MAX_DIGITS + 1)).fill(null));
    this.#epochs = new Int32Array(lanes.length).fill(-1);
  }

  /**
   * @param offset -1: not known, `null` in the answer
   * @returns bytes that are good until the next call
   */
  bytes(partition: number, offset: number, level: number, isDuplicate: boolean): Uint8Array {
    const { epoch } = (this.#lanes[partition] as LaneIntake).link.status;
    const templates = this.#templates[partition] as (Template | null)[];
    if (this.#epochs[partition] !== epoch) {
      this.#epochs[partition] = epoch;
      templates.fill(null);
    }
    const digits = offset < 0 ? 0 : digitCount(offset);
    const index = (isDuplicate ? level + LEVEL_NAMES.length : level) * (MAX_DIGITS + 1) + digits;
    let template = templates[index];
    if (template === null || template === undefined) {
      template = newTemplate(partition, epoch, level, isDuplicate, digits);
      templates[index] = template;
    }
    const { bytes } = template;
    let rest = offset;
    for (let at = template.digitsAt + digits - 1; at >= template.digitsAt; at--) {
      const next = Math.floor(rest / 10);
      bytes[at] = DIGIT_0 + rest - next * 10;
      rest = next;
    }
    return bytes;
  }
}

interface Template {
  readonly bytes: Uint8Array;
  readonly digitsAt: number;
}

function newTemplate(partition: number, epoch: number, level: number, isDuplicate: boolean, digits: number): Template {
  const head = `{"partition":${partition},"offset":`;
  const tail =
    `,"epoch":${epoch},"level":"${LEVEL_NAMES[level]}","processed":${level > LEVEL_RECEIVED},` +
    `"duplicate":${isDuplicate}}`;
  const offset = digits === 0 ? 'null' : '0'.repeat(digits);
  return { bytes: new Uint8Array(Buffer.from(head + offset + tail)), digitsAt: head.length };
}

function digitCount(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  return digits;
}
