import { readMetrics, type Samples, sumOf } from '../run/metrics-reader.ts';

/** How long the lanes' turns held their threads while checkpoints were made: what an order may have waited for. */
export interface TurnsResult {
  /** Events per second that came meanwhile. */
  eventsPerSecond: number;
  checkpoints: number;
  turns: number;
  /** Turns longer than LONG_TURN_MS. */
  longTurns: number;
}

/** The bound of the histogram's bucket that lies next below the 20 ms that no lane may stand still. */
export const LONG_TURN_MS = 16.384;

/** Counts turns and checkpoints while `load` runs. @returns of its own what it came to */
export async function countTurns(adminUrl: string, load: () => Promise<number>): Promise<TurnsResult> {
  const before = turnsOf(await readMetrics(adminUrl));
  const eventsPerSecond = await load();
  const after = turnsOf(await readMetrics(adminUrl));
  return {
    eventsPerSecond,
    checkpoints: after.checkpoints - before.checkpoints,
    turns: after.turns - before.turns,
    longTurns: after.longTurns - before.longTurns,
  };
}

function turnsOf(samples: Samples): Omit<TurnsResult, 'eventsPerSecond'> {
  const turns = sumOf(samples, 'moka_turn_seconds_count');
  const shortTurns = sumOf(samples, 'moka_turn_seconds_bucket', `le="${LONG_TURN_MS / 1000}"`);
  const checkpoints = sumOf(samples, 'moka_checkpoints_total', 'outcome="committed"');
  return { checkpoints, turns, longTurns: turns - shortTurns };
}
