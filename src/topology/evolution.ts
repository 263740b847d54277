import type { EventForm, Upcasters } from '../store/store-spec.ts';
import { checkFunction, kindOf } from './checks.ts';
import type { TopologyGraph } from './graph.ts';

/**
 * How the form of what is kept has changed. Every value is kept with its version; one of an earlier version is brought up
 * to date when it is read. A topology does not start where a version that may be kept could not be read.
 */
export interface Evolution {
  /** Raise it when the form of the state or row changes. 1 to 255. Default: 1. */
  readonly version?: number;
  /** By the version that it takes: what makes a value of that version one of the next. A pure function. */
  readonly upcast?: Readonly<Record<number, (value: never) => unknown>>;
}

/** The versions of one store. */
export interface StoreEvolution {
  readonly version: number;
  readonly upcasters: Upcasters;
  /** Streams whose events are in it, and what these look like. */
  readonly events?: readonly EventForm[];
}

export const EVOLUTION_OPTIONS = ['version', 'upcast'];
export const MAX_VERSION = 255;

/** @returns null when nothing is said of versions, or after a complaint */
export function evolutionOf(
  graph: TopologyGraph,
  label: string,
  options: Evolution | undefined,
): StoreEvolution | null {
  const { version = 1, upcast = {} } = options ?? {};
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    graph.complain(
      label,
      `version is ${JSON.stringify(version) ?? kindOf(version)}`,
      `use a whole number from 1 to ${MAX_VERSION}`,
    );
    return null;
  }
  if (typeof upcast !== 'object' || upcast === null || Array.isArray(upcast)) {
    graph.complain(label, `upcast is ${kindOf(upcast)}`, 'give it an object: { 1: (value) => … }');
    return null;
  }
  const upcasters = new Map<number, (value: never) => unknown>();
  for (const [from, upcaster] of Object.entries(upcast)) {
    const step = Number(from);
    if (!Number.isInteger(step) || step < 1 || step >= version) {
      graph.complain(
        label,
        `upcast has a way from version ${from}`,
        `the versions before this one are 1 to ${version - 1}`,
      );
    }
    checkFunction(graph, label, `upcast from version ${from}`, upcaster, '(value) => value');
    upcasters.set(step, upcaster as (value: never) => unknown);
  }
  return version === 1 ? null : { version, upcasters };
}

/** Of what a node passes on as it comes. */
export function asItComes(form: StoreEvolution | null): StoreEvolution | null {
  return form;
}

/**
 * The versions of rows that are lists with such values in them; what is no list has none of them.
 * @param isValue whether one stands at that place, if it is not null
 */
export function inRows(
  evolution: StoreEvolution | null,
  isValue: (at: number, length: number) => boolean,
): StoreEvolution | null {
  return inside(evolution, (row, upcast) => {
    if (!Array.isArray(row)) return row;
    return row.map((item, at) => (item !== null && isValue(at, row.length) ? upcast(item) : item));
  });
}

/**
 * The versions of rows that have such values in them.
 * @param upcastRow makes of a row one whose values are of the next version
 */
export function inside(
  evolution: StoreEvolution | null,
  upcastRow: (row: unknown, upcast: (value: unknown) => unknown) => unknown,
): StoreEvolution | null {
  if (evolution === null) return null;
  const ofRows = [...evolution.upcasters].map(([from, way]) => {
    const upcast = (value: unknown): unknown => upcastItem(way as (value: unknown) => unknown, from, value);
    return [from, ((row: unknown) => upcastRow(row, upcast)) as (value: never) => unknown] as const;
  });
  return { ...evolution, upcasters: new Map(ofRows) };
}

function upcastItem(upcast: (value: unknown) => unknown, from: number, value: unknown): unknown {
  const next = upcast(value);
  if (next === undefined) throw new TypeError(`the upcaster for version ${from} returned undefined`);
  return next;
}
