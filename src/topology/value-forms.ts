import { upcastLate } from '../operators/late-events.ts';
import { checkOptions } from './checks.ts';
import { EVOLUTION_OPTIONS, type Evolution, evolutionOf, inside, type StoreEvolution } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph, type TopologyNode } from './graph.ts';

/** The versions of what flows into a node and out of it; null where nobody has said anything of them. */
export interface FormsOfNode {
  input(index: number): StoreEvolution | null;
  output(index: number): StoreEvolution | null;
}

/** What a store holds of that. */
export type HeldForm = (forms: FormsOfNode) => StoreEvolution | null;

/** What leaves at this port has versions of its own from here on. */
export function setForm(graph: TopologyGraph, port: Port, evolution: Evolution): void {
  const node = graph.node(port);
  const label = labelOf(node);
  checkOptions(graph, label, evolution, EVOLUTION_OPTIONS);
  const place = placeOf(port);
  if (node.stream !== null) {
    graph.complain(
      label,
      'withEvolution says again what form its events have',
      'give version and upcast to the stream',
    );
  } else if ((node.rowForm !== null && !isLate(node, port.output)) || graph.forms.has(place)) {
    graph.complain(label, 'withEvolution says again what form its values have', 'leave one of both out');
  }
  graph.forms.set(place, evolutionOf(graph, label, evolution) ?? FIRST_FORM);
}

/** @returns the nodes with the versions of everything that they keep of what flows through them */
export function withForms(graph: TopologyGraph): readonly TopologyNode[] {
  const forms = new PortForms(graph);
  return graph.nodes.map((node) => {
    const of = (port: Port): StoreEvolution | null => {
      const form = forms.of(port);
      if (form !== MIXED) return form;
      const remedy = 'say before it what they have become: .withEvolution({ version, upcast })';
      graph.complain(labelOf(node), 'it keeps events of several streams, which have versions of their own', remedy);
      return null;
    };
    const ofNode: FormsOfNode = {
      input: (index) => {
        const input = node.inputs[index];
        return input === undefined ? null : of(input);
      },
      output: (output) => of({ node: node.id, output }),
    };
    const held = Object.entries(node.holds).flatMap(([store, form]) => {
      const evolution = form(ofNode);
      return evolution === null ? [] : [[store, evolution] as const];
    });
    return held.length === 0 ? node : { ...node, evolutions: { ...node.evolutions, ...Object.fromEntries(held) } };
  });
}

class PortForms {
  readonly #graph: TopologyGraph;
  readonly #known = new Map<string, StoreEvolution | null>();

  constructor(graph: TopologyGraph) {
    this.#graph = graph;
  }

  of(port: Port): StoreEvolution | null {
    const place = placeOf(port);
    const known = this.#known.get(place);
    if (known !== undefined) return known;
    const form = this.#graph.forms.get(place) ?? this.#find(port);
    this.#known.set(place, form);
    return form;
  }

  #find({ node: id, output }: Port): StoreEvolution | null {
    const node = this.#graph.nodes[id] as TopologyNode;
    // Whichever of its inputs they came by.
    if (isLate(node, output)) return this.#among(node.inputs, (form) => inside(form, upcastLate));
    if (node.rowForm !== null) return node.rowForm;
    const { leaves } = node;
    if (leaves === null) return null;
    const inputs = node.kind === 'merge' ? node.inputs : node.inputs.slice(0, 1);
    return this.#among(inputs, (form) => leaves(form, output));
  }

  /** @param leaves what becomes of the versions of what comes in, where all inputs have the same */
  #among(
    inputs: readonly Port[],
    leaves: (form: StoreEvolution | null) => StoreEvolution | null,
  ): StoreEvolution | null {
    const form = inputs.map((input) => this.of(input)).reduce(merged, undefined as never) ?? null;
    return form === MIXED ? form : leaves(form);
  }
}

/** @param one undefined: there is none yet */
function merged(one: StoreEvolution | null | undefined, other: StoreEvolution | null): StoreEvolution | null {
  if (one === undefined || one === other) return other;
  if ((one?.version ?? 1) !== 1 || (other?.version ?? 1) !== 1) return MIXED;
  return { ...FIRST_FORM, events: [...(one?.events ?? []), ...(other?.events ?? [])] };
}

/** Whether the events leave there that came too late. */
function isLate(node: TopologyNode, output: number): boolean {
  return node.lateStore !== null && node.outputs[output] === 'late';
}

function placeOf({ node, output }: Port): string {
  return `${node}:${output}`;
}

const FIRST_FORM: StoreEvolution = { version: 1, upcasters: new Map() };
/** Of events that are not all of one version. */
const MIXED: StoreEvolution = { version: 0, upcasters: new Map() };
