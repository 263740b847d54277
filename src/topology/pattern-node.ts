import type { Duration } from '../base/duration.ts';
import { LateEvents } from '../operators/late-events.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { OrderedEventsOperator } from '../operators/ordered-events.ts';
import {
  PatternOperator,
  type PatternRule,
  type PatternStepSpec,
  TIME_SEEN,
  upcastBeginnings,
  upcastMatched,
  upcastTimeout,
} from '../operators/pattern.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { WindowTimer, windowTime } from '../operators/window-time.ts';
import { checkChoice, checkFunction, checkName, checkOptions, checkSpan, checkWhole, kindOf } from './checks.ts';
import { inside } from './evolution.ts';
import { labelOf, type NodeDefinition, type OpenSite, type Port, type TopologyGraph } from './graph.ts';
import { untilTheyLeave } from './held-forms.ts';

type Matched<Value, Name extends string> = Readonly<Record<Name, Value>>;

/** One event of a pattern, or one that must not be. */
export interface PatternStep<Value, Name extends string = string> {
  readonly name: Name;
  /** Whether the event is one for this step; `matched` has those of the steps before by their names. */
  readonly when: (event: Value, matched: Matched<Value, Name>, context: Context) => boolean;
  /** Nothing of the kind may come before the step behind it; as the last step, before the time is up. */
  readonly absent?: boolean;
}

/** By log time, the box's clock as the log keeps it: in the order in which events were taken in, and none is late. */
export interface PatternByLogTime {
  readonly time?: 'processing';
  readonly grace?: never;
}

/** In the order in which events happened. What did not happen in time is told when event time has come so far. */
export interface PatternByEventTime {
  readonly time: 'event';
  /**
   * How much later than others that happened after it an event may come: so long all of them are held back. 0 is allowed. Of
   * streams with watermarks this is beyond what the watermark allows for.
   */
  readonly grace: Duration;
}

export type PatternTimes = PatternByLogTime | PatternByEventTime;

export interface PatternOptions<
  Value,
  Steps extends readonly PatternStep<Value, Name>[],
  Name extends string = string,
> {
  /** In their order; between two of them anything else may come. */
  readonly steps: Steps & readonly PatternStep<Value, Name>[];
  /** Time for all of it, from the first event on: by log time, or by event time. */
  readonly within: Duration;
  /**
   * What happens to other beginnings of the key when one is complete: those that began before it ended go with it, and its
   * events begin nothing (`'past-last'`), or each goes on by itself (`'none'`). Default: `'past-last'`.
   */
  readonly skip?: 'past-last' | 'none';
  /** Beginnings of one key at a time; the oldest makes room. Default: 16. */
  readonly maxPartial?: number;
}

type StepEvent<Value, Step> = Step extends {
  readonly when: (event: Value, ...rest: infer _) => event is infer Narrow extends Value;
}
  ? Narrow
  : Value;

/** The events of a match by the names of their steps. */
export type PatternMatch<Value, Steps extends readonly { readonly name: string }[]> = {
  readonly [Step in Steps[number] as Step extends { readonly absent: true } ? never : Step['name']]: StepEvent<
    Value,
    Step
  >;
};

/** A beginning that did not become a match. */
export interface TimedOut<Match> {
  readonly matched: Partial<Match>;
  /** Name of the step that it waited for. */
  readonly missing: string;
  /** Its time was up, or it made room for another. */
  readonly reason: 'time' | 'room';
}

/** @returns ports of the matches, of what timed out, and, by event time, of what came too late */
export function addPattern(graph: TopologyGraph, input: Port, name: string, given: unknown): readonly Port[] {
  const label = labelOf({ kind: 'pattern', name });
  checkName(graph, 'pattern', name);
  const rule = checkedRule(graph, label, given);
  const byTime = rule.graceMs === undefined ? byLogTime(name, rule) : byEventTime(name, rule, rule.graceMs);
  const { node } = graph.add({
    kind: 'pattern',
    name,
    inputs: [input],
    leaves: (form, output) => inside(form, output === 0 ? upcastMatched : upcastTimeout),
    layout: { rows: 'pattern', time: rule.graceMs === undefined ? 'log' : 'event' },
    settings: { ...rule },
    ...byTime,
  });
  return byTime.outputs.map((_, output) => ({ node, output }));
}

type PatternParts = Pick<NodeDefinition, 'outputs' | 'stores' | 'orderedStores' | 'holds' | 'open'> & {
  readonly outputs: readonly string[];
};

function byLogTime(name: string, rule: PatternRule): PatternParts {
  return {
    outputs: ['', 'timedOut'],
    stores: [name, `${name}:due`],
    orderedStores: [`${name}:due`],
    holds: { [name]: (forms) => inside(forms.input(0), upcastBeginnings) },
    open: (site) => {
      const operator = openPattern(site, rule);
      site.drive(operator);
      return [operator];
    },
  };
}

function byEventTime(name: string, rule: PatternRule, graceMs: number): PatternParts & Partial<NodeDefinition> {
  return {
    outputs: ['', 'timedOut', 'late'],
    stores: [name, `${name}:due`, `${name}:held`],
    orderedStores: [`${name}:due`, `${name}:held`],
    holds: {
      [name]: (forms) => inside(forms.input(0), upcastBeginnings),
      [`${name}:held`]: (forms) => untilTheyLeave(forms.input(0)),
    },
    hasClock: 'with-watermarks',
    graceMs,
    lateStore: `${name}:held`,
    open: (site) => {
      const { context, watermarkClock, waitingClock, release } = site;
      const [rows, held] = [site.store(0), site.store(2)];
      const time = windowTime(false, context, watermarkClock, rows, TIME_SEEN);
      const operator = new OrderedEventsOperator({
        name: site.name,
        context,
        store: held,
        graceMs,
        spanMs: rule.withinMs,
        time,
        timeBehind: waitingClock,
        late: new LateEvents(held, site.outputs[2] as Operator),
        release,
        target: openPattern(site, rule),
      });
      if (!time.isOfEvents) site.drive(new WindowTimer(operator, false));
      return [operator];
    },
  };
}

function openPattern(site: OpenSite, rule: PatternRule): PatternOperator {
  return new PatternOperator(site.name, site.context, site.store(0), new TimerQueue(site.store(1)), rule, site.outputs);
}

/** As it comes from JavaScript that no compiler has looked at. */
type LooseOptions = { readonly [Option in (typeof OPTIONS)[number]]?: unknown };

function checkedRule(graph: TopologyGraph, label: string, given: unknown): PatternRule {
  checkOptions(graph, label, given, OPTIONS);
  const options = (given ?? {}) as LooseOptions;
  const { skip = 'past-last', maxPartial = DEFAULT_PARTIAL, time, grace } = options;
  checkChoice(graph, label, 'skip', skip, ['past-last', 'none']);
  checkWhole(graph, label, 'maxPartial', maxPartial, 1, MAX_PARTIAL);
  checkChoice(graph, label, 'time', time, ['event', 'processing']);
  if (time !== 'event' && grace !== undefined) {
    graph.complain(label, 'it has a grace, but by log time no event is late', "add time: 'event', or leave grace out");
  }
  return {
    steps: checkedSteps(graph, label, options.steps),
    withinMs: checkSpan(graph, label, 'within', options.within, 1),
    skipsPastLast: skip === 'past-last',
    maxPartial: maxPartial as number,
    ...(time === 'event' ? { graceMs: checkSpan(graph, label, 'grace', grace, 0) } : {}),
  };
}

function checkedSteps(graph: TopologyGraph, label: string, steps: unknown): PatternStepSpec[] {
  if (!Array.isArray(steps) || steps.length < 2 || steps.length > MAX_STEPS) {
    const problem = Array.isArray(steps) ? `it has ${steps.length} steps` : `its steps are ${kindOf(steps)}`;
    graph.complain(label, problem, `give it an array of 2 to ${MAX_STEPS} steps: { name, when: (event) => boolean }`);
    return [];
  }
  const names = new Set<string>();
  return steps.map((step: unknown, index) => {
    const { name, when, absent } = (step ?? {}) as Partial<PatternStep<unknown>>;
    const stepLabel = `${label} step '${String(name)}'`;
    checkName(graph, `${label} step`, name);
    checkOptions(graph, stepLabel, step, ['name', 'when', 'absent']);
    checkFunction(graph, stepLabel, 'when', when, '(event, matched, context) => boolean');
    if (absent !== undefined) checkChoice(graph, stepLabel, 'absent', String(absent), ['true', 'false']);
    if (index === 0 && absent === true) {
      graph.complain(stepLabel, 'nothing begins with what is absent', 'begin with a step that happens');
    }
    if (names.has(String(name))) graph.complain(stepLabel, 'another step has its name', 'give it a name of its own');
    names.add(String(name));
    return { name: name as string, when: when as PatternStepSpec['when'], isAbsent: absent === true };
  });
}

const OPTIONS = ['steps', 'within', 'skip', 'maxPartial', 'time', 'grace'] as const;
const MAX_STEPS = 16;
const DEFAULT_PARTIAL = 16;
/** They stand in one row, with their events. */
const MAX_PARTIAL = 256;
