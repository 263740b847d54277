import type { Duration } from '../base/duration.ts';
import { KeepWindowsOperator } from '../operators/keep-windows.ts';
import type { Operator } from '../operators/operator.ts';
import { checkDuration } from './checks.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { addView, type ViewOptions } from './view-node.ts';
import type { WindowedRows } from './window-node.ts';

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
  const least = windows.closeAfterMs + 1;
  const retentionMs =
    retention === undefined ? least + DAY_MS : checkDuration(graph, label, 'retention', retention, least);
  const rows = `rows:${name}`;
  const kept = graph.add({
    kind: 'keepWindows',
    name: graph.unnamed('keepWindows'),
    inputs: [input],
    emits: 'table',
    stores: [rows, `${rows}:due`],
    orderedStores: [`${rows}:due`],
    timedStores: [rows],
    settings: { retentionMs },
    open: ({ name: operator, context, store, outputs }) => [
      new KeepWindowsOperator(
        operator,
        context,
        store(0),
        store(1),
        retentionMs,
        windows.endsInTime,
        outputs[0] as Operator,
      ),
    ],
  });
  addView(graph, kept, name, others as ViewOptions<Row>, true);
}
