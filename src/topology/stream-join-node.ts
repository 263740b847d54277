import { type Duration, parseDuration } from '../base/duration.ts';
import { isEventOfList } from '../operators/event-lists.ts';
import { LateEvents } from '../operators/late-events.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { type StreamJoiner, StreamJoinOperator, type StreamJoinRule } from '../operators/stream-join.ts';
import { WindowTimer } from '../operators/window-time.ts';
import { checkChoice, checkDuration, checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import { inRows } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { inListsOfSides } from './held-forms.ts';
import type { UserFunction } from './stateless.ts';

/** What all windowed joins of streams are told. */
export interface JoinGrace {
  /**
   * How much later than its window an event may still come and find what it belongs to. What is kept for that is memory;
   * an event that nothing matches is passed on alone only when the grace is over. 0 is allowed. Of streams with watermarks
   * this is beyond what the watermark allows for, and an event from before that is late.
   */
  readonly grace: Duration;
  /** Bounds that do not count: at exactly that distance nothing matches. Default: both count. Times are whole ms. */
  readonly exclusive?: 'before' | 'after' | 'both';
}

/** The events lie at most so far apart, whichever is first. */
export interface JoinWithin extends JoinGrace {
  readonly within: Duration;
  readonly before?: never;
  readonly after?: never;
}

/** The other stream's event is at most `before` earlier and at most `after` later than this stream's. */
export interface JoinBetween extends JoinGrace {
  /** May be negative: at least so much later. Then `after` is at least as great. */
  readonly before: Duration;
  /** May be negative: at least so much earlier. Then `before` is at least as great. */
  readonly after: Duration;
  readonly within?: never;
}

export type JoinWindow = JoinWithin | JoinBetween;

/** As it comes from JavaScript that no compiler has looked at. */
type LooseWindow = { readonly [Option in keyof JoinBetween]?: unknown };

/** An event as a joiner is given it: events without a value join nothing. */
export type Joined<Value> = Exclude<Value, null>;

export type Joiner<Left, Right, Result> = (left: Left, right: Right, context: Context) => Result;

export type StreamJoinKind = 'join' | 'leftJoin' | 'outerJoin';

/** Both streams of a join are kept for `before + after + grace`; a century is a slip of the keyboard. */
const MAX_REACH_MS = 36_525 * 86_400_000;
const OPTIONS = ['within', 'before', 'after', 'grace', 'exclusive'];

/** Adds a windowed join of the streams at both ports. */
export function addStreamJoin(
  graph: TopologyGraph,
  kind: StreamJoinKind,
  left: Port,
  right: Port,
  name: string,
  window: JoinWindow,
  joiner: UserFunction,
): Port {
  const label = labelOf({ kind, name });
  checkName(graph, kind, name);
  checkFunction(graph, label, 'joiner', joiner, '(left, right, context) => value');
  const rule: StreamJoinRule = {
    ...windowOf(graph, label, window),
    keepsLeft: kind !== 'join',
    keepsRight: kind === 'outerJoin',
  };
  const keepsSide = rule.keepsLeft || rule.keepsRight;
  const stores = [`${name}:left`, `${name}:right`, ...(keepsSide ? [`${name}:unmatched`] : [])];
  return graph.add({
    kind,
    name,
    inputs: [left, right],
    outputs: ['', 'late'],
    stores,
    orderedStores: stores,
    holds: {
      [`${name}:left`]: (forms) => inRows(forms.input(0), isEventOfList),
      [`${name}:right`]: (forms) => inRows(forms.input(1), isEventOfList),
      ...(keepsSide ? { [`${name}:unmatched`]: (forms) => inListsOfSides(graph, label, forms) } : {}),
    },
    hasClock: 'with-watermarks',
    lateStore: `${name}:right`,
    settings: { ...rule, joiner },
    open: (site) => {
      const [leftStore, rightStore] = [site.store(0), site.store(1)];
      const join = new StreamJoinOperator({
        name: site.name,
        context: site.context,
        stores: { left: leftStore, right: rightStore, unmatched: keepsSide ? site.store(2) : null },
        rule,
        joiner: joiner as StreamJoiner,
        clock: site.watermarkClock,
        late: new LateEvents(rightStore, site.outputs[1] as Operator),
        output: site.outputs[0] as Operator,
        release: site.release,
      });
      if (site.watermarkClock !== null && keepsSide) site.drive(new WindowTimer(join, false));
      return [join.left, join.right];
    },
  });
}

function windowOf(
  graph: TopologyGraph,
  label: string,
  window: JoinWindow,
): Pick<StreamJoinRule, 'beforeMs' | 'afterMs' | 'graceMs'> {
  checkOptions(graph, label, window, OPTIONS);
  const { within, before, after, grace, exclusive } = (window ?? {}) as LooseWindow;
  const isWithin = before === undefined && after === undefined;
  if (within !== undefined && !isWithin) {
    graph.complain(label, 'it has both within and before or after', 'give it within, or before and after');
  }
  let beforeMs = isWithin ? checkDuration(graph, label, 'within', within, 0) : boundOf(graph, label, 'before', before);
  let afterMs = isWithin ? beforeMs : boundOf(graph, label, 'after', after);
  const graceMs = checkDuration(graph, label, 'grace', grace, 0);
  checkChoice(graph, label, 'exclusive', exclusive, ['before', 'after', 'both']);
  if (exclusive === 'before' || exclusive === 'both') beforeMs -= 1;
  if (exclusive === 'after' || exclusive === 'both') afterMs -= 1;
  if (beforeMs + afterMs < 0) {
    graph.complain(label, 'no distance lies between before and after', 'use bounds whose sum is 0 ms at least');
  }
  if (Math.abs(beforeMs) + Math.abs(afterMs) + graceMs > MAX_REACH_MS) {
    graph.complain(label, 'its bounds and its grace together are more than a hundred years', 'use smaller ones');
  }
  return { beforeMs, afterMs, graceMs };
}

/** A duration that may be negative. @returns ms; 0 after a complaint */
function boundOf(graph: TopologyGraph, label: string, option: string, value: unknown): number {
  const isNegative = typeof value === 'number' ? value < 0 : typeof value === 'string' && value.startsWith('-');
  const size = !isNegative ? value : typeof value === 'number' ? -value : (value as string).slice(1);
  const ms = parseDuration(size);
  if (ms !== null) return isNegative ? -ms : ms;
  const given = value === undefined ? 'missing' : (JSON.stringify(value) ?? kindOf(value));
  const remedy = "use a whole number of ms, or text such as '10s', '5m', '-1h'";
  graph.complain(label, `${option} is ${given}`, remedy);
  return 0;
}
