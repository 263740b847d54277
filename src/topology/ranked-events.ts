import { MapOperator, type Mapper } from '../operators/map.ts';
import type { Ranked } from '../operators/top-n.ts';
import { asItComes, inRows, type StoreEvolution } from './evolution.ts';
import type { Port, TopologyGraph } from './graph.ts';
import { addStateless, type StatelessNode } from './stateless.ts';

/** Adds what makes plain lists of the events that a `topN` keeps with their measures. */
export function addEventsOfRanked(graph: TopologyGraph, ranked: Port): Port {
  return addStateless(graph, ranked, [eventsOf], EVENTS);
}

/** The versions of such lists. */
export function listsOfEvents(form: StoreEvolution | null): StoreEvolution | null {
  return inRows(form, isEvent);
}

function isEvent(): boolean {
  return true;
}

function eventsOf(ranked: readonly Ranked[]): readonly unknown[] {
  return ranked.map(({ event }) => event);
}

const EVENTS: StatelessNode = {
  kind: 'map',
  emits: 'table',
  form: '(ranked) => events',
  leaves: asItComes,
  create: (name, context, call, output) => new MapOperator(name, context, call as Mapper, output, false),
};
