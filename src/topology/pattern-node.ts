import type { Duration } from '../base/duration.ts';
import type { Context } from '../operators/operator-context.ts';
import { PatternOperator, type PatternRule, type PatternStepSpec, upcastBeginnings } from '../operators/pattern.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { checkChoice, checkFunction, checkName, checkOptions, checkSpan, checkWhole, kindOf } from './checks.ts';
import { inside } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';

type Matched<Value, Name extends string> = Readonly<Record<Name, Value>>;

/** One event of a pattern, or one that must not be. */
export interface PatternStep<Value, Name extends string = string> {
  readonly name: Name;
  /** Whether the event is one for this step; `matched` has those of the steps before by their names. */
  readonly when: (event: Value, matched: Matched<Value, Name>, context: Context) => boolean;
  /** Nothing of the kind may come before the step behind it; as the last step, before the time is up. */
  readonly absent?: boolean;
}

export interface PatternOptions<
  Value,
  Steps extends readonly PatternStep<Value, Name>[],
  Name extends string = string,
> {
  /** In their order; between two of them anything else may come. */
  readonly steps: Steps & readonly PatternStep<Value, Name>[];
  /** Time for all of it, by log time, from the first event on. */
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

/** @returns ports of the matches and of what timed out */
export function addPattern(graph: TopologyGraph, input: Port, name: string, given: unknown): [Port, Port] {
  const label = labelOf({ kind: 'pattern', name });
  checkName(graph, 'pattern', name);
  checkOptions(graph, label, given, ['steps', 'within', 'skip', 'maxPartial']);
  const options = (given ?? {}) as Partial<PatternOptions<unknown, readonly PatternStep<unknown>[]>>;
  const { skip = 'past-last', maxPartial = DEFAULT_PARTIAL } = options;
  checkChoice(graph, label, 'skip', skip, ['past-last', 'none']);
  checkWhole(graph, label, 'maxPartial', maxPartial, 1, MAX_PARTIAL);
  const rule: PatternRule = {
    steps: checkedSteps(graph, label, options.steps),
    withinMs: checkSpan(graph, label, 'within', options.within, 1),
    skipsPastLast: skip === 'past-last',
    maxPartial,
  };
  const { node } = graph.add({
    kind: 'pattern',
    name,
    inputs: [input],
    outputs: ['', 'timedOut'],
    stores: [name, `${name}:due`],
    orderedStores: [`${name}:due`],
    holds: { [name]: (forms) => inside(forms.input(0), upcastBeginnings) },
    settings: { ...rule },
    open: (site) => {
      const queue = new TimerQueue(site.store(1));
      const operator = new PatternOperator(site.name, site.context, site.store(0), queue, rule, site.outputs);
      site.drive(operator);
      return [operator];
    },
  });
  return [
    { node, output: 0 },
    { node, output: 1 },
  ];
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

const MAX_STEPS = 16;
const DEFAULT_PARTIAL = 16;
/** They stand in one row, with their events. */
const MAX_PARTIAL = 256;
