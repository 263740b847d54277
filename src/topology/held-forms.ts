import { earlierRows, upcastValue } from '../operators/earlier-row.ts';
import { isEventOfList } from '../operators/event-lists.ts';
import { isVersionKey } from '../operators/row-versions.ts';
import { LEFT } from '../operators/unmatched-events.ts';
import { MAX_VERSION, type StoreEvolution } from './evolution.ts';
import type { TopologyGraph } from './graph.ts';
import type { FormsOfNode } from './value-forms.ts';

/** Of the history of a table: rows of the past, and when those were deleted that are not there. */
export function inHistory(form: StoreEvolution | null): StoreEvolution | null {
  if (form === null) return null;
  const { version, upcasters } = form;
  const upcast = (key: string, row: unknown, from: number): unknown =>
    row === null || !isVersionKey(key) ? row : upcastValue(row, from, version, upcasters);
  return { ...form, upcasters: earlierRows([...upcasters.keys()], upcast) };
}

/**
 * Of events in rows of their own, each of which is brought up to date when it leaves: `upToDate` does that. So one that
 * cannot be is in nobody's way.
 *
 * @param upcastRow makes of a row one whose event is of today
 */
export function untilTheyLeave(
  form: StoreEvolution | null,
  upcastRow = (row: unknown, upcast: (event: unknown) => unknown): unknown => upcast(row),
): StoreEvolution | null {
  if (form === null) return null;
  const { version, upcasters } = form;
  const upcast = (_: string, row: unknown, from: number): unknown =>
    upcastRow(row, (event) => upcastValue(event, from, version, upcasters));
  return { ...form, upcasters: earlierRows([...upcasters.keys()], upcast) };
}

/**
 * Of lists of events of two streams, where the key of a list says which. Both versions are one number, that of the pair on
 * Cantor's way through all pairs, so that it grows with either of them:
 *
 * ```
 *   left \ right   1   2   3
 *   1              1   3   6
 *   2              2   5   …
 *   3              4   …
 * ```
 */
export function inListsOfSides(graph: TopologyGraph, label: string, forms: FormsOfNode): StoreEvolution | null {
  const [left, right] = [forms.input(0) ?? UNKNOWN, forms.input(1) ?? UNKNOWN];
  const version = numberOfPair(left.version, right.version);
  if (version > MAX_VERSION) {
    const problem = `its streams have versions ${left.version} and ${right.version}`;
    graph.complain(label, problem, 'let both together be 23 at most: begin anew in a new data directory');
    return null;
  }
  const upcast = (key: string, row: unknown, from: number): unknown => {
    const [fromLeft, fromRight] = pairOf(from);
    const [form, since] = key.startsWith(LEFT) ? [left, fromLeft] : [right, fromRight];
    const items = row as readonly unknown[];
    return items.map((item, at) =>
      isEventOfList(at, items.length) ? upcastValue(item, since, form.version, form.upcasters) : item,
    );
  };
  const earlier = Array.from({ length: version - 1 }, (_, index) => index + 1).filter((from) => {
    const [fromLeft, fromRight] = pairOf(from);
    return hasWay(left, fromLeft) && hasWay(right, fromRight);
  });
  return {
    version,
    upcasters: earlierRows(earlier, upcast),
    events: [...(left.events ?? []), ...(right.events ?? [])],
  };
}

const UNKNOWN: StoreEvolution = { version: 1, upcasters: new Map() };

function hasWay({ version, upcasters }: StoreEvolution, from: number): boolean {
  for (let step = from; step < version; step++) if (!upcasters.has(step)) return false;
  return true;
}

function numberOfPair(left: number, right: number): number {
  const diagonal = left + right - 2;
  return (diagonal * (diagonal + 1)) / 2 + right;
}

function pairOf(number: number): [left: number, right: number] {
  let diagonal = 0;
  while (numberOfPair(1, diagonal + 1) < number) diagonal += 1;
  const right = number - (diagonal * (diagonal + 1)) / 2;
  return [diagonal + 2 - right, right];
}
