import { createHash } from 'node:crypto';
import type { TopologyNode } from './graph.ts';

/** Raised when the way a topology is written for hashing changes. */
const FORMAT = 1;

/**
 * Tells whether two topologies are the same: names, kinds, wiring, schemas and options, and every function by its source
 * text. What a function calls is not seen; raise the topology's `version` when a helper changes what it computes.
 * Descriptions do not count.
 */
export function fingerprintOf(name: string, version: string, nodes: readonly TopologyNode[]): string {
  const parts = nodes.map((node) => ({
    space: node.space,
    kind: node.kind,
    name: node.name,
    inputs: node.inputs,
    outputs: node.outputs,
    stores: node.stores,
    timedStores: node.timedStores,
    versions: Object.entries(node.evolutions).flatMap(([store, { version }]) =>
      version === 1 ? [] : [[store, version]],
    ),
    settings: node.settings,
    schema: node.view?.schema,
  }));
  const text = JSON.stringify({ format: FORMAT, name, version, parts }, (_, value: unknown) =>
    typeof value === 'function' ? { function: value.toString() } : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
