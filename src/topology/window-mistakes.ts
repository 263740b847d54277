import { labelOf, type Port, type TopologyGraph, type TopologyNode } from './graph.ts';
import { type WindowKeys, windowKeysOf, windowListsOf } from './window-keys.ts';
import { differenceOf, type WindowDifference } from './window-likeness.ts';
import type { WindowSpec } from './window-spec.ts';

const JOINS = new Set(['join', 'leftJoin', 'outerJoin']);
const PLAIN_KEYS = 'keyBy((event, context) => context.key)';

/**
 * Notes where rows or events that stand under a key and a window meet others that do not, or that have windows of another
 * kind or length: no keys would ever be the same. What is merged only goes on beside each other. To be called when all references are resolved.
 */
export function findUnlikeWindows(graph: TopologyGraph): void {
  for (const node of graph.nodes) {
    if (node.inputs.length < 2) continue;
    const [first = null, ...others] = node.inputs.map((input) => windowKeysOf(graph, input));
    const second = others[0] ?? null;
    const isJoin = JOINS.has(node.kind);
    // The key of the other row is named by the row, or the event.
    if (isJoin && graph.node(node.inputs[1] as Port).kind === 'globalTable') continue;
    if (isJoin && (node.settings['foreignKey'] ?? null) !== null) {
      if (second === null) continue;
      const problem = 'its foreign key names no window, but the rows of the other table have windows';
      graph.complain(labelOf(node), problem, 'use a table without windows on that side');
      continue;
    }
    const unlike = others.find((other) => depthOf(other) !== depthOf(first));
    if (unlike !== undefined) complainOfDepth(graph, node, first, unlike);
    else if (node.kind !== 'merge') findDifferences(graph, node);
  }
}

function complainOfDepth(
  graph: TopologyGraph,
  node: TopologyNode,
  first: WindowKeys | null,
  other: WindowKeys | null,
): void {
  const label = labelOf(node);
  const [emitsOfFirst, emitsOfOther] = node.inputs.map((input) => graph.node(input).emits);
  if (first !== null && other !== null) {
    const problem = `its inputs stand under keys with ${depthOf(first)} and ${depthOf(other)} windows, which are never the same`;
    graph.complain(label, problem, 'window both as often');
  } else if (node.kind === 'delay') {
    const problem = 'of its stream and the one that cancels, one has windows and the other has not';
    graph.complain(label, problem, `give the windowed one its plain keys: ${PLAIN_KEYS}`);
  } else if (emitsOfFirst === 'table') {
    graph.complain(label, 'one of its tables has windows, the other has not', 'join tables of the same windows');
  } else if (emitsOfOther === 'stream') {
    const problem = 'one of its streams has windows, the other has not, so their keys are never the same';
    graph.complain(
      label,
      problem,
      `use streams of the same windows, or give the windowed one its plain keys: ${PLAIN_KEYS}`,
    );
  } else if (first === null) {
    const remedy = "join tables of the same windows, or go on from the table's toStream()";
    graph.complain(label, 'its events have no window, but the rows of its table have', remedy);
  } else {
    const remedy = `use a table of the same windows, or give the events their plain keys: ${PLAIN_KEYS}`;
    graph.complain(label, 'its events have a window, but the rows of its table have none', remedy);
  }
}

/** Each input has to have windows that the first one has too. */
function findDifferences(graph: TopologyGraph, node: TopologyNode): void {
  const [first = [], ...others] = node.inputs.map((input) => windowListsOf(graph, input));
  for (const lists of others) {
    const differences = first.flatMap((one) => lists.map((other) => firstDifference(one, other)));
    const [difference] = differences;
    if (difference === undefined || difference === null || differences.includes(null)) continue;
    const [one, other] = difference.pair;
    const problem = `it ${JOINS.has(node.kind) ? 'joins' : 'brings together'} ${one} with ${other}, which are never the same`;
    graph.complain(labelOf(node), problem, difference.remedy);
    return;
  }
}

function firstDifference(one: readonly WindowSpec[], other: readonly WindowSpec[]): WindowDifference | null {
  for (let at = 0; at < one.length; at++) {
    const difference = differenceOf(one[at] as WindowSpec, other[at] as WindowSpec);
    if (difference !== null) return difference;
  }
  return null;
}

function depthOf(keys: WindowKeys | null): number {
  return keys?.windows.length ?? 0;
}
