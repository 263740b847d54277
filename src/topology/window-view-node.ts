import type { Duration } from '../base/duration.ts';
import { KeepWindowsOperator } from '../operators/keep-windows.ts';
import type { Operator } from '../operators/operator.ts';
import { checkDuration } from './checks.ts';
import { asItComes, evolutionOf, type StoreEvolution } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { addView, type ViewOptions } from './view-node.ts';
import { windowKeysOf } from './window-keys.ts';
import type { WindowedRows } from './window-node.ts';
import { closeAfterMs } from './window-spec.ts';

export interface WindowedViewOptions<Row> extends ViewOptions<Row> {
  /** How long after the end of its window a row can be read, in event time; longer than the grace. Default: a day more. */
  readonly retention?: Duration;
}

const DAY_MS = 86_400_000;

/** Adds a view of a windowed table, and before it what keeps the rows for it: the table itself forgets closed windows. */
export function addWindowView<Row>(
  graph: TopologyGraph,
  input: Port,
  name: string,
  options: WindowedViewOptions<Row>,
  windows: WindowedRows,
): void {
  const label = labelOf({ kind: 'view', name });
  const { retention, ...others } = options ?? {};
  const { version: _version, upcast: _upcast, ...plain } = others;
  const own = evolutionOf(graph, label, others);
  if (own !== null && windows.evolution !== null) {
    graph.complain(label, 'it shows the rows of its table, which has the version', 'leave version and upcast out');
  }
  const least = windows.closeAfterMs + 1;
  const retentionMs =
    retention === undefined ? least + DAY_MS : checkDuration(graph, label, 'retention', retention, least);
  const evolution = own ?? windows.evolution;
  const kept = addKeptWindows(graph, input, `rows:${name}`, retentionMs, windows.endsInTime, own);
  // Under keys of its own it has a copy of the rows.
  const versions =
    evolution === null || plain.key === undefined
      ? {}
      : { version: evolution.version, upcast: Object.fromEntries(evolution.upcasters) };
  addView(graph, kept, name, { ...plain, ...versions } as ViewOptions<Row>);
}

/**
 * A table of windows forgets those that have closed: for a join its rows are kept on, until a day after that, and deleted
 * then. Any other table is itself.
 */
export function keptUntilTold(graph: TopologyGraph, table: Port, rows: string): Port {
  const keys = windowKeysOf(graph, table);
  if (keys === null || keys.isKept) return table;
  const [spec] = keys.windows;
  return addKeptWindows(graph, table, rows, closeAfterMs(spec) + 1 + DAY_MS, spec.kind !== 'countWindow', null);
}

function addKeptWindows(
  graph: TopologyGraph,
  input: Port,
  rows: string,
  retentionMs: number,
  endsInTime: boolean,
  evolution: StoreEvolution | null,
): Port {
  return graph.add({
    kind: 'keepWindows',
    name: graph.unnamed('keepWindows'),
    inputs: [input],
    emits: 'table',
    stores: [rows, `${rows}:due`],
    orderedStores: [`${rows}:due`],
    timedStores: [rows],
    leaves: asItComes,
    rowForm: evolution,
    holds: { [rows]: (forms) => forms.output(0) },
    settings: { retentionMs },
    open: ({ name, context, store, outputs }) => [
      new KeepWindowsOperator(name, context, store(0), store(1), retentionMs, endsInTime, outputs[0] as Operator),
    ],
  });
}
