import { labelOf, type TopologyNode } from './graph.ts';

/** A place where changes go on in other partitions. Its position is its number. */
export interface HopSpec {
  readonly node: string;
  /** 1 for changes that came in from outside, 2 for those that have been through a hop of level 1, and so on. */
  readonly level: number;
}

/** Number of each node's first hop. */
export function numberHops(nodes: readonly TopologyNode[]): ReadonlyMap<TopologyNode, number> {
  const numbers = new Map<TopologyNode, number>();
  let next = 0;
  for (const node of nodes) {
    if (node.hops > 0) numbers.set(node, next);
    next += node.hops;
  }
  return numbers;
}

/** Tells the level of what comes out of a node: how many hops it may have come by, one behind the other. */
export function levelsBehind(nodes: readonly TopologyNode[]): (node: TopologyNode) => number {
  const levels = new Map<number, number>();
  const levelBehind = (node: TopologyNode): number => {
    const known = levels.get(node.id);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((port) => levelBehind(nodes[port.node] as TopologyNode));
    const level = Math.max(0, ...inputs) + node.hops;
    levels.set(node.id, level);
    return level;
  };
  return levelBehind;
}

/** The hops of all nodes. Those of one node follow each other: each has a level of its own. */
export function describeHops(nodes: readonly TopologyNode[]): HopSpec[] {
  const levelBehind = levelsBehind(nodes);
  return nodes.flatMap((node) =>
    Array.from({ length: node.hops }, (_, index) => ({
      node: labelOf(node),
      level: levelBehind(node) - node.hops + 1 + index,
    })),
  );
}
