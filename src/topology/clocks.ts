import type { TopologyNode } from './graph.ts';

/** The nodes that ask for their event time, and the streams that tell it. */
export function clockedNodes(nodes: readonly TopologyNode[]): TopologyNode[] {
  const asking = nodes.filter((node) => asksForTime(node, nodes));
  const telling = new Set(asking.flatMap((node) => streamsAbove(node, nodes)));
  return nodes.filter((node) => asking.includes(node) || telling.has(node));
}

export function asksForTime(node: TopologyNode, nodes: readonly TopologyNode[]): boolean {
  if (node.hasClock !== 'with-watermarks') return node.hasClock;
  return streamsAbove(node, nodes).some(({ stream }) => stream !== null && stream.watermark !== null);
}

/** The streams whose events may reach a node. */
export function streamsAbove(node: TopologyNode, nodes: readonly TopologyNode[]): TopologyNode[] {
  const seen = new Set<number>();
  const streams: TopologyNode[] = [];
  const visit = (one: TopologyNode): void => {
    if (seen.has(one.id)) return;
    seen.add(one.id);
    if (one.stream !== null) streams.push(one);
    for (const port of one.inputs) visit(nodes[port.node] as TopologyNode);
  };
  visit(node);
  return streams.sort((a, b) => a.id - b.id);
}
