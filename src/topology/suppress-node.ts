import type { Duration } from '../base/duration.ts';
import type { Operator } from '../operators/operator.ts';
import { isRowOfWaiting, SuppressOperator, type SuppressRule } from '../operators/suppress.ts';
import { WindowTimer, windowTime } from '../operators/window-time.ts';
import { checkChoice, checkDuration, checkName, checkOptions, checkWhole } from './checks.ts';
import { asItComes, inRows } from './evolution.ts';
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

export interface WindowEndOptions {
  /** A row is told when its window ends, and again at every late event that it still takes. */
  readonly untilWindowEnds: true;
  /** How many rows may wait; an event that brings one more fails. Default: all of the table. */
  readonly maxRecords?: number;
}

export interface IntervalOptions {
  /** How often a row that changes is told: at multiples of this since 1970. */
  readonly every: Duration;
  /** By which time. Default: `processing`, the box's clock as the log keeps it. */
  readonly time?: 'processing' | 'event';
  /** How many rows may wait; default: all of the table. */
  readonly maxRecords?: number;
  /** What becomes of more: the row that waits longest is told early, or the event fails. Default: `emitEarly`. */
  readonly onFull?: 'emitEarly' | 'fail';
}

export type SuppressOptions = TimeLimitOptions | IntervalOptions;
export type WindowSuppressOptions = SuppressOptions | WindowCloseOptions | WindowEndOptions;

type AnyOptions = { readonly [option in Option]?: unknown };
type Option = (typeof WAYS)[number] | 'time' | 'maxRecords' | 'onFull';

const WAYS = ['untilTimeLimit', 'untilWindowCloses', 'untilWindowEnds', 'every'] as const;
const MAX_RECORDS = 1_000_000_000;

/** @param windows null for a table without windows */
export function addSuppress(
  graph: TopologyGraph,
  input: Port,
  name: string,
  options: WindowSuppressOptions,
  windows: WindowedRows | null,
): Port {
  const label = labelOf({ kind: 'suppress', name });
  checkName(graph, 'suppress', name);
  checkOptions(graph, label, options, [...WAYS, 'time', 'maxRecords', 'onFull']);
  const rule = ruleOf(graph, label, { ...options }, windows);
  return graph.add({
    kind: 'suppress',
    name,
    inputs: [input],
    emits: 'table',
    stores: [name, `${name}:due`],
    orderedStores: [`${name}:due`],
    keepsRows: false,
    leaves: asItComes,
    holds: { [name]: (forms) => inRows(forms.input(0), isRowOfWaiting) },
    hasClock: rule.isByLogTime || rule.until === 'time-limit' ? false : 'with-watermarks',
    settings: { rule },
    open: ({ name: operator, context, store, outputs, watermarkClock, drive, release }) => {
      const time = windowTime(rule.isByLogTime, context, watermarkClock, store(0));
      const output = outputs[0] as Operator;
      const suppress = new SuppressOperator(operator, context, store(0), store(1), rule, time, release, output);
      if (!time.isOfEvents) drive(new WindowTimer(suppress, rule.isByLogTime));
      return [suppress];
    },
  });
}

function ruleOf(graph: TopologyGraph, label: string, options: AnyOptions, windows: WindowedRows | null): SuppressRule {
  const { maxRecords = MAX_RECORDS, onFull, time } = options;
  checkWhole(graph, label, 'maxRecords', maxRecords, 1, MAX_RECORDS);
  checkChoice(graph, label, 'onFull', onFull, ['emitEarly', 'fail']);
  checkChoice(graph, label, 'time', time, ['processing', 'event']);
  const ways = WAYS.filter((option) => options[option] !== undefined);
  if (ways.length > 1) graph.complain(label, `it has both ${ways.join(' and ')}`, 'use one of them');
  const way = ways[0] ?? 'untilTimeLimit';
  if (time !== undefined && way !== 'every') graph.complain(label, `time is not for ${way}`, 'leave it out');
  const isByLogTime = windows?.isByLogTime === true || (way === 'every' && time !== 'event');
  const rule = { isByLogTime, maxRecords: maxRecords as number, emitsEarly: onFull !== 'fail' };
  if (way === 'untilTimeLimit') {
    return { ...rule, until: 'time-limit', waitMs: checkDuration(graph, label, way, options[way], 0) };
  }
  if (way === 'every') {
    return { ...rule, until: 'interval', waitMs: checkDuration(graph, label, way, options[way], 1) };
  }
  if (options[way] !== true) graph.complain(label, `${way} is not true`, 'use true, or untilTimeLimit');
  if (onFull === 'emitEarly') {
    graph.complain(label, 'told early, a window would not be closed', "leave onFull out, or use 'fail'");
  }
  if (windows === null || !windows.endsInTime) {
    graph.complain(label, 'its table has no windows of time', 'use untilTimeLimit, or a table of windows');
  }
  const isEnd = way === 'untilWindowEnds';
  const waitMs = (isEnd ? windows?.endsAfterMs : windows?.closeAfterMs) ?? 0;
  return { ...rule, until: isEnd ? 'window-ends' : 'window-closes', waitMs, emitsEarly: false };
}
