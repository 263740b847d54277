import type { StoreLayout } from '../store/store-spec.ts';
import type { TopologyNode } from './graph.ts';
import type { WindowSpec } from './window-spec.ts';

/** Kinds of nodes whose first store has a value per key, as it leaves them: one may become another with `version`. */
const VALUE_KINDS = new Set(['count', 'sum', 'min', 'max', 'reduce', 'aggregate', 'cogroup', 'toTable', 'deduplicate']);
const JOIN_KINDS = new Set(['join', 'leftJoin', 'outerJoin']);

/** How a node lays out what it keeps, where it says nothing of it itself. */
export function layoutOf({ kind, emits, layout }: TopologyNode): StoreLayout {
  if (layout !== null) return layout;
  if (JOIN_KINDS.has(kind)) return { rows: `the join of a ${emits}` };
  return { rows: VALUE_KINDS.has(kind) ? 'a value per key' : kind };
}

/** Of a fold of windows. @param hasPanes whether the windows are put together out of these */
export function windowLayout(kind: string, spec: WindowSpec, hasPanes: boolean): StoreLayout {
  const states = kind === 'topN' || kind === 'avg' ? kind : 'a value each';
  if (!hasPanes) return { rows: isAligned(spec) ? 'a row per window' : `${spec.kind} windows in a row`, states };
  const { sizeMs, advanceMs } = spec as WindowSpec & { kind: 'hopping' };
  // Where panes begin and end.
  return { rows: 'panes', states, size: `${sizeMs} ms`, advance: `${advanceMs} ms` };
}

function isAligned({ kind }: WindowSpec): boolean {
  return kind === 'tumbling' || kind === 'calendarDays';
}
