import type { Conditions } from '../run/conditions.ts';
import { type GoalLine, goalLines, median, type Runs } from './goals.ts';
import type { Result } from './measure.ts';
import { CANONICAL_PLAN } from './plan.ts';

/** Lines of columns, the first one left-aligned, the others right. */
export function table(rows: readonly string[][]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  const line = (row: string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}

/** A number as people read it: thousands apart, few digits behind the point. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
}

export function printConditions(conditions: Conditions): string {
  return Object.entries(conditions)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

export function printMeasurements(runs: Runs): string {
  const head = ['measured', 'orders/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'server µs', 'client µs', 'written÷', 'MiB'];
  const rows = CANONICAL_PLAN.flatMap((measurement) => {
    const results = runs.results.get(measurement.name);
    if (results === undefined || results.length === 0) return [];
    const middle = (pick: (result: Result) => number): string => figure(median(results.map(pick)));
    return [
      [
        measurement.what,
        middle((result) => result.load.ordersPerSecond),
        middle((result) => result.load.latency.p50Ms),
        middle((result) => result.load.latency.p99Ms),
        middle((result) => result.load.latency.p999Ms),
        middle((result) => result.serverCpuUsPerOrder),
        middle((result) => result.load.generatorCpuUsPerOrder),
        middle((result) => result.writtenPerPayload),
        middle((result) => result.residentMib),
      ],
    ];
  });
  return table([head, ...rows]);
}

export function printDisk(runs: Runs): string {
  if (runs.disk.length === 0) return 'disk floor: skipped, no g++ on this machine';
  const middle = (pick: (floor: (typeof runs.disk)[number]) => number): string => figure(median(runs.disk.map(pick)));
  return (
    `disk floor, 64 KiB append + fdatasync: p50 ${middle((floor) => floor.p50Us)} µs, ` +
    `p99 ${middle((floor) => floor.p99Us)} µs, ${middle((floor) => floor.megabytesPerSecond)} MB/s`
  );
}

export function printGoals(runs: Runs): string {
  const rows = goalLines(runs).map((line) => [
    line.what,
    `${figure(line.value)}${line.unit === '' ? '' : ` ${line.unit}`}`,
    Number.isFinite(line.goal) ? `${line.isAtLeast ? '≥' : '≤'} ${figure(line.goal)}` : '',
    verdict(line),
  ]);
  return table([['goal', 'measured', 'aim', ''], ...rows]);
}

function verdict(line: GoalLine): string {
  if (!Number.isFinite(line.value)) return 'not measured';
  if (!Number.isFinite(line.goal)) return 'for comparison';
  const isReached = line.isAtLeast ? line.value >= line.goal : line.value <= line.goal;
  return isReached ? 'reached' : 'open';
}
