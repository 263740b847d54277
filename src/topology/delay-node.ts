import type { Duration } from '../base/duration.ts';
import { CancelDelayOperator, DelayOperator, type DelayRule, upcastWaiting, type WaitOf } from '../operators/delay.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { checkChoice, checkFunction, checkName, checkOptions, checkSpan } from './checks.ts';
import { asItComes } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { untilTheyLeave } from './held-forms.ts';
import type { Stream } from './stream.ts';
import type { KeyKind } from './window-keys.ts';

/** How long an event waits: always the same, or so many ms from now on; 0 or less does not wait. */
export type Wait<Value> = Duration | ((event: Value, context: Context) => number);

export interface DelayOptions<Keys extends KeyKind = KeyKind> {
  /** An event of this stream cancels what waits under its key. */
  readonly cancelledBy?: Stream<unknown, Keys>;
  /** What waits under one key: everything, or the latest only, which takes the place of what came before. Default: all. */
  readonly keep?: 'all' | 'latest';
}

/** @param cancelling port of the stream that cancels; null for none */
export function addDelay(
  graph: TopologyGraph,
  input: Port,
  cancelling: Port | null,
  name: string,
  wait: unknown,
  options: DelayOptions<KeyKind>,
): Port {
  const label = labelOf({ kind: 'delay', name });
  checkName(graph, 'delay', name);
  checkOptions(graph, label, options, ['cancelledBy', 'keep']);
  const { keep } = options ?? {};
  checkChoice(graph, label, 'keep', keep, ['all', 'latest']);
  const isFunction = typeof wait === 'function';
  if (isFunction) checkFunction(graph, label, 'time', wait, '(event, context) => ms');
  const rule: DelayRule = {
    wait: isFunction ? (wait as WaitOf) : checkSpan(graph, label, 'its time', wait, 0),
    keepsLatest: keep === 'latest',
    isTracked: keep === 'latest' || cancelling !== null,
  };
  return graph.add({
    kind: 'delay',
    name,
    inputs: cancelling === null ? [input] : [input, cancelling],
    stores: [name, `${name}:due`],
    orderedStores: [`${name}:due`],
    leaves: asItComes,
    holds: { [`${name}:due`]: (forms) => untilTheyLeave(forms.input(0), upcastWaiting) },
    settings: { ...rule },
    open: (site) => {
      const queue = new TimerQueue(site.store(1));
      const output = site.outputs[0] as Operator;
      const operator = new DelayOperator(site.name, site.context, site.store(0), queue, rule, output);
      site.drive(operator);
      return cancelling === null ? [operator] : [operator, new CancelDelayOperator(operator)];
    },
  });
}
