import type { Random } from '../load/random.ts';

/** How a cycle ends. */
export type Ending =
  /** SIGKILL this long after the load began. */
  | { kind: 'kill'; afterMs: number }
  /** The engine kills itself when it passes this point for the nth time. */
  | { kind: 'failpoint'; name: string; nth: number }
  /** SIGTERM: a drain under load, which must end with exit code 0. */
  | { kind: 'drain'; afterMs: number };

export interface KillPlan {
  /** Starts that are killed before they are ready: ms after the start, one entry each. */
  recoveryKillsMs: number[];
  ending: Ending;
}

/** Points in the engine where it can be told to kill itself, and how often a short load passes them. */
export const FAILPOINTS: readonly [name: string, passes: number][] = [
  ['log.before-write', 400],
  ['log.after-write', 400],
  ['log.before-flush', 400],
  ['log.after-flush', 400],
  ['ack.before', 400],
  ['ack.after', 400],
  ['checkpoint.before-commit', 4],
  ['checkpoint.after-commit', 4],
];

/** @param readyMs how long a start takes here: kills during recovery fall within it */
export function drawKillPlan(random: Random, readyMs: number): KillPlan {
  const recoveryKillsMs: number[] = [];
  while (recoveryKillsMs.length < 3 && random.next() < 0.25) recoveryKillsMs.push(random.next() * readyMs);
  return { recoveryKillsMs, ending: drawEnding(random) };
}

function drawEnding(random: Random): Ending {
  const choice = random.next();
  if (choice < 0.3) {
    const [name, passes] = FAILPOINTS[random.between(0, FAILPOINTS.length)] as (typeof FAILPOINTS)[number];
    return { kind: 'failpoint', name, nth: random.between(1, passes) };
  }
  if (choice < 0.35) return { kind: 'drain', afterMs: random.between(50, 600) };
  // Short loads as often as long ones: a kill soon after the restart meets resends and a checkpoint that catches up.
  const afterMs = choice < 0.6 ? random.between(5, 150) : random.between(150, 1200);
  return { kind: 'kill', afterMs };
}

export function describeEnding(ending: Ending): string {
  if (ending.kind === 'failpoint') return `failpoint ${ending.name}:${ending.nth}`;
  return `${ending.kind} after ms=${ending.afterMs}`;
}
