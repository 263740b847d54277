import type { Operator } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import { checkFunction, checkName } from './checks.ts';
import { labelOf, type Port, type TopologyGraph, type TopologyNode } from './graph.ts';

/** Arguments of an operator that may go unnamed: a function, or a name and a function. */
export type MaybeNamed<Call> = readonly [call: Call] | readonly [name: string, call: Call];

/** Some function of the user; which one, the operator it is made for knows. */
export type UserFunction = (...args: never[]) => unknown;

/** An operator with one input, one output, one function and no store. */
export interface StatelessNode {
  readonly kind: string;
  readonly emits: 'stream' | 'table';
  /** The form its function must have, for messages. */
  readonly form: string;
  /** As of a node. Default: null. */
  readonly leaves?: TopologyNode['leaves'];
  create(name: string, context: OperatorContext, call: UserFunction, output: Operator): Operator;
}

export function addStateless(
  graph: TopologyGraph,
  input: Port,
  args: MaybeNamed<UserFunction>,
  node: StatelessNode,
): Port {
  const { kind, emits } = node;
  const isNamed = args.length > 1;
  const name = isNamed ? (args[0] as string) : graph.unnamed(kind);
  const call = (isNamed ? args[1] : args[0]) as UserFunction;
  if (isNamed) checkName(graph, kind, name);
  checkFunction(graph, labelOf({ kind, name }), 'function', call, node.form);
  return graph.add({
    kind,
    name,
    emits,
    inputs: [input],
    leaves: node.leaves ?? null,
    settings: { call },
    open: (site) => [node.create(site.name, site.context, call, site.outputs[0] as Operator)],
  });
}
