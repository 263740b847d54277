import { readFileSync } from 'node:fs';

/** What a process has used so far, read from `/proc`; null where there is none. */
export interface ProcessCost {
  cpuSeconds: number;
  residentBytes: number;
  /**
   * Bytes that were written to all block devices since the machine started. The process's own count is of no use: where the
   * page cache keeps a file in large folios it counts a whole folio for each page (4 KiB appends counted 60 times).
   */
  deviceBytes: number;
}

const TICKS_PER_SECOND = 100;

export function costOf(pid: number): ProcessCost | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024,
      deviceBytes: writtenToDevices(),
    };
  } catch {
    return null;
  }
}

const SECTOR_BYTES = 512;

/** Whole devices only: what is written to a partition counts for its device too. */
function writtenToDevices(): number {
  let sectors = 0;
  for (const line of readFileSync('/proc/diskstats', 'latin1').trim().split('\n')) {
    const fields = line.trim().split(/\s+/);
    const name = fields[2] as string;
    if (/^(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(name)) sectors += Number(fields[9]);
  }
  return sectors * SECTOR_BYTES;
}
