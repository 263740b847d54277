import { MokaError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import { LANE_RECOVERING, LaneStatus } from '../ring/lane.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { DataDirectory } from './data-directory.ts';
import { findKey } from './stuck-key.ts';
import { placeOf } from './stuck-report.ts';
import { stopStuckLane } from './stuck-unit.ts';
import { Heartbeats, Watchdog } from './watchdog.ts';

/** Notices an operator that does not return while partitions are replayed side by side, for a person to look at. */
export class ReplayWatch {
  /** By partition: what its replay is in the middle of. */
  readonly whereabouts: readonly SharedArrayBuffer[];
  readonly #watchdog: Watchdog;

  /** @param onStuck told once for each check that finds one; its thread never ends */
  constructor(
    disk: Disk,
    { path, partitions }: DataDirectory,
    topology: CompiledTopology,
    limitMs: number,
    onStuck: (error: MokaError) => void,
  ) {
    this.whereabouts = Array.from({ length: partitions }, () => Whereabouts.allocate());
    const status = LaneStatus.allocate();
    new LaneStatus(status).state = LANE_RECOVERING;
    // Events come from the log alone.
    const intake = new SharedArrayBuffer(0);
    this.#watchdog = new Watchdog(
      new Heartbeats(Heartbeats.allocate(partitions)),
      (partition) => [new Whereabouts(this.whereabouts[partition] as SharedArrayBuffer)],
      limitMs,
      (silent) => {
        for (const { thread: partition, silentMs } of silent) {
          const whereabouts = this.whereabouts[partition] as SharedArrayBuffer;
          const found = stopStuckLane({ partition, whereabouts, status, intake }, topology, silentMs, partitions);
          if (found === null) continue;
          const key = found.key ?? findKey(disk, path, found, topology, intake);
          const text = `${placeOf({ ...found, key })} A replay only reads: nothing was changed, and nothing noted.`;
          return onStuck(new MokaError('ERR_OPERATOR_STUCK', text, { partition, offset: found.offset }));
        }
      },
    );
  }

  stop(): void {
    this.#watchdog.stop();
  }
}
