import type { TSchema } from 'typebox';
import { ToKeyedViewOperator, type ViewKey } from '../operators/to-keyed-view.ts';
import { ToStoredViewOperator } from '../operators/to-stored-view.ts';
import { ToViewOperator } from '../operators/to-view.ts';
import { checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import { EVOLUTION_OPTIONS, type Evolution, evolutionOf } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';

export interface ViewOptions<Row> extends Evolution {
  /**
   * Key of a row in the view, when it is not the key of the table. It must tell any two rows apart: put the table's key
   * into it, as in `${order.storeId}/${key}`. When it changes, the row moves.
   */
  readonly key?: (row: Row, key: string) => string;
  /** What a row looks like, for the documentation that is generated. */
  readonly schema?: TSchema;
  readonly description?: string;
}

const OPTIONS = ['key', 'schema', 'description', ...EVOLUTION_OPTIONS];

/** Adds a view of the table at `input`. A table that is stored, seen by its own keys, needs no second copy. */
export function addView<Row>(graph: TopologyGraph, input: Port, name: string, options: ViewOptions<Row>): void {
  const label = labelOf({ kind: 'view', name });
  checkName(graph, 'view', name);
  checkOptions(graph, label, options, OPTIONS);
  const { key, schema, description } = options ?? {};
  if (key !== undefined) checkFunction(graph, label, 'key', key, '(row, key) => string');
  if (schema !== undefined && (typeof schema !== 'object' || schema === null)) {
    graph.complain(label, `its schema is ${kindOf(schema)}`, 'give it a typebox schema');
  }
  const table = graph.node(input);
  const tableStore = table.keepsRows ? table.stores[0] : undefined;
  const ownStore = `view:${name}`;
  const isShared = key === undefined && tableStore !== undefined;
  const evolution = evolutionOf(graph, label, options);
  if (isShared && evolution !== null) {
    graph.complain(
      label,
      'it shows the rows of its table, which has the version',
      'give version and upcast to the table',
    );
  }
  graph.add({
    space: 'view',
    kind: 'view',
    name,
    inputs: [input],
    emits: 'nothing',
    outputs: [],
    stores: isShared ? [] : [ownStore],
    holds: isShared ? {} : { [ownStore]: (forms) => evolution ?? forms.input(0) },
    settings: { key },
    view: {
      description,
      hasOwnKeys: key !== undefined,
      store: isShared ? tableStore : ownStore,
      schema: schema ?? null,
    },
    open: ({ name: operator, host, context, viewId, store }) => {
      if (isShared) return [new ToViewOperator(host, viewId)];
      if (key === undefined) return [new ToStoredViewOperator(operator, context, host, viewId, store(0))];
      return [new ToKeyedViewOperator(operator, context, host, viewId, store(0), key as ViewKey)];
    },
  });
}
