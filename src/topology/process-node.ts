import { ExpiringRows, isValueOfLife } from '../operators/expiring-rows.ts';
import {
  type EventHandler,
  type FiredTimer,
  type ProcessContext,
  ProcessOperator,
  type TimerHandler,
} from '../operators/process.ts';
import { KeyedState, type StateDeclaration, type StateSpec, stateOfRow } from '../operators/process-state.ts';
import { earlierValues, type StateEvolution, valueUpcast } from '../operators/state-evolution.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { isWindowText } from '../operators/window-key.ts';
import type { StoreLayout, Upcasters } from '../store/store-spec.ts';
import { checkChoice, checkFunction, checkName, checkOptions, checkSpan, kindOf } from './checks.ts';
import { evolutionOf, inRows, type StoreEvolution } from './evolution.ts';
import { labelOf, type OpenSite, type Port, type TopologyGraph } from './graph.ts';

/** The states of a `process` operator by name. */
export type StateDeclarations = Readonly<Record<string, StateDeclaration<unknown>>>;

/** What the functions see of declared states. */
export type StatesOf<Declarations> = {
  readonly [Name in keyof Declarations]: Declarations[Name] extends StateDeclaration<infer State> ? State : never;
};

/** The type of the events that go one way. */
export interface EventType<Event> {
  /** There is no such member when the program runs. */
  readonly '~event'?: Event;
}

/** Says what an operator emits: `emits: eventType<Alert>()`. */
export function eventType<Event>(): EventType<Event> {
  return {};
}

export type OutputTypes = Readonly<Record<string, EventType<unknown>>>;

export type EventsOf<Types> = {
  readonly [Name in keyof Types]: Types[Name] extends EventType<infer Event> ? Event : never;
};

export interface ProcessOptions<Value, States extends StateDeclarations, Result, Outputs extends OutputTypes> {
  /** What it keeps per key: `{ seen: valueState<number>() }`. */
  readonly state?: States;
  /** Raise it when the form of a state changes, and say there how: `valueState({ upcast })`. 1 to 255. Default: 1. */
  readonly version?: number;
  /** What it emits. */
  readonly emits?: EventType<Result>;
  /** Other ways out, besides the operator's own stream: `{ late: eventType<Order>() }`. */
  readonly outputs?: Outputs;
  readonly onEvent: (event: Value, context: ProcessContext<StatesOf<States>, Result, EventsOf<Outputs>>) => void;
  readonly onTimer?: (timer: FiredTimer, context: ProcessContext<StatesOf<States>, Result, EventsOf<Outputs>>) => void;
}

const OPTIONS = ['state', 'version', 'emits', 'outputs', 'onEvent', 'onTimer'];
const STATE_KINDS = new Set(['value', 'list', 'map']);

export interface ProcessWay {
  readonly way: string;
  readonly port: Port;
}

/** @returns the operator's own way out, and those that were named */
export function addProcess(graph: TopologyGraph, input: Port, name: string, given: unknown): ProcessWay[] {
  const label = labelOf({ kind: 'process', name });
  checkName(graph, 'process', name);
  checkOptions(graph, label, given, OPTIONS);
  const options = (given ?? {}) as Partial<Record<'state' | 'version' | 'outputs' | 'onEvent' | 'onTimer', unknown>>;
  checkFunction(graph, label, 'onEvent', options.onEvent, '(event, context) => void');
  if (options.onTimer !== undefined) {
    checkFunction(graph, label, 'onTimer', options.onTimer, '(timer, context) => void');
  }
  const states = checkedState(graph, label, options.state);
  const outputNames = checkedOutputs(graph, label, options.outputs);
  const onTimer = (options.onTimer ?? ((): void => {})) as TimerHandler;
  const stores = [name, `${name}:event-timers`, `${name}:log-timers`];
  const isExpiring = Object.values(states).some(({ ttlMs }) => ttlMs !== null);
  if (isExpiring) stores.push(`${name}:expiring`, `${name}:expiry`);
  const evolution = stateEvolution(graph, label, options.version, options.state);
  const earlier = { version: evolution.version, upcasters: earlierValues(evolution.version) };
  const evolutions = {
    [name]: earlier,
    ...(isExpiring ? { [`${name}:expiring`]: inRows(earlier, isValueOfLife) as StoreEvolution } : {}),
  };
  const { node } = graph.add({
    kind: 'process',
    name,
    inputs: [input],
    outputs: ['', ...outputNames],
    stores,
    orderedStores: stores,
    evolutions: evolution.version === 1 ? {} : evolutions,
    layout: layoutOfStates(states),
    hasClock: true,
    settings: { onEvent: options.onEvent, onTimer: options.onTimer, state: states },
    open: (site) => {
      const upcast = valueUpcast(states, evolution);
      const expiring = isExpiring ? openExpiring(site, states, upcast) : null;
      const operator = new ProcessOperator({
        name: site.name,
        context: site.context,
        clock: site.clock,
        state: new KeyedState(site.context, site.store(0), expiring, states, upcast),
        expiring,
        eventTimers: new TimerQueue(site.store(1)),
        logTimers: new TimerQueue(site.store(2)),
        onEvent: options.onEvent as EventHandler,
        onTimer,
        outputs: site.outputs,
        outputNames,
      });
      site.drive(operator);
      return [operator];
    },
  });
  return ['', ...outputNames].map((way, output) => ({ way, port: { node, output } }));
}

function openExpiring(
  site: OpenSite,
  states: Readonly<Record<string, StateSpec>>,
  upcast: (row: string, value: unknown) => unknown,
): ExpiringRows {
  const ttlOf = (row: string): number => states[stateOfRow(row)]?.ttlMs as number;
  return new ExpiringRows(site.store(3), new TimerQueue(site.store(4)), ttlOf, upcast);
}

function checkedState(graph: TopologyGraph, label: string, state: unknown): Record<string, StateSpec> {
  if (state === undefined) return {};
  if (typeof state !== 'object' || state === null) {
    graph.complain(label, `its state is ${kindOf(state)}`, 'give it an object such as { seen: valueState() }');
    return {};
  }
  const specs: Record<string, StateSpec> = {};
  for (const [name, declaration] of Object.entries(state) as [string, Partial<StateDeclaration<unknown>> | null][]) {
    checkName(graph, `${label} state`, name);
    if (isWindowText(name))
      graph.complain(label, `its state '${name}' reads like a window`, 'put a letter into its name');
    const kind = declaration?.kind;
    if (kind === undefined || !STATE_KINDS.has(kind)) {
      const problem = `its state '${name}' is ${kindOf(declaration)}`;
      graph.complain(label, problem, 'use valueState(), listState() or mapState()');
    } else specs[name] = { kind, ...checkedLife(graph, `${label} state '${name}'`, declaration?.options) };
  }
  return specs;
}

function checkedLife(graph: TopologyGraph, label: string, options: unknown): Omit<StateSpec, 'kind'> {
  checkOptions(graph, label, options, ['ttl', 'refresh', 'upcast']);
  const { ttl, refresh } = (options ?? {}) as { ttl?: unknown; refresh?: unknown };
  checkChoice(graph, label, 'refresh', refresh, ['write', 'read']);
  if (refresh !== undefined && ttl === undefined) {
    graph.complain(label, 'it is refreshed, but lives for ever', "give it a ttl such as '1h', or take refresh out");
  }
  const ttlMs = ttl === undefined ? null : checkSpan(graph, label, 'ttl', ttl, 1);
  return { ttlMs, isRefreshedByReading: refresh === 'read' };
}

/** What expires is kept elsewhere, and another kind of state under other rows. */
function layoutOfStates(states: Readonly<Record<string, StateSpec>>): StoreLayout {
  const parts = Object.entries(states).map(([name, { kind, ttlMs }]) => {
    return [`state ${name}`, ttlMs === null ? kind : `${kind} with a ttl`];
  });
  return { rows: 'process', ...Object.fromEntries(parts) };
}

/** All states are of the operator's version; each says how its own values became what they are. */
function stateEvolution(graph: TopologyGraph, label: string, version: unknown, state: unknown): StateEvolution {
  const own = evolutionOf(graph, label, version === undefined ? {} : { version: version as number });
  const upcasters = new Map<string, Upcasters>();
  for (const [name, declaration] of Object.entries(state ?? {}) as [string, Partial<StateDeclaration<unknown>>][]) {
    const upcast = declaration?.options?.upcast;
    if (upcast === undefined) continue;
    const given = evolutionOf(graph, `${label} state '${name}'`, { version: own?.version ?? 1, upcast });
    if (given !== null) upcasters.set(name, given.upcasters);
  }
  return { version: own?.version ?? 1, upcasters };
}

function checkedOutputs(graph: TopologyGraph, label: string, outputs: unknown): string[] {
  if (outputs === undefined) return [];
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) {
    graph.complain(label, `its outputs are ${kindOf(outputs)}`, 'give it an object such as { late: eventType() }');
    return [];
  }
  const names = Object.keys(outputs);
  for (const name of names) checkName(graph, `${label} output`, name);
  return names;
}
