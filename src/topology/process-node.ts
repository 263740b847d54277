import {
  type EventHandler,
  type FiredTimer,
  type ProcessContext,
  ProcessOperator,
  type TimerHandler,
} from '../operators/process.ts';
import { KeyedState, type StateDeclaration } from '../operators/process-state.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';

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
  /** What it emits. */
  readonly emits?: EventType<Result>;
  /** Other ways out, besides the operator's own stream: `{ late: eventType<Order>() }`. */
  readonly outputs?: Outputs;
  readonly onEvent: (event: Value, context: ProcessContext<StatesOf<States>, Result, EventsOf<Outputs>>) => void;
  readonly onTimer?: (timer: FiredTimer, context: ProcessContext<StatesOf<States>, Result, EventsOf<Outputs>>) => void;
}

const OPTIONS = ['state', 'emits', 'outputs', 'onEvent', 'onTimer'];
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
  const options = (given ?? {}) as Partial<Record<'state' | 'outputs' | 'onEvent' | 'onTimer', unknown>>;
  checkFunction(graph, label, 'onEvent', options.onEvent, '(event, context) => void');
  if (options.onTimer !== undefined) {
    checkFunction(graph, label, 'onTimer', options.onTimer, '(timer, context) => void');
  }
  const declarations = checkedState(graph, label, options.state);
  const outputNames = checkedOutputs(graph, label, options.outputs);
  const onTimer = (options.onTimer ?? ((): void => {})) as TimerHandler;
  const { node } = graph.add({
    kind: 'process',
    name,
    inputs: [input],
    outputs: ['', ...outputNames],
    stores: [name, `${name}:event-timers`, `${name}:log-timers`],
    orderedStores: [name, `${name}:event-timers`, `${name}:log-timers`],
    hasClock: true,
    settings: { onEvent: options.onEvent, onTimer: options.onTimer, state: declarations },
    open: (site) => {
      const operator = new ProcessOperator({
        name: site.name,
        context: site.context,
        clock: site.clock,
        state: new KeyedState(site.store(0), declarations),
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

function checkedState(graph: TopologyGraph, label: string, state: unknown): StateDeclarations {
  if (state === undefined) return {};
  if (typeof state !== 'object' || state === null) {
    graph.complain(label, `its state is ${kindOf(state)}`, 'give it an object such as { seen: valueState() }');
    return {};
  }
  for (const [name, declaration] of Object.entries(state)) {
    checkName(graph, `${label} state`, name);
    if (STATE_KINDS.has((declaration as { kind?: string } | null)?.kind ?? '')) continue;
    graph.complain(
      label,
      `its state '${name}' is ${kindOf(declaration)}`,
      'use valueState(), listState() or mapState()',
    );
  }
  return state as StateDeclarations;
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
