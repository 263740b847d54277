import { KeyByOperator, type KeySelector } from '../operators/key-by.ts';
import type { Operator } from '../operators/operator.ts';
import { checkFunction, checkName } from './checks.ts';
import { asItComes } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import type { MaybeNamed, UserFunction } from './stateless.ts';

/** Adds a node that gives events another key and has them go on in the partition of that key. */
export function addKeyBy(graph: TopologyGraph, input: Port, args: MaybeNamed<UserFunction>): Port {
  const isNamed = args.length > 1;
  const name = isNamed ? (args[0] as string) : graph.unnamed('keyBy');
  const selector = (isNamed ? args[1] : args[0]) as unknown as KeySelector;
  if (isNamed) checkName(graph, 'keyBy', name);
  checkFunction(graph, labelOf({ kind: 'keyBy', name }), 'function', selector, '(event, context) => key | null');
  return graph.add({
    kind: 'keyBy',
    name,
    inputs: [input],
    leaves: asItComes,
    settings: { call: selector },
    givesKeys: true,
    hops: 1,
    open: ({ name: operator, context, outputs, moved }) => [
      new KeyByOperator(operator, context, selector, moved(0, outputs[0] as Operator)),
    ],
  });
}
