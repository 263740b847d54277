import type { Duration } from '../base/duration.ts';
import { BatchOperator, type BatchRule } from '../operators/batch.ts';
import { isEventOfList } from '../operators/event-lists.ts';
import type { Operator } from '../operators/operator.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { checkChoice, checkName, checkOptions, checkSpan, checkWhole } from './checks.ts';
import { inRows } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { listsOfEvents } from './ranked-events.ts';

/** What a batch is of: events of one key, or of everything in the partition. */
export type BatchScope = 'key' | 'partition';

export interface BatchOptions<Per extends BatchScope = BatchScope> {
  /** A batch of so many events is told at once. */
  readonly maxCount: number;
  /** How long the first event of a batch waits, by log time; then the batch is told as it is. */
  readonly maxWait: Duration;
  /**
   * A batch of one key is told under it, one of everything in the partition without a key. Default: `'key'`.
   */
  readonly per?: Per;
}

export function addBatch(graph: TopologyGraph, input: Port, name: string, options: BatchOptions): Port {
  const label = labelOf({ kind: 'batch', name });
  checkName(graph, 'batch', name);
  checkOptions(graph, label, options, ['maxCount', 'maxWait', 'per']);
  const { maxCount, maxWait, per } = (options ?? {}) as { readonly [Option in keyof BatchOptions]?: unknown };
  checkWhole(graph, label, 'maxCount', maxCount, 1, MAX_COUNT);
  checkChoice(graph, label, 'per', per, ['key', 'partition']);
  const rule: BatchRule = {
    maxCount: maxCount as number,
    maxWaitMs: checkSpan(graph, label, 'maxWait', maxWait, 1),
    isPerKey: per !== 'partition',
  };
  return graph.add({
    kind: 'batch',
    name,
    inputs: [input],
    stores: [name, `${name}:events`, `${name}:due`],
    orderedStores: [`${name}:due`],
    leaves: listsOfEvents,
    holds: { [`${name}:events`]: (forms) => inRows(forms.input(0), isEventOfList) },
    givesKeys: !rule.isPerKey,
    settings: { ...rule },
    open: (site) => {
      const operator = new BatchOperator({
        name: site.name,
        context: site.context,
        open: site.store(0),
        events: site.store(1),
        queue: new TimerQueue(site.store(2)),
        rule,
        release: site.release,
        output: site.outputs[0] as Operator,
      });
      site.drive(operator);
      return [operator];
    },
  });
}

/** They are in memory together when they are told. */
const MAX_COUNT = 10_000;
