import type { Duration } from '../base/duration.ts';
import { Discard } from '../operators/fan-out.ts';
import { HeldEventsOperator } from '../operators/held-events.ts';
import { KeepRowsOperator } from '../operators/keep-rows.ts';
import { LookedUpJoinOperator, type LookupKey } from '../operators/looked-up-join.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { type EventJoiner, StreamTableJoinOperator } from '../operators/stream-table-join.ts';
import { EverywhereReader } from '../operators/table-reader.ts';
import { checkDuration, checkFunction, checkName, checkOptions } from './checks.ts';
import { globalRowsOf } from './global-table.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { untilTheyLeave } from './held-forms.ts';
import type { UserFunction } from './stateless.ts';
import { openReader, rowsOf } from './table-rows.ts';
import type { FormsOfNode } from './value-forms.ts';
import { keptUntilTold } from './window-view-node.ts';

/** Makes one event out of an event and the row that goes with it. */
export type RowJoiner<Value, Row, Result> = (event: Exclude<Value, null>, row: Row, context: Context) => Result;

export interface HeldJoinOptions {
  /**
   * How long an event is held back, in event time, so that rows and events of before it come first. The table must be
   * versioned, with a history at least as long.
   */
  readonly grace: Duration;
}

export interface LookedUpJoinOptions<Value> {
  /** Key of the row that goes with an event: text or a whole number; `null` for none. */
  readonly key: (event: Exclude<Value, null>, context: Context) => string | number | null;
}

export type StreamTableJoinKind = 'join' | 'leftJoin';

const JOINER_FORM = '(event, row, context) => value';

/** Adds a join of the stream's events with the rows under their keys. `options` null: nothing is held back. */
export function addStreamTableJoin(
  graph: TopologyGraph,
  kind: StreamTableJoinKind,
  stream: Port,
  table: Port,
  name: string,
  options: unknown,
  joiner: UserFunction,
): Port {
  const label = labelOf({ kind, name });
  checkName(graph, kind, name);
  checkFunction(graph, label, 'joiner', joiner, JOINER_FORM);
  const kept = keptUntilTold(graph, table, `rows:${name}`);
  const rows = rowsOf(graph, kept);
  const graceMs = options === null ? null : graceOf(graph, label, options, rows.historyMs);
  const isCopied = rows.borrowed.length === 0;
  const own = isCopied ? [`${name}:table`] : [];
  const held = graceMs === null ? [] : [`${name}:held`];
  return graph.add({
    kind,
    name,
    inputs: [stream, kept],
    stores: [...own, ...held],
    orderedStores: held,
    borrowedStores: rows.borrowed,
    holds: {
      ...(isCopied ? { [`${name}:table`]: (forms: FormsOfNode) => forms.input(1) } : {}),
      ...(graceMs === null ? {} : { [`${name}:held`]: (forms: FormsOfNode) => untilTheyLeave(forms.input(0)) }),
    },
    settings: { graceMs, joiner },
    open: (site) => {
      const output = site.outputs[0] as Operator;
      const firstBorrowed = own.length + held.length;
      const stores = isCopied ? [site.store(0)] : rows.borrowed.map((_, index) => site.store(firstBorrowed + index));
      const reader = openReader(rows, site, stores);
      const isLeft = kind === 'leftJoin';
      const { name: operator, context, release } = site;
      const join = new StreamTableJoinOperator(operator, context, reader, joiner as EventJoiner, isLeft, output);
      return [
        graceMs === null
          ? join
          : new HeldEventsOperator(operator, context, site.store(own.length), graceMs, release, join),
        isCopied ? new KeepRowsOperator(operator, context, site.store(0), new Discard()) : new Discard(),
      ];
    },
  });
}

function graceOf(graph: TopologyGraph, label: string, options: unknown, historyMs: number | null): number {
  checkOptions(graph, label, options, ['grace']);
  const graceMs = checkDuration(graph, label, 'grace', (options as Partial<HeldJoinOptions> | null)?.grace, 0);
  if (historyMs === null) {
    const remedy = "give the table a history: toTable(name, { history: '5m' })";
    graph.complain(label, 'it holds events back, but its table knows the latest rows only', remedy);
  } else if (historyMs < graceMs) {
    const problem = `it holds events back for ${graceMs} ms, but the history of its table is ${historyMs} ms`;
    graph.complain(label, problem, 'use a history as long as the grace');
  }
  return graceMs;
}

/** Adds a join of the stream's events with rows of a global table, under keys that the events name. */
export function addLookedUpJoin(
  graph: TopologyGraph,
  kind: StreamTableJoinKind,
  stream: Port,
  table: Port,
  name: string,
  options: unknown,
  joiner: UserFunction,
): Port {
  const label = labelOf({ kind, name });
  checkName(graph, kind, name);
  checkOptions(graph, label, options ?? undefined, ['key']);
  const key = (options as { key?: unknown } | null)?.key;
  checkFunction(graph, label, 'key', key, '(event, context) => string | number | null');
  checkFunction(graph, label, 'joiner', joiner, JOINER_FORM);
  return graph.add({
    kind,
    name,
    inputs: [stream, table],
    borrowedStores: globalRowsOf(graph, table),
    settings: { key, joiner },
    open: (site) => [
      new LookedUpJoinOperator(
        site.name,
        site.context,
        new EverywhereReader(site.store(0), site.store(1)),
        key as LookupKey,
        joiner as EventJoiner,
        kind === 'leftJoin',
        site.outputs[0] as Operator,
      ),
      new Discard(),
    ],
  });
}
