// data plane
import { LEVEL_NAMES, LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { LaneIntake } from './lane-intake.ts';

/**
 * The answer to an event that was taken: `{"partition":0,"offset":7,"epoch":1,"level":"durable","processed":true,
 * "duplicate":false}`. All of it but the offset is the same for a long time and kept as text.
 */
export class ResultJson {
  readonly #lanes: readonly LaneIntake[];
  readonly #heads: readonly string[];
  readonly #tails: string[][];
  readonly #epochs: number[];

  constructor(lanes: readonly LaneIntake[]) {
    this.#lanes = lanes;
    this.#heads = lanes.map((lane) => `{"partition":${lane.partition},"offset":`);
    this.#tails = lanes.map(() => []);
    this.#epochs = lanes.map(() => -1);
  }

  /** @param offset -1: not known, `null` in the answer */
  text(partition: number, offset: number, level: number, isDuplicate: boolean): string {
    const epoch = (this.#lanes[partition] as LaneIntake).link.status.epoch;
    if (this.#epochs[partition] !== epoch) this.#renew(partition, epoch);
    const tail = (this.#tails[partition] as string[])[isDuplicate ? level + LEVEL_NAMES.length : level] as string;
    return (this.#heads[partition] as string) + (offset < 0 ? 'null' : offset) + tail;
  }

  #renew(partition: number, epoch: number): void {
    this.#epochs[partition] = epoch;
    const tails: string[] = [];
    for (const isDuplicate of [false, true]) {
      LEVEL_NAMES.forEach((name, level) => {
        const processed = level > LEVEL_RECEIVED;
        tails.push(`,"epoch":${epoch},"level":"${name}","processed":${processed},"duplicate":${isDuplicate}}`);
      });
    }
    this.#tails[partition] = tails;
  }
}
