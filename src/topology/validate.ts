import { closestName } from '../base/closest-name.ts';
import { labelOf, type Port, type TopologyGraph, type TopologyNode } from './graph.ts';
import { findUnlikeWindows } from './window-mistakes.ts';

/** Every number of a stream, store or view fits two bytes of a record or row key, with room to spare. */
const MAX_NODES = 4096;

/** Looks a complete graph over as a whole and notes what is wrong; single nodes were looked at when they were added. */
export function validate(graph: TopologyGraph): void {
  resolveReferences(graph);
  findDuplicateNames(graph);
  findCycle(graph);
  findUnlikeWindows(graph);
  findDeadEnds(graph);
  if (!graph.nodes.some((node) => node.kind === 'stream')) {
    graph.complain(
      'topology',
      'it has no stream, so nothing can enter',
      "add one: t.stream('orders', { schema, key })",
    );
  }
  if (graph.nodes.length > MAX_NODES) {
    graph.complain('topology', `it has ${graph.nodes.length} nodes`, `use ${MAX_NODES} at most`);
  }
}

function resolveReferences(graph: TopologyGraph): void {
  const ports = new Map<string, Port>();
  for (const node of graph.nodes) {
    if (node.space === 'view' || node.kind === 'from') continue;
    node.outputs.forEach((way, output) => {
      const name = way === '' ? node.name : `${node.name}.${way}`;
      // A table may have the name of the stream it is made of; the stream is meant.
      if (node.emits === 'stream' || !ports.has(name)) ports.set(name, { node: node.id, output });
    });
  }
  for (const [id, name] of graph.references) {
    const node = graph.nodes[id] as TopologyNode;
    const label = labelOf(node);
    const port = ports.get(name);
    if (port === undefined) {
      const meant = closestName(name, ports.keys());
      const remedy =
        meant === undefined ? `the operators are ${[...ports.keys()].join(', ')}` : `did you mean '${meant}'?`;
      graph.complain(label, 'there is no operator of this name', remedy);
      continue;
    }
    if (graph.node(port).emits !== 'stream') {
      graph.complain(label, 'that is a table', 'go on from the operator before it');
    }
    graph.nodes[id] = { ...node, inputs: [port] };
  }
}

function findDuplicateNames(graph: TopologyGraph): void {
  const seen = new Map<string, TopologyNode>();
  for (const node of graph.nodes) {
    // It has no name, and that was complained of.
    if (typeof node.name !== 'string') continue;
    const key = `${node.space} ${node.name}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, node);
      continue;
    }
    const problem =
      first.kind === node.kind ? `there is another ${node.kind} of this name` : `there is a ${labelOf(first)} too`;
    graph.complain(labelOf(node), problem, `give it a name of its own, such as '${freeName(graph, node)}'`);
  }
}

function freeName(graph: TopologyGraph, node: TopologyNode): string {
  for (let n = 2; ; n++) {
    const name = `${node.name}-${n}`;
    if (!graph.nodes.some((other) => other.space === node.space && other.name === name)) return name;
  }
}

function findCycle(graph: TopologyGraph): void {
  const state = new Map<number, 'open' | 'done'>();
  const path: TopologyNode[] = [];
  const visit = (id: number): boolean => {
    if (state.get(id) === 'done') return false;
    const node = graph.nodes[id] as TopologyNode;
    if (state.get(id) === 'open') {
      const loop = [...path.slice(path.indexOf(node)), node].map(labelOf).reverse();
      graph.complain(
        labelOf(node),
        `it feeds itself: ${loop.join(' → ')}`,
        'take one of these steps out; what is to come round again comes in through a stream',
      );
      return true;
    }
    state.set(id, 'open');
    path.push(node);
    const isFound = node.inputs.some((input) => visit(input.node));
    path.pop();
    state.set(id, 'done');
    return isFound;
  };
  graph.nodes.some((node) => visit(node.id));
}

/** A stream may end in the log; an operator that leads nowhere works for nobody. */
function findDeadEnds(graph: TopologyGraph): void {
  const followed = new Set(graph.nodes.flatMap((node) => node.inputs.map((input) => input.node)));
  for (const node of graph.nodes) {
    if (node.space !== 'operator' || followed.has(node.id)) continue;
    if (node.emits === 'table') {
      graph.complain(
        labelOf(node),
        'it has no view, so nobody can read it',
        `add one: .toView('${node.name.split('#')[0]}')`,
      );
    } else {
      graph.complain(
        labelOf(node),
        'nothing follows it, so its events are lost',
        'go on to a table or a view, or take it out',
      );
    }
  }
}
