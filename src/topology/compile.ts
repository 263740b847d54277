import { clockedNodes } from './clocks.ts';
import type { CompiledTopology, OperatorHost, Pipeline, StoreSpec, StreamSpec, ViewSpec } from './compiled.ts';
import { describeTopology } from './describe.ts';
import { fingerprintOf } from './fingerprint.ts';
import { operatorNameOf, type Port, type TopologyGraph, type TopologyNode, type ViewNode } from './graph.ts';
import { describeHops, levelsBehind, numberHops } from './hops.ts';
import { instantiate } from './instantiate.ts';
import { keyedStoresOf } from './keyed-stores.ts';
import { describeLookups } from './lookups.ts';
import { layoutOf } from './store-layout.ts';
import { TopologyError } from './topology-error.ts';
import { validate } from './validate.ts';
import { withForms } from './value-forms.ts';
import { windowKeysOf } from './window-keys.ts';

/** The numbers under which nodes and stores are known at run time: their positions, in the order they were written down. */
export interface Numbering {
  readonly streamIds: ReadonlyMap<TopologyNode, number>;
  readonly viewIds: ReadonlyMap<TopologyNode, number>;
  readonly storeIds: ReadonlyMap<string, number>;
  /** Streams and nodes whose event time is kept, and the first store that keeps it; see `ClockedNode`. */
  readonly clockStoreIds: ReadonlyMap<TopologyNode, number>;
  /** Number of the first hop of each node that has any. */
  readonly hopIds: ReadonlyMap<TopologyNode, number>;
}

/** @throws TopologyError */
export function compileTopology(graph: TopologyGraph, version: string): CompiledTopology {
  validate(graph);
  if (graph.mistakes.length > 0) throw new TopologyError(graph.name, graph.mistakes);

  const nodes = withForms(graph);
  if (graph.mistakes.length > 0) throw new TopologyError(graph.name, graph.mistakes);
  const { name } = graph;
  const streamNodes = nodes.filter((node) => node.stream !== null);
  const viewNodes = nodes.filter((node) => node.view !== null);
  const clocked = clockedNodes(nodes);
  // Behind all others, so that a topology may begin to keep time without its stores moving.
  const clockStores = clocked.flatMap(({ node, places }) =>
    Array.from({ length: places }, (_, place) => `clock:${node.space}:${node.name}${place === 0 ? '' : `:${place}`}`),
  );
  const clockStoreIds = new Map<TopologyNode, number>();
  const ownStores = nodes.flatMap((node) => node.stores);
  let nextClockStore = ownStores.length;
  for (const { node, places } of clocked) {
    clockStoreIds.set(node, nextClockStore);
    nextClockStore += places;
  }
  const storeNames = [...ownStores, ...clockStores];
  const numbering: Numbering = {
    streamIds: new Map(streamNodes.map((node, id) => [node, id])),
    viewIds: new Map(viewNodes.map((node, id) => [node, id])),
    storeIds: new Map(storeNames.map((store, id) => [store, id])),
    hopIds: numberHops(nodes),
    clockStoreIds,
  };
  const ordered = new Set([
    ...viewNodes.map((node) => (node.view as ViewNode).store),
    ...nodes.flatMap((node) => node.orderedStores),
  ]);
  const evolutions = new Map(nodes.flatMap((node) => Object.entries(node.evolutions)));
  const layouts = new Map(nodes.flatMap((node) => node.stores.map((store) => [store, layoutOf(node)] as const)));
  const timed = new Set(nodes.flatMap((node) => node.timedStores));

  const streams = streamNodes.map((node, id): StreamSpec => ({ id, ...(node.stream as Omit<StreamSpec, 'id'>) }));
  const stores = storeNames.map(
    (store, id): StoreSpec => ({
      id,
      name: store,
      isOrdered: ordered.has(store),
      isTimed: timed.has(store),
      ...evolutions.get(store),
    }),
  );
  const levelBehind = levelsBehind(nodes);
  const views = viewNodes.map((node, id): ViewSpec => {
    const { description, hasOwnKeys, store, schema } = node.view as ViewNode;
    const isOfWindows = !hasOwnKeys && windowKeysOf(graph, node.inputs[0] as Port) !== null;
    // The key of a windowed row is more than the key that its partition was chosen by.
    const isKeyedByPartitionKey = !hasOwnKeys && !isOfWindows;
    const storeId = numbering.storeIds.get(store) as number;
    const hopLevel = levelBehind(node);
    return { id, name: node.name, description, storeId, isKeyedByPartitionKey, isOfWindows, hopLevel, schema };
  });
  const fingerprint = fingerprintOf(name, version, nodes);
  return {
    name,
    version,
    fingerprint,
    streams,
    stores,
    storeLayouts: storeNames.map((store) => ({
      ...layouts.get(store),
      times: timed.has(store) ? 'one a row' : 'none',
    })),
    views,
    lateCounts: nodes.flatMap(({ name: node, lateStore }) =>
      lateStore === null ? [] : [{ node, storeId: numbering.storeIds.get(lateStore) as number }],
    ),
    keyedStores: streamNodes.map((node) =>
      keyedStoresOf(node, nodes).map((store) => numbering.storeIds.get(store) as number),
    ),
    operatorNames: nodes.map(operatorNameOf),
    hops: describeHops(nodes),
    lookups: describeLookups(nodes),
    describe: () => describeTopology({ name, version, fingerprint, streams, stores, views }, nodes),
    instantiate: (host: OperatorHost): Pipeline => instantiate(nodes, numbering, host),
  };
}
