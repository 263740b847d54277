import type { DiskFloor } from '../run/disk-floor.ts';
import type { IdleResult } from './idle.ts';
import type { Result } from './measure.ts';
import type { MeasurementName } from './plan.ts';
import type { RecoveryResult } from './recovery.ts';
import { LONG_TURN_MS } from './turns.ts';

/** How much more than it can take the engine is offered, to see what becomes of it. */
export const OVERLOAD = 3;

/** Every run of the canonical run, by measurement. */
export interface Runs {
  disk: DiskFloor[];
  results: Map<MeasurementName, Result[]>;
  /** Open loops at half of saturation. */
  halfLoad: Result[];
  /** Open loops at OVERLOAD times saturation. */
  overload: Result[];
  recovery: RecoveryResult[];
  idle: IdleResult[];
}

/** One line of the table of goals. `isAtLeast`: the value must not be below the goal; else not above it. */
export interface GoalLine {
  what: string;
  value: number;
  unit: string;
  goal: number;
  isAtLeast: boolean;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The ratios and rates that stand for the engine, from medians over the runs. What was not measured is NaN. */
export function goalLines(runs: Runs): GoalLine[] {
  const rate = (name: MeasurementName): number => rateOf(runs, name);
  const written = median((runs.results.get('ws-json') ?? []).map((result) => result.writtenPerPayload));
  const ackP99Ms = median(runs.halfLoad.map((result) => result.load.latency.p99Ms));
  const flushP99Ms = median(runs.disk.map((floor) => floor.p99Us)) / 1000;
  const overloadMib = median(runs.overload.map((result) => result.residentMib));
  const rows = median(runs.recovery.map((result) => result.rows));
  return [
    atLeast('durable HTTP ÷ bare uWS answering 202', rate('http') / rate('floor-http'), '', 0.9),
    atLeast('durable HTTP ÷ hand-over to a thread and back', rate('http') / rate('floor-handover'), '', Number.NaN),
    atLeast('durable JSON over WebSocket', rate('ws-json'), 'orders/s', 1_000_000),
    atLeast('durable msgpack records over WebSocket', rate('ws-binary'), 'orders/s', 2_000_000),
    atLeast('JSON by orderId ÷ by producer', rate('ws-json-by-id') / rate('ws-json'), '', 0.75),
    atLeast('msgpack by orderId ÷ by producer', rate('ws-binary-by-id') / rate('ws-binary'), '', 0.75),
    atLeast('order table by id, life cycle', rate('order-table'), 'events/s', 400_000),
    atMost('p99 ack at half load ÷ p99 of one 64 KiB flush', ackP99Ms / flushP99Ms, '', 3),
    atMost(`orders lost at ${OVERLOAD} times the load`, median(runs.overload.map(lostOf)), '', 0),
    atMost(`memory at ${OVERLOAD} times the load ÷ at saturation`, overloadMib / memoryOf(runs, 'ws-json'), '', 1.5),
    atMost('bytes to the disk per byte of payload', written, '', 2),
    atMost(longTurnsOf(runs), median(runs.recovery.map(({ turns }) => turns.longTurns)), 'turns', 0),
    atMost(`ready after kill -9 with ${rows} rows`, median(runs.recovery.map((result) => result.readyMs)), 'ms', 1000),
    atMost('idle kiosk profile, CPU', median(runs.idle.map((result) => result.cpuPercent)), '%', 1),
    atMost('idle kiosk profile, resident memory', median(runs.idle.map((result) => result.residentMib)), 'MiB', 120),
  ];
}

export function rateOf(runs: Runs, name: MeasurementName): number {
  return median((runs.results.get(name) ?? []).map((result) => result.load.ordersPerSecond));
}

function memoryOf(runs: Runs, name: MeasurementName): number {
  return median((runs.results.get(name) ?? []).map((result) => result.residentMib));
}

function lostOf({ load }: Result): number {
  return load.sent - load.accepted;
}

function longTurnsOf({ recovery }: Runs): string {
  const checkpoints = median(recovery.map(({ turns }) => turns.checkpoints));
  return `turns over ${LONG_TURN_MS} ms while ${checkpoints} checkpoints were made`;
}

function atLeast(what: string, value: number, unit: string, goal: number): GoalLine {
  return { what, value, unit, goal, isAtLeast: true };
}

function atMost(what: string, value: number, unit: string, goal: number): GoalLine {
  return { what, value, unit, goal, isAtLeast: false };
}
