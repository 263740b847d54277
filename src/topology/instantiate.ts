import { assert } from '../base/assert.ts';
import { BroadcastOperator } from '../operators/broadcast.ts';
import { FreezeOperator, FrozenStore } from '../operators/development.ts';
import { Discard, FanOut } from '../operators/fan-out.ts';
import type { AskingOperator } from '../operators/lookup.ts';
import type { Operator, OperatorHost, TimedOperator } from '../operators/operator.ts';
import { OperatorContext } from '../operators/operator-context.ts';
import { RepartitionOperator } from '../operators/repartition.ts';
import { blame } from './blame.ts';
import { asksForTime, Clocks, lags } from './clocks.ts';
import type { Numbering } from './compile.ts';
import type { Pipeline } from './compiled.ts';
import { operatorNameOf, type TopologyNode } from './graph.ts';
import { askingNodes } from './lookups.ts';
import { OperatorPipeline } from './pipeline.ts';
import { Timing } from './timing.ts';
import { WatchedPipeline } from './watched-pipeline.ts';

/**
 * Makes one copy of the operators and links them: each is given what follows it, so the ends are made first. Where one
 * operator follows, it is called directly; nothing stands between two operators.
 */
export function instantiate(nodes: readonly TopologyNode[], numbering: Numbering, host: OperatorHost): Pipeline {
  const context = new OperatorContext(host.context, host.whereabouts);
  const entries = new Map<number, readonly Operator[]>();
  const repartitioner = host.repartitioner ?? null;
  const { clockStoreIds, hopIds } = numbering;
  const clocks = new Clocks(nodes, clockStoreIds, hopIds, (id) => host.store(id), repartitioner);
  const hopEntries: Operator[] = [];
  const askers = askingNodes(nodes);
  const asking: AskingOperator[] = [];
  const driven: { node: TopologyNode; operator: TimedOperator }[] = [];

  const open = (node: TopologyNode): readonly Operator[] => {
    const opened = entries.get(node.id);
    if (opened !== undefined) return opened;
    const inputs = node.open({
      name: operatorNameOf(node),
      host,
      context: context.of(node.id + 1),
      store: (index) => storeOf(node, index, numbering, host),
      viewId: numbering.viewIds.get(node) ?? -1,
      get clock() {
        const clock = clocks.clock(node);
        assert(clock !== null, `node=${node.name} has no clock`);
        return clock;
      },
      watermarkClock: asksForTime(node, nodes) ? clocks.clock(node) : null,
      waitingClock: clocks.waiting.get(node) ?? null,
      moved: (index, output) => {
        const entry = guarded(node, output);
        const hop = enterBy(node, index, entry);
        return repartitioner === null ? entry : new RepartitionOperator(hop, repartitioner, entry);
      },
      broadcast: (index, output) => {
        const hop = enterBy(node, index, guarded(node, output));
        return repartitioner === null ? new Discard() : new BroadcastOperator(hop, repartitioner);
      },
      release: (key, row, time, run) => {
        if (host.release === undefined) return run();
        const { rowKey: keyAtHand } = context;
        host.release(node.id + 1, key, row, time, () => {
          try {
            run();
          } catch (error) {
            throw blame(error, host.context, context);
          }
        });
        // Also after a failure: it is the turn of the event at hand again.
        context.running = '';
        context.rowKey = keyAtHand;
      },
      drive: (operator) => driven.push({ node, operator }),
      ask: (operator) => {
        asking[askers.indexOf(node)] = operator;
      },
      outputs: node.outputs.map((_, output) => join(followers(node, output))),
    });
    const entriesOfNode = inputs.map((input) => guarded(node, input));
    entries.set(node.id, entriesOfNode);
    return entriesOfNode;
  };

  /** Development mode: user code gets nothing that it can change. */
  function guarded(node: TopologyNode, operator: Operator): Operator {
    return host.isDevelopment === true ? new FreezeOperator(node.name, context, operator) : operator;
  }

  /** What comes by a hop of a node goes to `entry`. @returns number of the hop */
  function enterBy(node: TopologyNode, index: number, entry: Operator): number {
    const hop = (numbering.hopIds.get(node) as number) + index;
    hopEntries[hop] = entry;
    return hop;
  }

  const followers = (source: TopologyNode, output: number): Operator[] =>
    nodes.flatMap((node) =>
      node.inputs.flatMap((port, input) =>
        port.node === source.id && port.output === output ? [open(node)[input] as Operator] : [],
      ),
    );

  const sources: Operator[] = [];
  for (const [node, id] of numbering.streamIds) sources[id] = open(node)[0] ?? new Discard();
  const pipeline = new OperatorPipeline(host.context, context, sources, hopEntries, asking, timing());
  return host.isDevelopment === true ? new WatchedPipeline(pipeline, context) : pipeline;

  function timing(): Timing | null {
    if (clocks.ordered.length === 0 && driven.length === 0) return null;
    const lagOf = lags(nodes);
    const ordered = [...driven, ...clocks.senders]
      .sort((a, b) => a.node.id - b.node.id)
      .map(({ node, operator }) => ({
        number: node.id + 1,
        operator,
        clock: clocks.clock(node),
        lagMs: lagOf(node),
      }));
    const byStream = [...numbering.streamIds.keys()].map((node) => clocks.source(node));
    return new Timing(host.context, context, ordered, byStream, clocks);
  }
}

function join(followers: readonly Operator[]): Operator {
  const outputs = followers.filter((follower) => !(follower instanceof Discard));
  if (outputs.length === 0) return new Discard();
  return outputs.length === 1 ? (outputs[0] as Operator) : new FanOut(outputs);
}

function storeOf(
  node: TopologyNode,
  index: number,
  numbering: Numbering,
  host: OperatorHost,
): ReturnType<OperatorHost['store']> {
  const name = node.stores[index] ?? node.borrowedStores[index - node.stores.length];
  const store = host.store(numbering.storeIds.get(name as string) as number);
  return host.isDevelopment === true ? new FrozenStore(store) : store;
}
