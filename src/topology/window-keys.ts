import type { Port, TopologyNode } from './graph.ts';
import type { WindowSpec } from './window-spec.ts';

/**
 * What rows or events stand under: their keys alone, or a key and a window. What has the one cannot be joined, merged or
 * cogrouped with what has the other. `Stream<Order>` is a stream of which that is not known: it is found out when the
 * topology is built.
 */
export type KeyKind = 'plain' | 'windowed';

/** A method, so that what is not known goes with either, and either of them never with the other. */
export interface KeyMark<Keys extends KeyKind> {
  of(keys: Keys): void;
}

/** Of a table or a stream whose rows, or events, stand under a key and a window. */
export interface WindowKeys {
  /** The windows behind the key, the last one first: a windowed stream may be windowed again. */
  readonly windows: readonly [WindowSpec, ...WindowSpec[]];
  /** Whether its rows are kept until they are told to go; a table of windows itself forgets those that have closed. */
  readonly isKept: boolean;
}

interface Nodes {
  readonly nodes: readonly TopologyNode[];
}

/** Kinds of nodes that pass on the changes of a table of windows and keep nothing of it. */
const KEEPS_NOTHING = new Set(['map', 'filter', 'suppress']);

/** @returns null for what stands under keys alone */
export function windowKeysOf({ nodes }: Nodes, port: Port): WindowKeys | null {
  const windows: WindowSpec[] = [];
  let isKept = false;
  let at: Port | undefined = port;
  // A topology that feeds itself is a mistake, and noted; here it must end.
  for (let steps = 0; at !== undefined && steps <= nodes.length; steps++) {
    const node = nodes[at.node] as TopologyNode;
    if (node.givesKeys) break;
    const { window } = node.settings;
    // Late events, at the other output, go by under the key that they came in.
    if (window !== undefined && at.output === 0) windows.push(window as WindowSpec);
    else if (windows.length === 0) isKept ||= !KEEPS_NOTHING.has(node.kind);
    // What has several inputs has them under the same keys, or its rows under those of its first.
    at = node.inputs[0];
  }
  const [last, ...others] = windows;
  return last === undefined ? null : { windows: [last, ...others], isKept };
}

/**
 * The windows behind the keys at a port, the last one first, in every way that rows or events come there: a merge may bring
 * together what has other windows.
 */
export function windowListsOf({ nodes }: Nodes, port: Port): readonly (readonly WindowSpec[])[] {
  const known = new Map<string, readonly (readonly WindowSpec[])[]>();
  const listsAt = ({ node: id, output }: Port): readonly (readonly WindowSpec[])[] => {
    const place = `${id}:${output}`;
    const before = known.get(place);
    if (before !== undefined) return before;
    // For a topology that feeds itself.
    known.set(place, []);
    const node = nodes[id] as TopologyNode;
    const { window } = node.settings;
    const own = window !== undefined && output === 0 ? [window as WindowSpec] : [];
    const inputs = node.givesKeys ? [] : node.kind === 'merge' ? node.inputs : node.inputs.slice(0, 1);
    const behind = inputs.length === 0 ? [[]] : inputs.flatMap(listsAt);
    const lists = new Map(behind.map((list) => [JSON.stringify(list), [...own, ...list]] as const));
    known.set(place, [...lists.values()]);
    return [...lists.values()];
  };
  return listsAt(port);
}
