import type { Duration } from '../base/duration.ts';
import { DeduplicateOperator, type DeduplicateRule } from '../operators/deduplicate.ts';
import { type DistinctBy, DistinctOperator } from '../operators/distinct.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { checkChoice, checkFunction, checkName, checkOptions, checkSpan, kindOf } from './checks.ts';
import { asItComes } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { withRowLife } from './row-life.ts';
import type { Joined } from './stream-join-node.ts';

export interface DistinctOptions<Value> {
  /** What tells the events of one key apart: text or a whole number; `null` passes on. Default: nothing does. */
  readonly by?: (event: Joined<Value>, context: Context) => string | number | null;
  /** Events of the same key and identity that lie at most so far apart are one. */
  readonly within: Duration;
}

export interface DeduplicateOptions {
  readonly keep: 'first' | 'last';
  /** What first and last mean: by their coming, or by the time at which they happened. */
  readonly order: 'arrival' | 'event-time';
  /** A row that was written so long ago, by log time, is deleted; the next event of its key is the first again. */
  readonly ttl?: Duration;
}

/** Adds an operator that drops repetitions among the events at `input`. */
export function addDistinct<Value>(
  graph: TopologyGraph,
  input: Port,
  name: string,
  options: DistinctOptions<Value>,
): Port {
  const label = labelOf({ kind: 'distinct', name });
  checkName(graph, 'distinct', name);
  checkOptions(graph, label, options, ['by', 'within']);
  const { by, within } = options ?? {};
  if (by !== undefined) checkFunction(graph, label, 'by', by, '(event, context) => string | number | null');
  const withinMs = checkSpan(graph, label, 'within', within, 0);
  return graph.add({
    kind: 'distinct',
    name,
    inputs: [input],
    stores: [name],
    orderedStores: [name],
    leaves: asItComes,
    settings: { withinMs, by },
    open: (site) => [
      new DistinctOperator(
        site.name,
        site.context,
        site.store(0),
        withinMs,
        (by as DistinctBy | undefined) ?? null,
        site.outputs[0] as Operator,
      ),
    ],
  });
}

/** Adds a table of one event per key of the stream at `input`. */
export function addDeduplicate(graph: TopologyGraph, input: Port, name: string, options: DeduplicateOptions): Port {
  const label = labelOf({ kind: 'deduplicate', name });
  checkName(graph, 'deduplicate', name);
  checkOptions(graph, label, options, ['keep', 'order', 'ttl']);
  const { keep, order } = (options ?? {}) as Partial<DeduplicateOptions>;
  checkGiven(graph, label, 'keep', keep, ['first', 'last']);
  checkGiven(graph, label, 'order', order, ['arrival', 'event-time']);
  const rule: DeduplicateRule = { keepsLast: keep === 'last', byTime: order === 'event-time' };
  const { life, ...node } = withRowLife(graph, label, name, options, (site, output) => {
    return new DeduplicateOperator(site.name, site.context, site.store(0), rule, output);
  });
  return graph.add({
    kind: 'deduplicate',
    name,
    inputs: [input],
    emits: 'table',
    timedStores: [name],
    leaves: asItComes,
    holds: { [name]: (forms) => forms.output(0) },
    settings: { ...rule, ...life },
    ...node,
  });
}

function checkGiven(
  graph: TopologyGraph,
  label: string,
  option: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value === undefined) graph.complain(label, `${option} is ${kindOf(value)}`, `use one of ${choices.join(', ')}`);
  else checkChoice(graph, label, option, value, choices);
}
