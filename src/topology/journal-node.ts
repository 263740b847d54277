import { ToJournalOperator, upcastEntry } from '../operators/to-journal.ts';
import { checkName, checkOptions, checkWhole, kindOf } from './checks.ts';
import { inside } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';

export interface JournalOptions {
  /** Events that are kept per partition, the last ones. 1 to 10 000 000. */
  readonly keep: number;
  readonly description?: string;
}

/** A bound that a mistyped number does not pass, and no sensible one meets. */
const MAX_KEEP = 10_000_000;

/** Adds a view that keeps the last events of the stream at `input`. */
export function addJournal(graph: TopologyGraph, input: Port, name: string, options: JournalOptions): void {
  const label = labelOf({ kind: 'journal', name });
  checkName(graph, 'journal', name);
  checkOptions(graph, label, options, ['keep', 'description']);
  const { keep, description } = options ?? {};
  checkWhole(graph, label, 'keep', keep, 1, MAX_KEEP);
  if (description !== undefined && typeof description !== 'string') {
    graph.complain(label, `its description is ${kindOf(description)}`, 'use a string');
  }
  const store = `journal:${name}`;
  graph.add({
    space: 'view',
    kind: 'journal',
    name,
    inputs: [input],
    emits: 'nothing',
    outputs: [],
    stores: [store],
    holds: { [store]: (forms) => inside(forms.input(0), upcastEntry) },
    settings: { keep },
    view: { description, hasOwnKeys: true, store, schema: null },
    open: ({ host, context, viewId, store: storeOf }) => [
      new ToJournalOperator(context, host, viewId, storeOf(0), keep as number),
    ],
  });
}
