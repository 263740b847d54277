import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { MokaError } from '../base/errors.ts';

/** What is asked of a lane that has just been opened. */
export interface ReplayedLane {
  readonly partition: {
    readonly processedOffset: number;
    readonly checkpointer: { readonly savedOffset: number; force(): void };
  };
}

/**
 * Failures of user code that nobody called: an operator left a timer or a promise behind, and that throws or rejects when
 * its event is long over. Neither the event nor the partition is known. It ends the process, as every failure of a thread
 * does. But the event is in the log, and a replay runs its operator again, which leaves the same behind: so while a
 * checkpoint does not cover what was replayed at this start, such a failure is reported, and a checkpoint is asked for.
 * So an event can end the process in this way, but not every start after it.
 *
 * What is thrown by moka's own code, out of a callback, is a bug and never waits.
 */
export class StrayFailures {
  readonly #lanes: readonly ReplayedLane[];
  readonly #replayedThrough: readonly number[];
  readonly #report: (text: string) => void;
  readonly #fail: (error: unknown) => void;
  #hasReported = false;

  /** @param lanes just opened: what they have processed they have replayed, or found in a checkpoint */
  constructor(lanes: readonly ReplayedLane[], report: (text: string) => void, fail: (error: unknown) => void) {
    this.#lanes = lanes;
    this.#replayedThrough = lanes.map(({ partition }) => partition.processedOffset);
    this.#report = report;
    this.#fail = fail;
  }

  /** For `process.on('uncaughtException')`, where Node also brings what an unhandled promise was rejected with. */
  readonly onUncaught = (error: unknown): void => {
    if (isThrownByUs(error)) return this.#fail(error);
    if (!this.#awaitsCheckpoint()) return this.#fail(new MokaError('ERR_OPERATOR_STRAY', messageOf(error)));
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#report(`${messageOf(error)}\nleft behind by the replay: not reported again, and no end, until a checkpoint`);
  };

  #awaitsCheckpoint(): boolean {
    let awaits = false;
    for (const [n, { partition }] of this.#lanes.entries()) {
      if (partition.checkpointer.savedOffset >= (this.#replayedThrough[n] as number)) continue;
      partition.checkpointer.force();
      awaits = true;
    }
    return awaits;
  }
}

function messageOf(error: unknown): string {
  return (
    'user code failed outside of an event; operators answer at once, and leave no timer and no promise behind ' +
    `that can fail: ${stackOf(error) || inspect(error)}`
  );
}

function stackOf(error: unknown): string {
  const stack = (error as { stack?: unknown } | null | undefined)?.stack;
  return typeof stack === 'string' ? stack : '';
}

const OUR_ROOT = fileURLToPath(new URL('../', import.meta.url));
const OUR_EXAMPLES = `${OUR_ROOT}examples/`;

/** Whether the innermost code that is neither Node's nor another package's is moka's. */
function isThrownByUs(error: unknown): boolean {
  for (const line of stackOf(error).split('\n')) {
    const place = /^ {4}at (?:async |.* \()?((?:file:\/\/)?\/[^()]*):\d+:\d+\)?$/.exec(line)?.[1];
    if (place === undefined) continue;
    const path = place.startsWith('file:') ? fileURLToPath(place) : place;
    if (path.startsWith(OUR_ROOT)) return !path.startsWith(OUR_EXAMPLES);
    if (!path.includes('/node_modules/')) return false;
  }
  return false;
}
