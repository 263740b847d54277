import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { EPOCH_MS } from './era.ts';
import { experimentOf } from './kinds/kinds.ts';
import { stageOf } from './scene.ts';
import type { Vector } from './vector.ts';

/** The topology of a vector, for the modules that are made for it and imported by every thread. */
export function topologyOf(vector: Vector): CompiledTopology {
  const experiment = experimentOf(vector);
  return stageOf(experiment, experiment.inputs ?? vector.inputs, EPOCH_MS).topology;
}
