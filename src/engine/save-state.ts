import { setTimeout as sleep } from 'node:timers/promises';
import { MokaError } from '../base/errors.ts';
import { LANE_RUNNING, type LaneLink } from '../ring/lane.ts';

/** What a partition's last checkpoint reflects. */
export interface SavedPartition {
  readonly partition: number;
  readonly checkpointOffset: number;
}

export interface SaveOptions {
  /** Has every lane save a checkpoint if there is anything new. */
  readonly ask: () => void;
  readonly limitMs: number;
  /** Nobody waits for the answer any more: looking ends. */
  readonly isAbandoned: () => boolean;
}

/** Between two looks at words in shared memory; a small checkpoint takes as long. */
const LOOK_MS = 20;

/**
 * Saves the state of every partition, and waits until the checkpoint of each is on disk and reflects at least what the
 * partition has processed by now.
 *
 * @throws MokaError ERR_DISK_FULL when a checkpoint has no room; ERR_NOT_READY when a lane does not run, or takes longer
 */
export async function saveState(
  lanes: readonly LaneLink[],
  { ask, limitMs, isAbandoned }: SaveOptions,
): Promise<SavedPartition[]> {
  // Noted first: what is processed from here on need not be saved, and a failure from here on counts.
  const asked = lanes.map(({ status }) => ({ offset: status.processedOffset, failures: status.checkpointFailures }));
  ask();
  const until = performance.now() + limitMs;
  for (const [index, { partition, status }] of lanes.entries()) {
    const { offset, failures } = asked[index] as (typeof asked)[number];
    while (status.checkpointOffset < offset) {
      if (status.checkpointFailures > failures) throw unsaved('ERR_DISK_FULL', partition, 'finds no room on the disk');
      if (status.state !== LANE_RUNNING) throw unsaved('ERR_NOT_READY', partition, 'is not made: the lane ends');
      if (isAbandoned() || performance.now() > until) {
        const state = `reflects offset=${status.checkpointOffset} of ${offset} after seconds=${limitMs / 1000}`;
        throw unsaved('ERR_NOT_READY', partition, state);
      }
      await sleep(LOOK_MS);
    }
  }
  return lanes.map(({ partition, status }) => ({ partition, checkpointOffset: status.checkpointOffset }));
}

function unsaved(code: 'ERR_DISK_FULL' | 'ERR_NOT_READY', partition: number, what: string): MokaError {
  return new MokaError(code, `checkpoint of partition=${partition} ${what}`, { partition });
}
