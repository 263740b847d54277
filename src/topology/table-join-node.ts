import {
  AnsweredSide,
  type ForeignKey,
  ForeignKeySelector,
  References,
  ReferredSide,
  ReferringSide,
} from '../operators/foreign-key-join.ts';
import { KeepRowsOperator } from '../operators/keep-rows.ts';
import type { Operator, OperatorStore } from '../operators/operator.ts';
import { LeftJoinSide, RightJoinSide, type RowJoiner, TableJoin } from '../operators/table-join.ts';
import { checkFunction, checkName, checkOptions } from './checks.ts';
import { labelOf, type OpenSite, type Port, type TopologyGraph } from './graph.ts';
import type { UserFunction } from './stateless.ts';
import { latestRowsOf } from './table-rows.ts';
import { keptUntilTold } from './window-view-node.ts';

export interface ForeignKeyOptions<Row> {
  /** Key of the other table's row that a row refers to: text or a whole number; `null` for none. Depends on the row alone. */
  readonly foreignKey: (row: Row, key: string) => string | number | null;
}

export type TableJoinKind = 'join' | 'leftJoin' | 'outerJoin';

const JOINER_FORM = '(row, other) => row';

/**
 * Adds a join of two tables. `options` null: by their keys. The rows that are joined are kept, and so are those of a table
 * that has no store of its own.
 */
export function addTableJoin(
  graph: TopologyGraph,
  kind: TableJoinKind,
  leftTable: Port,
  rightTable: Port,
  name: string,
  options: unknown,
  joiner: UserFunction,
): Port {
  const label = labelOf({ kind, name });
  checkName(graph, kind, name);
  checkFunction(graph, label, 'joiner', joiner, JOINER_FORM);
  const foreignKey = options === null ? null : foreignKeyOf(graph, label, kind, options);
  const left = keptUntilTold(graph, leftTable, `rows:${name}:left`);
  const right = keptUntilTold(graph, rightTable, `rows:${name}:right`);
  const leftRows = latestRowsOf(graph, left).borrowed;
  const rightRows = latestRowsOf(graph, right).borrowed;
  const leftCopy = leftRows.length === 0 ? [`${name}:left`] : [];
  const rightCopy = rightRows.length === 0 ? [`${name}:right`] : [];
  const index = foreignKey === null ? [] : [`${name}:references`];
  const stores = [name, ...index, ...leftCopy, ...rightCopy];
  const borrowed = [...leftRows, ...rightRows];
  const all = [...stores, ...borrowed];
  const leftAt = all.indexOf((leftCopy[0] ?? leftRows[0]) as string);
  const rightAt = all.indexOf((rightCopy[0] ?? rightRows[0]) as string);
  return graph.add({
    kind,
    name,
    inputs: [left, right],
    emits: 'table',
    stores,
    orderedStores: index,
    timedStores: [name, ...leftCopy, ...rightCopy],
    borrowedStores: borrowed,
    holds: {
      [name]: (forms) => forms.output(0),
      [`${name}:left`]: (forms) => forms.input(0),
      [`${name}:right`]: (forms) => forms.input(1),
    },
    hops: foreignKey === null ? 0 : 2,
    settings: { foreignKey, joiner },
    open: (site) => {
      const join = openJoin(site, kind, joiner as RowJoiner);
      const leftStore = site.store(leftAt);
      const rightStore = site.store(rightAt);
      const sides =
        foreignKey === null
          ? [new LeftJoinSide(join, rightStore), new RightJoinSide(join, leftStore)]
          : openReferences(site, join, foreignKey, site.store(1), leftStore, rightStore);
      return [
        copying(site, leftCopy, leftStore, sides[0] as Operator),
        copying(site, rightCopy, rightStore, sides[1] as Operator),
      ];
    },
  });
}

function foreignKeyOf(graph: TopologyGraph, label: string, kind: TableJoinKind, options: unknown): ForeignKey {
  checkOptions(graph, label, options, ['foreignKey']);
  const foreignKey = (options as { foreignKey?: unknown } | null)?.foreignKey;
  checkFunction(graph, label, 'foreignKey', foreignKey, '(row, key) => string | number | null');
  if (kind === 'outerJoin') {
    graph.complain(label, 'a row that nothing refers to has no key to stand under', 'use join or leftJoin');
  }
  return foreignKey as ForeignKey;
}

function openJoin(site: OpenSite, kind: TableJoinKind, joiner: RowJoiner): TableJoin {
  const needsLeft = kind !== 'outerJoin';
  const needsRight = kind === 'join';
  const output = site.outputs[0] as Operator;
  return new TableJoin(site.name, site.context, site.store(0), joiner, needsLeft, needsRight, output);
}

/** Requests go to the partition of the right row, answers to that of the left one. */
function openReferences(
  { name, context, moved }: OpenSite,
  join: TableJoin,
  foreignKey: ForeignKey,
  index: OperatorStore,
  left: OperatorStore,
  right: OperatorStore,
): readonly Operator[] {
  const selector = new ForeignKeySelector(name, context, foreignKey);
  const answers = moved(1, new AnsweredSide(join, selector, left));
  const requests = moved(0, new References(name, context, index, right, answers));
  return [new ReferringSide(join, selector, requests), new ReferredSide(context, index, answers)];
}

function copying({ name, context }: OpenSite, copy: readonly string[], store: OperatorStore, side: Operator): Operator {
  return copy.length === 0 ? side : new KeepRowsOperator(name, context, store, side);
}
