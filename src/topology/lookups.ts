import type { TopologyNode } from './graph.ts';
import { levelsBehind } from './hops.ts';

/** An operator that asks the outside. Its position is its number. */
export interface LookupSpec {
  readonly node: string;
  /** How many hops between partitions an event may have been through before it waits here. */
  readonly level: number;
  /** How many others that ask it may have been through, itself counted. */
  readonly depth: number;
}

/** The nodes whose events wait for the outside, in the order of the topology. */
export function askingNodes(nodes: readonly TopologyNode[]): TopologyNode[] {
  return nodes.filter((node) => node.asks);
}

export function describeLookups(nodes: readonly TopologyNode[]): LookupSpec[] {
  const levelBehind = levelsBehind(nodes);
  const depths = new Map<number, number>();
  const depthOf = (node: TopologyNode): number => {
    const known = depths.get(node.id);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((port) => depthOf(nodes[port.node] as TopologyNode));
    const depth = Math.max(0, ...inputs) + (node.asks ? 1 : 0);
    depths.set(node.id, depth);
    return depth;
  };
  return askingNodes(nodes).map((node) => ({
    node: node.name,
    level: levelBehind(node),
    depth: depthOf(node),
  }));
}
