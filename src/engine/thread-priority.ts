import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** The lowest priority there is. */
const NICE_MAX = 19;

/**
 * Has the thread that calls it give way to the others of its process where there are more of them than cores. Linux has a
 * priority for each thread, and lowering one's own needs no right; elsewhere nothing happens.
 *
 * @param nice how many steps, each a quarter less of a core that is fought for
 */
export function giveWay(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    // /proc/thread-self leads to <pid>/task/<thread>
    const thread = Number(readlinkSync('/proc/thread-self').split('/').pop());
    setPriority(thread, Math.min(getPriority(thread) + nice, NICE_MAX));
  } catch {
    // without /proc it goes on with the priority that it has
  }
}
