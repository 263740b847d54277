import { readFileSync } from 'node:fs';

/** What a process has used so far, read from `/proc`; null where there is none. */
export interface ProcessCost {
  cpuSeconds: number;
  residentBytes: number;
  /** Bytes this process caused to be sent to the disk. */
  deviceBytes: number;
}

const TICKS_PER_SECOND = 100;

export function costOf(pid: number): ProcessCost | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const io = readFileSync(`/proc/${pid}/io`, 'latin1');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024,
      deviceBytes: Number(/^write_bytes: (\d+)/m.exec(io)?.[1]),
    };
  } catch {
    return null;
  }
}
