import type { TopologyNode } from './graph.ts';
import { windowKeysOf } from './window-keys.ts';

/** Rows of more stores than these are not fetched ahead for one event: further ones are mostly behind a branch. */
const MAX_STORES = 4;

/**
 * Names of the stores in which an event of this stream is looked up by its own key, in the order of the topology. A lane
 * fetches those rows ahead of a batch; that one is missing, or not needed after all, costs time and nothing else.
 */
export function keyedStoresOf(stream: TopologyNode, nodes: readonly TopologyNode[]): readonly string[] {
  const reached = new Set([stream.id]);
  const stores: string[] = [];
  // What is read in order stands under times, what moves under the keys of other partitions.
  const otherwise = new Set(nodes.flatMap((node) => [...node.orderedStores, ...(node.hops > 0 ? node.stores : [])]));
  for (const node of nodes) {
    if (!node.inputs.some((port) => reached.has(port.node))) continue;
    if (node.view?.hasOwnKeys === true) continue;
    // Behind both an event goes on later, as a record of its own.
    if (node.hops > 0 || node.asks) continue;
    // Its rows stand under windows too.
    if (node.inputs.some((port) => windowKeysOf({ nodes }, port) !== null)) continue;
    reached.add(node.id);
    stores.push(...[...node.stores, ...node.borrowedStores].filter((store) => !otherwise.has(store)));
  }
  return [...new Set(stores)].slice(0, MAX_STORES);
}
