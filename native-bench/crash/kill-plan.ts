import type { Random } from '../load/random.ts';

/** SIGKILL this long after the moment in question. */
export interface TimedKill {
  kind: 'kill';
  afterMs: number;
}

/** The engine kills itself when a thread passes this point for the nth time. */
export interface FailpointKill {
  kind: 'failpoint';
  name: string;
  nth: number;
}

/** SIGTERM: a drain under load, which must end with exit code 0. */
export interface Drain {
  kind: 'drain';
  afterMs: number;
}

export type Ending = TimedKill | FailpointKill | Drain;

export interface KillPlan {
  /** Starts that do not live to be ready. */
  recoveryKills: (TimedKill | FailpointKill)[];
  ending: Ending;
}

/** Points in the engine where it can be told to kill itself, and how often a short load passes them. */
type Failpoints = readonly (readonly [name: string, passes: number])[];

const LOAD_FAILPOINTS: Failpoints = [
  ['log.before-write', 400],
  ['log.after-write', 400],
  ['log.before-flush', 400],
  ['log.after-flush', 400],
  ['ack.before', 400],
  ['ack.after', 400],
  ['checkpoint.before-commit', 6],
  ['checkpoint.after-commit', 6],
];

/** Passed only where events move between partitions. */
const EXCHANGE_FAILPOINTS: Failpoints = [
  ['exchange.before-hand-over', 400],
  ['exchange.after-hand-over', 400],
  ['exchange.before-confirm', 400],
  ['exchange.after-confirm', 400],
];

const RECOVERY_FAILPOINTS: Failpoints = [
  ['recovery.before-rewrite', 2],
  ['recovery.before-flush', 2],
  ['recovery.after-flush', 2],
  ['recovery.before-epoch', 2],
  ['recovery.after-epoch', 2],
  ['recovery.replay', 20],
];

const MOVING_FAILPOINTS: Failpoints = [...LOAD_FAILPOINTS, ...EXCHANGE_FAILPOINTS];

const RECOVERY_KILLS_MAX = 3;

/**
 * @param readyMs how long a start takes here: kills during recovery fall within it
 * @param movesKeys whether events of this topology move between partitions
 */
export function drawKillPlan(random: Random, readyMs: number, movesKeys: boolean): KillPlan {
  const recoveryKills: KillPlan['recoveryKills'] = [];
  while (recoveryKills.length < RECOVERY_KILLS_MAX && random.next() < 0.25) {
    const isTimed = random.next() < 0.5;
    const afterMs = random.next() * readyMs;
    recoveryKills.push(isTimed ? { kind: 'kill', afterMs } : drawFailpoint(random, RECOVERY_FAILPOINTS));
  }
  return { recoveryKills, ending: drawEnding(random, movesKeys) };
}

function drawEnding(random: Random, movesKeys: boolean): Ending {
  const choice = random.next();
  if (choice < 0.3) return drawFailpoint(random, movesKeys ? MOVING_FAILPOINTS : LOAD_FAILPOINTS);
  if (choice < 0.35) return { kind: 'drain', afterMs: random.between(50, 600) };
  // Short loads as often as long ones: a kill soon after the restart meets resends and a checkpoint that catches up.
  const afterMs = choice < 0.6 ? random.between(5, 150) : random.between(150, 1200);
  return { kind: 'kill', afterMs };
}

function drawFailpoint(random: Random, failpoints: Failpoints): FailpointKill {
  const [name, passes] = failpoints[random.between(0, failpoints.length)] as Failpoints[number];
  return { kind: 'failpoint', name, nth: random.between(1, passes + 1) };
}

export function describePlan({ recoveryKills, ending }: KillPlan): string {
  return [...recoveryKills.map((kill) => `recovery ${describe(kill)}`), describe(ending)].join(', ');
}

function describe(ending: Ending): string {
  if (ending.kind === 'failpoint') return `failpoint ${ending.name}:${ending.nth}`;
  return `${ending.kind} after ${Math.round(ending.afterMs)} ms`;
}
