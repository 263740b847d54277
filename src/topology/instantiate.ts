import { FreezeOperator, FrozenStore } from '../operators/development.ts';
import { Discard, FanOut } from '../operators/fan-out.ts';
import type { Operator, OperatorHost } from '../operators/operator.ts';
import { OperatorContext } from '../operators/operator-context.ts';
import type { Numbering } from './compile.ts';
import type { Pipeline } from './compiled.ts';
import type { TopologyNode } from './graph.ts';
import { OperatorPipeline } from './pipeline.ts';

/**
 * Makes one copy of the operators and links them: each is given what follows it, so the ends are made first. Where one
 * operator follows, it is called directly; nothing stands between two operators.
 */
export function instantiate(nodes: readonly TopologyNode[], numbering: Numbering, host: OperatorHost): Pipeline {
  const context = new OperatorContext(host.context);
  const entries = new Map<number, readonly Operator[]>();

  const open = (node: TopologyNode): readonly Operator[] => {
    const opened = entries.get(node.id);
    if (opened !== undefined) return opened;
    const inputs = node.open({
      name: node.space === 'view' ? `view:${node.name}` : node.name,
      host,
      context,
      store: (index) => storeOf(node, index, numbering, host),
      viewId: numbering.viewIds.get(node) ?? -1,
      outputs: node.outputs.map((_, output) => join(followers(node, output))),
    });
    const guarded = host.isDevelopment === true ? inputs.map((input) => new FreezeOperator(input)) : inputs;
    entries.set(node.id, guarded);
    return guarded;
  };

  const followers = (source: TopologyNode, output: number): Operator[] =>
    nodes.flatMap((node) =>
      node.inputs.flatMap((port, input) =>
        port.node === source.id && port.output === output ? [open(node)[input] as Operator] : [],
      ),
    );

  const sources: Operator[] = [];
  for (const [node, id] of numbering.streamIds) sources[id] = open(node)[0] ?? new Discard();
  return new OperatorPipeline(host.context, context, sources);
}

function join(outputs: readonly Operator[]): Operator {
  if (outputs.length === 0) return new Discard();
  return outputs.length === 1 ? (outputs[0] as Operator) : new FanOut(outputs);
}

function storeOf(
  node: TopologyNode,
  index: number,
  numbering: Numbering,
  host: OperatorHost,
): ReturnType<OperatorHost['store']> {
  const store = host.store(numbering.storeIds.get(node.stores[index] as string) as number);
  return host.isDevelopment === true ? new FrozenStore(store) : store;
}
