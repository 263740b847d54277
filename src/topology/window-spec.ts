import { CalendarDays } from '../operators/calendar-days.ts';
import { checkChoice, checkDuration, checkOptions, checkWhole, kindOf } from './checks.ts';
import type { TopologyGraph } from './graph.ts';
import type { WindowDefinition } from './windows.ts';

/** A window definition that was looked over, all times in ms. Plain data: it is part of the fingerprint. */
export type WindowSpec =
  | (TimesSpec & { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number })
  | (TimesSpec & { readonly kind: 'hopping'; readonly sizeMs: number; readonly advanceMs: number })
  | (TimesSpec & { readonly kind: 'sliding'; readonly differenceMs: number })
  | (TimesSpec & { readonly kind: 'session'; readonly gapMs: number })
  | (TimesSpec & { readonly kind: 'timeout'; readonly timeoutMs: number })
  | CalendarDaysSpec
  | { readonly kind: 'countWindow'; readonly size: number; readonly every: number; readonly graceMs: 0 };

interface TimesSpec {
  readonly graceMs: number;
  /** Absent: by event time. */
  readonly time?: 'processing';
}

interface CalendarDaysSpec extends TimesSpec {
  readonly kind: 'calendarDays';
  readonly zone: string;
  readonly cutoffMs: number;
  /** What the days are computed from: with another version they may lie elsewhere. */
  readonly timeZoneData: string;
}

/** How long after its end a window takes its last event, in ms: at this time it is closed. */
export function closeAfterMs(spec: WindowSpec): number {
  return endsAfterMs(spec) + spec.graceMs;
}

/** How long after its end the last event comes that is not late, in ms. */
export function endsAfterMs(spec: WindowSpec): number {
  switch (spec.kind) {
    // The end belongs to it, so that it is over a ms later.
    case 'sliding':
      return 1;
    case 'session':
      return spec.gapMs + 1;
    default:
      return 0;
  }
}

/** Whether the windows go by log time. */
export function isByLogTime(spec: WindowSpec): boolean {
  return 'time' in spec && spec.time === 'processing';
}

/** @returns null after a complaint that leaves nothing to go on with */
export function windowSpecOf(graph: TopologyGraph, label: string, definition: WindowDefinition): WindowSpec | null {
  const kind = (definition as Partial<WindowDefinition> | null)?.kind;
  const read = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind as WindowSpec['kind']] : undefined;
  if (read === undefined) {
    graph.complain(
      label,
      `its window is ${kindOf(definition)}`,
      'use tumbling({ size, grace }) or another of its kind',
    );
    return null;
  }
  return read(graph, `${label} ${kind}`, definition.options);
}

type Read = (graph: TopologyGraph, label: string, options: WindowDefinition['options']) => WindowSpec;

const KINDS: Readonly<Record<WindowSpec['kind'], Read>> = {
  tumbling: (graph, label, options) => {
    checkOptions(graph, label, options, ['size', 'offset', ...TIMES]);
    const sizeMs = checkDuration(graph, label, 'size', options['size'], 1);
    return {
      kind: 'tumbling',
      sizeMs,
      offsetMs: offsetOf(graph, label, options, sizeMs),
      ...timesOf(graph, label, options),
    };
  },
  hopping: (graph, label, options) => {
    checkOptions(graph, label, options, ['size', 'advance', ...TIMES]);
    const sizeMs = checkDuration(graph, label, 'size', options['size'], 1);
    const advanceMs = checkDuration(graph, label, 'advance', options['advance'], 1);
    if (advanceMs > sizeMs) {
      graph.complain(label, 'advance is more than size, so that some events would be in no window', 'use size at most');
    } else if (sizeMs > advanceMs * MAX_OVERLAP) {
      graph.complain(
        label,
        `an event would be in ${Math.ceil(sizeMs / advanceMs)} windows`,
        `use ${MAX_OVERLAP} at most`,
      );
    }
    return { kind: 'hopping', sizeMs, advanceMs, ...timesOf(graph, label, options) };
  },
  sliding: (graph, label, options) => {
    checkOptions(graph, label, options, ['difference', ...TIMES]);
    const differenceMs = checkDuration(graph, label, 'difference', options['difference'], 0);
    return { kind: 'sliding', differenceMs, ...timesOf(graph, label, options) };
  },
  session: (graph, label, options) => {
    checkOptions(graph, label, options, ['gap', 'timeout', ...TIMES]);
    const gapMs = checkDuration(graph, label, 'gap', options['gap'], 1);
    return { kind: 'session', gapMs, ...timesOf(graph, label, options) };
  },
  timeout: (graph, label, options) => {
    checkOptions(graph, label, options, ['timeout', ...TIMES]);
    const timeoutMs = checkDuration(graph, label, 'timeout', options['timeout'], 1);
    const times = timesOf(graph, label, options);
    if (timeoutMs > 0 && times.graceMs > timeoutMs * MAX_OPEN_TIMEOUTS) {
      const problem = `grace is more than ${MAX_OPEN_TIMEOUTS} times the timeout, so that a key may have too many windows open`;
      graph.complain(label, problem, 'use a shorter grace, or a longer timeout');
    }
    return { kind: 'timeout', timeoutMs, ...times };
  },
  calendarDays: (graph, label, options) => {
    checkOptions(graph, label, options, ['zone', 'cutoff', ...TIMES]);
    const { zone, cutoff = '00:00' } = options;
    if (typeof zone !== 'string' || !isZone(zone)) {
      graph.complain(label, `zone is ${JSON.stringify(zone) ?? 'missing'}`, "use an IANA name such as 'Europe/Berlin'");
    }
    const clock = typeof cutoff === 'string' ? CLOCK.exec(cutoff) : null;
    if (clock === null)
      graph.complain(label, `cutoff is ${JSON.stringify(cutoff)}`, "use a time of day such as '04:00'");
    const cutoffMs = (Number(clock?.[1]) * 60 + Number(clock?.[2])) * MINUTE_MS;
    const times = timesOf(graph, label, options);
    const timeZoneData = process.versions['tz'] ?? process.version;
    return { kind: 'calendarDays', zone: zone as string, cutoffMs, ...times, timeZoneData };
  },
  countWindow: (graph, label, options) => {
    checkOptions(graph, label, options, ['size', 'every']);
    const { size, every = size } = options;
    checkWhole(graph, label, 'size', size, 1, MAX_COUNT);
    checkWhole(graph, label, 'every', every, 1, typeof size === 'number' ? size : MAX_COUNT);
    if ((size as number) > (every as number) * MAX_OVERLAP) {
      graph.complain(label, `an event would be in more than ${MAX_OVERLAP} windows`, 'use a greater every');
    }
    return { kind: 'countWindow', size: size as number, every: every as number, graceMs: 0 };
  },
};

const TIMES = ['grace', 'time'];

function timesOf(graph: TopologyGraph, label: string, options: WindowDefinition['options']): TimesSpec {
  const { time, grace } = options;
  checkChoice(graph, label, 'time', time, ['event', 'processing']);
  if (time !== 'processing') return { graceMs: checkDuration(graph, label, 'grace', grace, 0) };
  return { graceMs: grace === undefined ? 0 : checkDuration(graph, label, 'grace', grace, 0), time };
}

function offsetOf(graph: TopologyGraph, label: string, options: WindowDefinition['options'], sizeMs: number): number {
  const { offset = 0 } = options;
  const isNegative = typeof offset === 'number' && offset < 0;
  const offsetMs = checkDuration(graph, label, 'offset', isNegative ? -offset : offset, 0);
  if (sizeMs > 0 && offsetMs >= sizeMs) graph.complain(label, 'offset is not less than size', 'use less than size');
  return isNegative ? -offsetMs : offsetMs;
}

function isZone(zone: string): boolean {
  try {
    new CalendarDays(zone, 0);
    return true;
  } catch {
    return false;
  }
}

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/;
const MINUTE_MS = 60_000;
/** Windows that one event is in: each is told of it. */
const MAX_OVERLAP = 4096;
/** Windows of a key that stand in one row. */
const MAX_OPEN_TIMEOUTS = 512;
const MAX_COUNT = 1_000_000_000;
