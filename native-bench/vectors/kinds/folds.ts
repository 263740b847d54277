import type { GroupedStream } from '../../../src/topology/grouped-stream.ts';
import type { Table } from '../../../src/topology/table.ts';
import type { Experiment } from '../scene.ts';
import type { OperatorSpec } from '../vector.ts';
import { type Aggregator, type Fold, foldOf, type Value } from '../words.ts';

export function aggregate({ aggregator }: OperatorSpec): Experiment {
  const fold = foldOf(aggregator as Aggregator);
  return { build: (scene) => scene.observeTable(folded(scene.records('in').groupByKey(), fold)) };
}

function folded(grouped: GroupedStream<Value>, { isCount, isReduce, initial, add }: Fold): Table<Value> {
  if (isCount) return grouped.count('fold');
  if (isReduce) return grouped.reduce('fold', (state, value) => add(state as string | number, value));
  return grouped.aggregate<string | number>('fold', { initial, add });
}
