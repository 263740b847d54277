import {
  AlignedWindowOperator,
  type AlignedWindows,
  TumblingWindows,
  type WindowOperator,
  type WindowSite,
} from '../operators/aligned-window.ts';
import { CalendarDays } from '../operators/calendar-days.ts';
import { CountWindowOperator, isStateOfCount } from '../operators/count-window.ts';
import { HoppingPanes } from '../operators/hopping-panes.ts';
import { HoppingWindowOperator } from '../operators/hopping-window.ts';
import { LateEvents } from '../operators/late-events.ts';
import type { Operator } from '../operators/operator.ts';
import { isStateOfPane } from '../operators/pane-rows.ts';
import { PaneWindowOperator } from '../operators/pane-window.ts';
import { SessionWindowOperator } from '../operators/session-window.ts';
import { SlidingWindowOperator } from '../operators/sliding-window.ts';
import { TimeoutWindowOperator } from '../operators/timeout-window.ts';
import { upcastRanked } from '../operators/top-n.ts';
import type { WindowFold } from '../operators/window-fold.ts';
import { isStateOfRow } from '../operators/window-rows.ts';
import { StampOperator, WindowTimer, windowTime } from '../operators/window-time.ts';
import { checkChoice, checkName, checkOptions } from './checks.ts';
import { asItComes, inRows, inside, type StoreEvolution } from './evolution.ts';
import { labelOf, type NodeDefinition, type OpenSite, type Port, type TopologyGraph } from './graph.ts';
import { listsOfEvents } from './ranked-events.ts';
import { windowLayout } from './store-layout.ts';
import { closeAfterMs, endsAfterMs, isByLogTime, type WindowSpec } from './window-spec.ts';

export interface WindowOptions {
  /**
   * What is told of a window: its row at every event (`updates`), or once, when it has closed (`final`). Default:
   * `updates`.
   */
  readonly emit?: 'updates' | 'final';
}

/** What is known of the windows of a table: what follows it keeps or lets go of its rows by that. */
export interface WindowedRows {
  /** How long after its end a window is closed, in ms. */
  readonly closeAfterMs: number;
  /** How long after its end the events begin to be late, in ms. */
  readonly endsAfterMs: number;
  readonly isFinal: boolean;
  readonly isByLogTime: boolean;
  /** Whether the bounds of a window are times. */
  readonly endsInTime: boolean;
  /** The versions of its rows; null if nothing is known of them. */
  readonly evolution: StoreEvolution | null;
  /** Where late events come out. */
  readonly late: Port;
}

/** A fold of windows as the language has it. */
export interface WindowFoldNode {
  readonly kind: string;
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly spec: WindowSpec;
  readonly options: WindowOptions;
  /** The functions of the fold. */
  readonly settings: NodeDefinition['settings'] & object;
  readonly evolution: StoreEvolution | null;
  /** Whether a window may be put together out of parts. */
  readonly merges: boolean;
  /** How each input is folded. */
  folds(site: OpenSite): readonly WindowFold[];
}

/** Adds a table of windows with its side output for late events. Several inputs share the windows. */
export function addWindowFold(graph: TopologyGraph, node: WindowFoldNode): { port: Port; rows: WindowedRows } {
  const { kind, name, inputs, spec, options, settings, evolution, merges, folds } = node;
  const label = labelOf({ kind, name });
  checkName(graph, kind, name);
  checkOptions(graph, label, options, ['emit']);
  const emit = options?.emit;
  checkChoice(graph, label, 'emit', emit, ['updates', 'final']);
  const isFinal = emit === 'final';
  const isAligned = spec.kind === 'tumbling' || spec.kind === 'calendarDays';
  const due = isAligned || spec.kind === 'countWindow' ? [] : [`${name}:due`];
  // Told at every event, each window has to be there anyway.
  const hasPanes = spec.kind === 'hopping' && isFinal && merges;
  const rows = hasPanes ? `${name}:panes` : name;
  const keys = hasPanes ? [`${name}:keys`] : [];
  const byLogTime = isByLogTime(spec);
  const endsInTime = spec.kind !== 'countWindow';
  const port = graph.add({
    kind,
    name,
    inputs,
    emits: 'table',
    outputs: ['', 'late'],
    stores: [rows, ...due, ...keys],
    orderedStores: isAligned ? [name] : due,
    timedStores: isAligned ? [name] : [],
    keepsRows: false,
    lateStore: rows,
    rowForm: evolution,
    layout: windowLayout(kind, spec, hasPanes),
    leaves: kind === 'reduce' ? asItComes : kind === 'topN' ? listsOfEvents : null,
    holds: {
      [rows]: (forms) =>
        evolutionOfRows(spec, hasPanes, kind === 'topN' ? inside(forms.input(0), upcastRanked) : forms.output(0)),
    },
    hasClock: endsInTime && !byLogTime ? 'with-watermarks' : false,
    settings: { window: spec, emit: isFinal ? 'final' : 'updates', ...settings },
    // Nothing is remembered outside of the stores, so that an operator for each input is as good as one for all.
    open: (site) => {
      const { name: operator, context, watermarkClock } = site;
      const time = windowTime(byLogTime, context, watermarkClock, site.store(0));
      const windows = folds(site).map((fold) => {
        const late = new LateEvents(site.store(0), site.outputs[1] as Operator);
        const output = site.outputs[0] as Operator;
        return openWindow(
          { name: operator, context, fold, isFinal, time, late, output, release: site.release },
          site,
          spec,
          hasPanes,
        );
      });
      const closing = windows[0]?.closing ?? null;
      if (closing !== null && !time.isOfEvents) site.drive(new WindowTimer(closing, byLogTime));
      return byLogTime ? windows.map((window) => new StampOperator(context, window)) : windows;
    },
  });
  const late = { node: port.node, output: 1 };
  const windows = {
    closeAfterMs: closeAfterMs(spec),
    endsAfterMs: endsAfterMs(spec),
    isFinal,
    isByLogTime: byLogTime,
    endsInTime,
    evolution,
    late,
  };
  return { port, rows: windows };
}

/** The versions of what the operator keeps, which are rows of windows where it is not a row per window. */
function evolutionOfRows(spec: WindowSpec, hasPanes: boolean, evolution: StoreEvolution | null): StoreEvolution | null {
  if (hasPanes) return inRows(evolution, isStateOfPane);
  switch (spec.kind) {
    case 'tumbling':
    case 'calendarDays':
      return evolution;
    case 'countWindow':
      return inRows(evolution, isStateOfCount);
    default:
      return inRows(evolution, isStateOfRow);
  }
}

function openWindow(window: WindowSite, site: OpenSite, spec: WindowSpec, hasPanes: boolean): WindowOperator {
  const store = site.store(0);
  switch (spec.kind) {
    case 'tumbling':
    case 'calendarDays':
      return new AlignedWindowOperator(window, store, alignedWindows(spec), spec.graceMs);
    case 'hopping':
      if (hasPanes) {
        const panes = new HoppingPanes(spec.sizeMs, spec.advanceMs);
        return new PaneWindowOperator(window, store, site.store(1), site.store(2), panes, spec.graceMs);
      }
      return new HoppingWindowOperator(window, store, site.store(1), spec.sizeMs, spec.advanceMs, spec.graceMs);
    case 'sliding':
      return new SlidingWindowOperator(window, store, site.store(1), spec.differenceMs, spec.graceMs);
    case 'session':
      return new SessionWindowOperator(window, store, site.store(1), spec.gapMs, spec.graceMs);
    case 'timeout':
      return new TimeoutWindowOperator(window, store, site.store(1), spec.timeoutMs, spec.graceMs);
    case 'countWindow':
      return new CountWindowOperator(window, store, spec.size, spec.every);
  }
}

function alignedWindows(spec: WindowSpec & { kind: 'tumbling' | 'calendarDays' }): AlignedWindows {
  if (spec.kind === 'tumbling') return new TumblingWindows(spec.sizeMs, spec.offsetMs);
  return new CalendarDays(spec.zone, spec.cutoffMs);
}
