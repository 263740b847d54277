import type { CompiledTopology } from './compiled.ts';
import { TopologyError } from './topology-error.ts';

/**
 * An event cannot go from one partition to another yet, so what needs that runs on one partition only.
 *
 * @throws TopologyError (`ERR_TOPOLOGY_INVALID`) that names every node that needs it
 */
export function refusePartitions(topology: CompiledTopology, partitionCount: number): void {
  if (partitionCount === 1 || topology.movesBetweenPartitions.length === 0) return;
  throw new TopologyError(
    topology.name,
    topology.movesBetweenPartitions.map((node) => ({
      node,
      problem: `it needs what lies in other partitions, and there are ${partitionCount}`,
      remedy: 'run it with one partition',
    })),
  );
}
