import { MapOperator, type Mapper } from '../operators/map.ts';
import type { RankedRow } from '../operators/measured-groups.ts';
import type { Ranked } from '../operators/top-n.ts';
import { asItComes, inRows, type StoreEvolution } from './evolution.ts';
import type { Port, TopologyGraph } from './graph.ts';
import { addStateless, type StatelessNode } from './stateless.ts';

/** Adds what makes plain lists of the events that a `topN` of a stream keeps with their measures. */
export function addEventsOfRanked(graph: TopologyGraph, ranked: Port): Port {
  return addStateless(graph, ranked, [eventsOf], LISTS);
}

/** The same of the rows that a `topN` of a grouped table keeps. */
export function addValuesOfRanked(graph: TopologyGraph, ranked: Port): Port {
  return addStateless(graph, ranked, [valuesOf], LISTS);
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

function valuesOf(ranked: readonly RankedRow[]): readonly unknown[] {
  return ranked.map(([, , value]) => value);
}

const LISTS: StatelessNode = {
  kind: 'map',
  emits: 'table',
  form: '(ranked) => values',
  leaves: asItComes,
  create: (name, context, call, output) => new MapOperator(name, context, call as Mapper, output, false),
};
