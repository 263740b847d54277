import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk } from '../../src/log/node-disk.ts';
import { LogReader } from '../../src/log/reader.ts';
import { KIND_EVENT, RECORD_HEADER_BYTES, RECORD_KIND, RECORD_VALUE_LENGTH } from '../../src/record/layout.ts';
import type { LoggedEvent } from './ledger.ts';

/**
 * Every event of a data directory that no engine holds, by partition and offset.
 *
 * @throws when a log says that something acknowledged cannot be read, or misses an offset
 */
export function readLog(data: string): LoggedEvent[] {
  const partitions = partitionCount(data);
  return Array.from({ length: partitions }, (_, partition) => readPartition(data, partition)).flat();
}

function readPartition(data: string, partition: number): LoggedEvent[] {
  const reader = LogReader.open(new NodeDisk(), join(data, 'log', String(partition)), partition);
  if (reader === null) return [];
  const events: LoggedEvent[] = [];
  let nextOffset = 0;
  try {
    for (const { view, position, offset } of reader.records()) {
      if (offset !== nextOffset) throw new Error(`partition=${partition} offset=${offset} expected=${nextOffset}`);
      nextOffset++;
      if (view.u8[position + RECORD_KIND] !== KIND_EVENT) continue;
      const start = position + RECORD_HEADER_BYTES;
      const length = view.u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number;
      events.push({ partition, offset, content: view.u8.toString('latin1', start, start + length) });
    }
    if (reader.end?.kind === 'damaged') throw new Error(`partition=${partition} damaged: ${reader.end.detail}`);
  } finally {
    reader.close();
  }
  return events;
}

/** An engine that was killed before it made its data directory has none. */
function partitionCount(data: string): number {
  try {
    const meta = JSON.parse(readFileSync(join(data, 'moka.json'), 'utf8')) as { partitions: number };
    return meta.partitions;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
