import type { WindowSpec } from './window-spec.ts';

/** Windows of one size, of which one begins at every so many from the offset on, counted in ms or in events. */
interface Grid {
  readonly unit: 'ms' | 'events';
  readonly size: number;
  readonly every: number;
  readonly offset: number;
}

/** What keeps rows of two kinds of windows from standing under the same bounds. */
export interface WindowDifference {
  /** The windows of both, in words. */
  readonly pair: readonly [string, string];
  readonly remedy: string;
}

/**
 * Whether windows of both specs have the same bounds, all those of one of them at least. Grace, and whether time is that of
 * the events or the log's, say when a window closes and nothing of its bounds.
 *
 * @returns null if they have
 */
export function differenceOf(one: WindowSpec, other: WindowSpec): WindowDifference | null {
  const [grid, otherGrid] = [gridOf(one), gridOf(other)];
  if (grid !== null && otherGrid !== null && grid.unit === otherGrid.unit) return gridDifference(grid, otherGrid);
  const pair = [inWords(one), inWords(other)] as const;
  if (one.kind !== other.kind) return { pair, remedy: 'use windows of one kind' };
  return pair[0] === pair[1] ? null : { pair, remedy: `use the same ${BOUNDED_BY[one.kind] ?? 'length'}` };
}

function gridOf(spec: WindowSpec): Grid | null {
  switch (spec.kind) {
    case 'tumbling':
      return { unit: 'ms', size: spec.sizeMs, every: spec.sizeMs, offset: spec.offsetMs };
    case 'hopping':
      return { unit: 'ms', size: spec.sizeMs, every: spec.advanceMs, offset: 0 };
    case 'countWindow':
      return { unit: 'events', size: spec.size, every: spec.every, offset: 0 };
    default:
      return null;
  }
}

function gridDifference(one: Grid, other: Grid): WindowDifference | null {
  const { unit } = one;
  if (one.size !== other.size) {
    const pair = [`windows of ${one.size} ${unit}`, `windows of ${other.size} ${unit}`] as const;
    return { pair, remedy: 'use windows of the same length' };
  }
  if (beginsWhere(one, other) || beginsWhere(other, one)) return null;
  return {
    pair: [beginnings(one), beginnings(other)],
    remedy: 'let the windows of one begin where those of the other do: the same advance, every or offset',
  };
}

/** Whether each window of the one begins where one of the other does. */
function beginsWhere(one: Grid, other: Grid): boolean {
  return one.every % other.every === 0 && (one.offset - other.offset) % other.every === 0;
}

function beginnings({ size, unit, every, offset }: Grid): string {
  return `windows of ${size} ${unit}, one every ${every}${offset === 0 ? '' : ` from ${offset} on`}`;
}

function inWords(spec: WindowSpec): string {
  switch (spec.kind) {
    case 'tumbling':
    case 'hopping':
      return `${spec.kind} windows of ${spec.sizeMs} ms`;
    case 'sliding':
      return `sliding windows of ${spec.differenceMs} ms`;
    case 'session':
      return `sessions with a gap of ${spec.gapMs} ms`;
    case 'timeout':
      return `sessions with a timeout of ${spec.timeoutMs} ms`;
    case 'calendarDays':
      return `days of ${spec.zone} that begin at ${clockText(spec.cutoffMs)}`;
    case 'countWindow':
      return `windows of ${spec.size} events`;
  }
}

/** What says where windows begin and end that stand on no grid. */
const BOUNDED_BY: Partial<Readonly<Record<WindowSpec['kind'], string>>> = {
  sliding: 'difference',
  session: 'gap',
  timeout: 'timeout',
  calendarDays: 'zone and cutoff',
};

function clockText(cutoffMs: number): string {
  const minutes = Math.floor(cutoffMs / 60_000);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
