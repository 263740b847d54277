import type { Disk } from '../log/disk.ts';
import { LogReader } from '../log/reader.ts';
import { KIND_MOVED, MOVED_LEVEL, MOVED_OFFSET, MOVED_SOURCE, RECORD_KIND } from '../record/layout.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { channelOf } from '../worker/exchange.ts';
import type { HeldChange, HeldChanges } from '../worker/standing.ts';
import { logDirectory } from './data-directory.ts';
import { channelCount } from './replay-exchange.ts';

/** A way on which the other end's log has begun. */
interface Way {
  readonly changes: HeldChange[];
  /** Whether nothing that counts can have left that log. */
  isWhole: boolean;
}

/**
 * What the other partitions' logs hold of what this one sent from an offset on. While none of them is open: what a log does
 * not hold then has not arrived.
 *
 * @throws MokaError ERR_LOG_DAMAGED
 */
export function readHeldChanges(
  disk: Disk,
  dataDir: string,
  partition: number,
  partitions: number,
  topology: CompiledTopology,
  from: number,
): HeldChanges {
  const ways = Array.from({ length: channelCount(partitions, topology) }, (): Way => ({ changes: [], isWhole: true }));
  for (let target = 0; target < partitions; target++) {
    if (target === partition) continue;
    const log = LogReader.open(disk, logDirectory(dataDir, target), target);
    if (log === null) continue;
    try {
      const isWhole = log.firstOffset === 0;
      ways.forEach((way, channel) => {
        if (channel % partitions === target) way.isWhole = isWhole;
      });
      readWays(log, partition, from, (level) => ways[channelOf(level, target, partitions)] as Way);
    } finally {
      log.close();
    }
  }
  return ways.map(({ changes, isWhole }) => (isWhole ? changes : null));
}

function readWays(log: LogReader, source: number, from: number, wayOf: (level: number) => Way): void {
  for (const { view, position, length } of log.records()) {
    const { u8, u32, f64 } = view;
    if (u8[position + RECORD_KIND] !== KIND_MOVED || u32[(position + MOVED_SOURCE) >>> 2] !== source) continue;
    const way = wayOf(u32[(position + MOVED_LEVEL) >>> 2] as number);
    const offset = f64[(position + MOVED_OFFSET) >>> 3] as number;
    if (offset < from) way.isWhole = true;
    else way.changes.push({ offset, bytes: new Uint8Array(u8.subarray(position, position + length)) });
  }
}
