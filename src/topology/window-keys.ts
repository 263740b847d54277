import type { Port, TopologyGraph } from './graph.ts';
import type { WindowSpec } from './window-spec.ts';

/** Of a table whose rows stand under a key and a window. */
export interface WindowKeys {
  readonly spec: WindowSpec;
  /** Whether its rows are kept until they are told to go; a table of windows itself forgets those that have closed. */
  readonly isKept: boolean;
}

/** Kinds of nodes that leave each row under the key that it has in their first table. */
const JOINS = new Set(['join', 'leftJoin', 'outerJoin']);
const SAME_KEYS = new Set(['map', 'filter', 'suppress', 'keepWindows', ...JOINS]);

/** @returns null for a table whose rows stand under keys alone */
export function windowKeysOf(graph: TopologyGraph, table: Port): WindowKeys | null {
  let isKept = false;
  let node = graph.node(table);
  while (node.emits === 'table') {
    const { window } = node.settings;
    if (window !== undefined) return { spec: window as WindowSpec, isKept };
    if (!SAME_KEYS.has(node.kind)) return null;
    isKept ||= node.kind === 'keepWindows' || JOINS.has(node.kind);
    node = graph.node(node.inputs[0] as Port);
  }
  return null;
}
