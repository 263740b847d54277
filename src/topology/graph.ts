import type { TSchema } from 'typebox';
import { assert } from '../base/assert.ts';
import type { AskingOperator } from '../operators/lookup.ts';
import type { NodeClock } from '../operators/node-clock.ts';
import type { Operator, OperatorHost, OperatorStore, Release, TimedOperator } from '../operators/operator.ts';
import type { OperatorContext } from '../operators/operator-context.ts';
import type { WaitingClock } from '../operators/waiting-clock.ts';
import type { StoreLayout } from '../store/store-spec.ts';
import type { StreamSpec } from './compiled.ts';
import type { StoreEvolution } from './evolution.ts';
import type { HeldForm } from './value-forms.ts';

/** One output of a node; every node has output 0. */
export interface Port {
  readonly node: number;
  readonly output: number;
}

/** What a node gets when a partition opens its copy of the operators. */
export interface OpenSite {
  /** How the operator is called in errors. */
  readonly name: string;
  readonly host: OperatorHost;
  readonly context: OperatorContext;
  /** The node's `index`-th store; those that it borrows come after its own. */
  store(index: number): OperatorStore;
  /** The view's number; for view nodes only. */
  readonly viewId: number;
  /** One per output of the node. */
  readonly outputs: readonly Operator[];
  /** The node's event time; for nodes with `hasClock` only. */
  readonly clock: NodeClock;
  /** The same for a node that has it `with-watermarks`; null if there are none. */
  readonly watermarkClock: NodeClock | null;
  /** Event time behind a node whose events wait; null if nobody there wants to know it. */
  readonly waitingClock: WaitingClock | null;
  /** What a change is pushed into to go on at `output` in the partition of its key; `index` counts the node's hops. */
  readonly moved: (index: number, output: Operator) => Operator;
  /** The same for a row that is to reach `output` in all other partitions. */
  readonly broadcast: (index: number, output: Operator) => Operator;
  /** Runs what the event at hand brings about for another key: if it fails there, the event goes on all the same. */
  readonly release: Release;
  /** Has time move this operator from now on. */
  drive(operator: TimedOperator): void;
  /** Has what the outside answers come to this operator from now on. */
  ask(operator: AskingOperator): void;
}

/** Names are unique within a space: a stream, an operator and a view may share one. */
export type NameSpace = 'stream' | 'operator' | 'view';

/** What leaves a node: events, rows that come and go, or nothing. */
export type Emission = 'stream' | 'table' | 'nothing';

export interface ViewNode {
  readonly description: string | undefined;
  /** Whether its rows stand under keys of its own; else under those of its table. */
  readonly hasOwnKeys: boolean;
  /** Name of the store it reads: its own, or that of the table it shows. */
  readonly store: string;
  readonly schema: TSchema | null;
}

/**
 * A vertex of the topology. Kinds are open: an operator that is added later is one more file in `operators/` and one
 * more node made by the language.
 */
export interface TopologyNode {
  readonly id: number;
  readonly space: NameSpace;
  /** As the language calls it: `filter`, `aggregate`, … */
  readonly kind: string;
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly emits: Emission;
  /** Names of the outputs; a single one has no name (`''`). */
  readonly outputs: readonly string[];
  /** Names of the stores it keeps. */
  readonly stores: readonly string[];
  /** Names of stores of other nodes that it reads. */
  readonly borrowedStores: readonly string[];
  /** Those of its own that it reads in the order of their keys. */
  readonly orderedStores: readonly string[];
  /** Those of its own whose rows bear a time. */
  readonly timedStores: readonly string[];
  /** Whether its first store has the rows of its table under their own keys. */
  readonly keepsRows: boolean;
  /** The store of its own that counts in a register the events that came too late; null if none can. */
  readonly lateStore: string | null;
  /** By store: what is known of the versions of its values, where something is. */
  readonly evolutions: Readonly<Record<string, StoreEvolution>>;
  /** How it lays out what it keeps; null: as its kind says. */
  readonly layout: StoreLayout | null;
  /** By store: which of the values that flow in or out it holds, and so has the versions of. */
  readonly holds: Readonly<Record<string, HeldForm>>;
  /** What the versions of what comes in, by its first input, are of what leaves at an output; null: nothing is known of that. */
  readonly leaves: ((form: StoreEvolution | null, output: number) => StoreEvolution | null) | null;
  /** The versions of what leaves it, where it has been told of them. */
  readonly rowForm: StoreEvolution | null;
  /** Whether it asks how far event time has come; or only if a stream above it has watermarks. */
  readonly hasClock: boolean | 'with-watermarks';
  /** Whether what leaves it stands under keys that it gives; else under those that came in, with a window behind if it has one. */
  readonly givesKeys: boolean;
  /** Ways by which its changes go on in other partitions; what comes by one of them may leave by the next. */
  readonly hops: number;
  /** Whether its events wait for answers from outside. */
  readonly asks: boolean;
  /** By how much event time has to be past its events until they go on, in ms; null: they do not wait for that. */
  readonly graceMs: number | null;
  /** Everything else that the meaning of the node depends on, functions included. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly stream: Omit<StreamSpec, 'id'> | null;
  readonly view: ViewNode | null;
  /** @returns where each input of the node goes */
  open(site: OpenSite): readonly Operator[];
}

const PLAIN_OPERATOR = {
  space: 'operator',
  emits: 'stream',
  outputs: [''],
  stores: [],
  borrowedStores: [],
  orderedStores: [],
  timedStores: [],
  keepsRows: true,
  lateStore: null,
  evolutions: {},
  layout: null,
  holds: {},
  leaves: null,
  rowForm: null,
  hasClock: false,
  givesKeys: false,
  hops: 0,
  asks: false,
  graceMs: null,
  settings: {},
  stream: null,
  view: null,
} as const satisfies Partial<TopologyNode>;

/** A node as the language writes it down: what is left out is that of a stateless operator with one output. */
export type NodeDefinition = Omit<TopologyNode, 'id' | keyof typeof PLAIN_OPERATOR> &
  Partial<Pick<TopologyNode, keyof typeof PLAIN_OPERATOR>>;

/** A mistake in a topology: where it is, what is wrong, and what would be right. */
export interface TopologyMistake {
  readonly node: string;
  readonly problem: string;
  readonly remedy: string;
}

/** The topology while it is being written down. Mistakes are noted, not thrown, so that all of them come to light. */
export class TopologyGraph {
  readonly name: string;
  readonly nodes: TopologyNode[] = [];
  readonly mistakes: TopologyMistake[] = [];
  /** Inputs that are known by name only until the topology is complete: the node, and the name of what it goes on from. */
  readonly references = new Map<number, string>();
  /** By node and output: the versions of what leaves there, where the language was told of them. */
  readonly forms = new Map<string, StoreEvolution>();
  isSealed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** @returns its output 0 */
  add(node: NodeDefinition): Port {
    assert(!this.isSealed, `topology=${this.name} is complete; ${labelOf(node)} came after its end`);
    const id = this.nodes.length;
    this.nodes.push({ ...PLAIN_OPERATOR, ...node, id });
    return { node: id, output: 0 };
  }

  /** A name for a node that was given none; no user's name has a `#`. */
  unnamed(kind: string): string {
    return `${kind}#${this.nodes.filter((node) => node.kind === kind).length + 1}`;
  }

  node(port: Port): TopologyNode {
    return this.nodes[port.node] as TopologyNode;
  }

  complain(node: string, problem: string, remedy: string): void {
    this.mistakes.push({ node, problem, remedy });
  }
}

/** How a node is called in messages. */
export function labelOf(node: Pick<TopologyNode, 'kind' | 'name'>): string {
  return `${node.kind} '${node.name}'`;
}

/** How its operator is called in errors, dead letters and `describe()`. */
export function operatorNameOf(node: Pick<TopologyNode, 'space' | 'name'>): string {
  return node.space === 'view' ? `view:${node.name}` : node.name;
}
