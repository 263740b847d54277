import type { StoreSpec, StreamSpec, ViewSpec } from './compiled.ts';
import { toMermaid } from './describe-mermaid.ts';
import { toText } from './describe-text.ts';
import type { DescribedTopology, OperatorDescription, StreamDescription, TopologyDescription } from './description.ts';
import { labelOf, type TopologyNode } from './graph.ts';
import { describeHops } from './hops.ts';

interface Parts {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly streams: readonly StreamSpec[];
  readonly stores: readonly StoreSpec[];
  readonly views: readonly ViewSpec[];
}

export function describeTopology(topology: Parts, nodes: readonly TopologyNode[]): TopologyDescription {
  const { name, version, fingerprint, streams, stores, views } = topology;
  const operators = nodes.filter((node) => node.space === 'operator');
  const owners = new Map(nodes.flatMap((node) => node.stores.map((store) => [store, referenceTo(nodes, node.id, 0)])));
  const described: DescribedTopology = {
    name,
    version,
    fingerprint,
    streams: streams.map(describeStream),
    operators: operators.map((node) => describeOperator(nodes, node)),
    stores: stores.map((store) => ({
      name: store.name,
      owner: owners.get(store.name) as string,
      order: store.isOrdered ? 'by key' : 'none',
    })),
    views: views.map((view) => {
      const node = nodes.find((one) => one.space === 'view' && one.name === view.name) as TopologyNode;
      return {
        name: view.name,
        description: view.description,
        input: inputsOf(nodes, node)[0] as string,
        store: (stores[view.storeId] as StoreSpec).name,
        key: view.isKeyedByPartitionKey ? 'the key of the table' : 'its own',
        readFrom: view.isKeyedByPartitionKey ? 'the partition of the key' : 'all partitions',
      };
    }),
  };
  return { ...described, toText: () => toText(described), toMermaid: () => toMermaid(described) };
}

function describeStream(spec: StreamSpec): StreamDescription {
  const isReceived = spec.guarantee === 'at-most-once';
  return {
    name: spec.name,
    description: spec.description,
    key: spec.keyField,
    partitionedBy: `hash(${spec.keyField})`,
    guarantee: spec.guarantee,
    ackLevel: isReceived ? 'received' : spec.durability === 'fsync' ? 'durable' : 'written',
    identities: spec.identities.map(({ field, appliesTo }) => (appliesTo === null ? field : `${field} (some events)`)),
    eventTime: spec.eventTimeField ?? 'time of intake',
  };
}

function describeOperator(nodes: readonly TopologyNode[], node: TopologyNode): OperatorDescription {
  return {
    name: node.name,
    kind: node.kind,
    emits: node.emits,
    inputs: inputsOf(nodes, node),
    stores: node.stores,
    hopLevel: describeHops(nodes).findLast((hop) => hop.node === labelOf(node))?.level ?? 0,
    ...(node.asks ? { asks: 'the outside, at least once' as const } : {}),
    ...(node.graceMs === null ? {} : { graceMs: node.graceMs }),
  };
}

function inputsOf(nodes: readonly TopologyNode[], node: TopologyNode): string[] {
  return node.inputs.map((port) => referenceTo(nodes, port.node, port.output));
}

/** `stream:orders`, `operator:size.big`, `view:open-orders`. */
function referenceTo(nodes: readonly TopologyNode[], id: number, output: number): string {
  const node = nodes[id] as TopologyNode;
  const way = node.outputs[output] ?? '';
  return `${node.space}:${node.name}${way === '' ? '' : `.${way}`}`;
}
