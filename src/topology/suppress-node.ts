import type { Duration } from '../base/duration.ts';
import type { Operator } from '../operators/operator.ts';
import { SuppressOperator, type SuppressRule } from '../operators/suppress.ts';
import { StreamTime, WatermarkTime, WindowTimer } from '../operators/window-time.ts';
import { checkChoice, checkDuration, checkName, checkOptions, checkWhole } from './checks.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import type { WindowedRows } from './window-node.ts';

export interface TimeLimitOptions {
  /** How long a row that has changed waits for further changes, in event time. */
  readonly untilTimeLimit: Duration;
  /** How many rows may wait; default: all of the table. */
  readonly maxRecords?: number;
  /** What becomes of more: the row that waits longest is told early, or the event fails. Default: `emitEarly`. */
  readonly onFull?: 'emitEarly' | 'fail';
}

export interface WindowCloseOptions {
  /** A row is told once, when its window has closed. */
  readonly untilWindowCloses: true;
  /** How many rows may wait; an event that brings one more fails. Default: all of the table. */
  readonly maxRecords?: number;
}

const OPTIONS = ['untilTimeLimit', 'untilWindowCloses', 'maxRecords', 'onFull'];
const MAX_RECORDS = 1_000_000_000;

/** @param windows null for a table without windows */
export function addSuppress(
  graph: TopologyGraph,
  input: Port,
  name: string,
  options: TimeLimitOptions | WindowCloseOptions,
  windows: WindowedRows | null,
): Port {
  const label = labelOf({ kind: 'suppress', name });
  checkName(graph, 'suppress', name);
  checkOptions(graph, label, options, OPTIONS);
  const rule = ruleOf(graph, label, { ...options }, windows);
  return graph.add({
    kind: 'suppress',
    name,
    inputs: [input],
    emits: 'table',
    stores: [name, `${name}:due`],
    orderedStores: [`${name}:due`],
    keepsRows: false,
    hasClock: rule.isUntilWindowCloses ? 'with-watermarks' : false,
    settings: { rule },
    open: ({ name: operator, context, store, outputs, watermarkClock, drive }) => {
      const time = watermarkClock === null ? new StreamTime(store(0)) : new WatermarkTime(watermarkClock);
      const output = outputs[0] as Operator;
      const suppress = new SuppressOperator(operator, context, store(0), store(1), rule, time, output);
      if (watermarkClock !== null) drive(new WindowTimer(suppress));
      return [suppress];
    },
  });
}

function ruleOf(
  graph: TopologyGraph,
  label: string,
  options: Partial<TimeLimitOptions & Record<keyof WindowCloseOptions, unknown>>,
  windows: WindowedRows | null,
): SuppressRule {
  const { untilTimeLimit, untilWindowCloses, maxRecords = MAX_RECORDS, onFull } = options;
  checkWhole(graph, label, 'maxRecords', maxRecords, 1, MAX_RECORDS);
  checkChoice(graph, label, 'onFull', onFull, ['emitEarly', 'fail']);
  const bound = maxRecords as number;
  if (untilWindowCloses === undefined) {
    const waitMs = checkDuration(graph, label, 'untilTimeLimit', untilTimeLimit, 0);
    return { isUntilWindowCloses: false, waitMs, maxRecords: bound, emitsEarly: onFull !== 'fail' };
  }
  if (untilWindowCloses !== true) graph.complain(label, 'untilWindowCloses is not true', 'use true, or untilTimeLimit');
  if (untilTimeLimit !== undefined) {
    graph.complain(label, 'it has both untilWindowCloses and untilTimeLimit', 'use one of them');
  }
  if (onFull === 'emitEarly') {
    graph.complain(label, 'told early, a window would not be closed', "leave onFull out, or use 'fail'");
  }
  if (windows === null || !windows.endsInTime) {
    graph.complain(label, 'its table has no windows of time', 'use untilTimeLimit, or a table of windows');
  }
  const waitMs = windows?.closeAfterMs ?? 0;
  return { isUntilWindowCloses: true, waitMs, maxRecords: bound, emitsEarly: false };
}
