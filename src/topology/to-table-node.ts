import type { Duration } from '../base/duration.ts';
import type { Operator } from '../operators/operator.ts';
import { ToTableOperator, type UpdateRule } from '../operators/to-table.ts';
import { ToVersionedTableOperator } from '../operators/to-versioned-table.ts';
import { checkDuration, checkFunction, checkName, checkOptions } from './checks.ts';
import { asItComes, EVOLUTION_OPTIONS, type Evolution, evolutionOf } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { inHistory } from './held-forms.ts';
import { LIFE_OPTIONS, type RowLife, withRowLife } from './row-life.ts';

export interface TableOptions extends Evolution, RowLife {
  /**
   * Makes the table a versioned one, which knows its rows as they were that long ago, in event time. A join looks up the
   * row of the event's time. An event that happened before the latest row of its key changes the past only, so nothing
   * that follows the table hears of it, and one from before the history is not taken. 1 ms at least.
   */
  readonly history?: Duration;
}

/** Adds a table of the stream at `input`. `rule` null: the latest event of each key. */
export function addTable(graph: TopologyGraph, input: Port, name: string, rule: unknown, options: unknown): Port {
  const label = labelOf({ kind: 'toTable', name });
  checkName(graph, 'toTable', name);
  if (rule !== null) checkFunction(graph, label, 'rule', rule, '(current, event, context) => row | null');
  checkOptions(graph, label, options, ['history', ...LIFE_OPTIONS, ...EVOLUTION_OPTIONS]);
  const history = (options as TableOptions | null)?.history;
  const evolution = evolutionOf(graph, label, options as TableOptions | undefined);
  const node = {
    kind: 'toTable',
    name,
    inputs: [input],
    emits: 'table',
    timedStores: [name],
    leaves: rule === null ? asItComes : null,
    rowForm: evolution,
  } as const;
  if (history === undefined) {
    const { life, ...rows } = withRowLife(graph, label, name, options as TableOptions, (site, output) => {
      return new ToTableOperator(site.name, site.context, site.store(0), rule as UpdateRule | null, output);
    });
    return graph.add({ ...node, ...rows, holds: { [name]: (forms) => forms.output(0) }, settings: { rule, ...life } });
  }
  if ((options as TableOptions).ttl !== undefined) {
    graph.complain(label, 'it has both history and ttl', 'use one of them: history says how long the past is kept');
  }
  if (evolution !== null) {
    const remedy = 'give it to the stream, or to the table with withEvolution({ version, upcast })';
    graph.complain(label, 'a table with a history has the version of what comes in', remedy);
  }
  const historyMs = checkDuration(graph, label, 'history', history, 1);
  const past = [`${name}:history`, `${name}:expiry`];
  return graph.add({
    ...node,
    stores: [name, ...past],
    orderedStores: past,
    lateStore: `${name}:history`,
    holds: { [name]: (forms) => forms.output(0), [`${name}:history`]: (forms) => inHistory(forms.output(0)) },
    settings: { rule, historyMs },
    open: (site) => [
      new ToVersionedTableOperator(
        site.name,
        site.context,
        [site.store(0), site.store(1), site.store(2)],
        historyMs,
        rule as UpdateRule | null,
        site.outputs[0] as Operator,
      ),
    ],
  });
}
