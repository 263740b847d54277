import type { Duration } from '../base/duration.ts';
import { IsSchema, type TSchema } from '../base/typebox.ts';
import { type Enricher, EnrichOperator, type Fallback, upcastQuestion } from '../operators/enrich.ts';
import type { LookupContext, LookupFailure, LookupRule } from '../operators/lookup.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { checkFunction, checkName, checkOptions, checkSpan, checkWhole, kindOf } from './checks.ts';
import { inside } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { compileSchemaCheck } from './schema-check.ts';

interface AskOptions<Value, Substitute> {
  /** For one attempt. Default: 10 s. */
  readonly timeout?: Duration;
  /** Default: 3. */
  readonly attempts?: number;
  /** Before the second attempt; twice as long before each further one, half a minute at most. Default: 200 ms. */
  readonly backoff?: Duration;
  /** Questions that are out at once, in each partition; of one key there is one. Default: 64. */
  readonly concurrency?: number;
  /** Questions that may be pending, in each partition, before nothing that may bring more is taken in. Default: 10 000. */
  readonly maxPending?: number;
  /** What is done after the last attempt: a dead letter, or what stands for the result. Default: `dead-letter`. */
  readonly onFailure?: 'dead-letter' | ((event: Value, failure: LookupFailure, context: Context) => Substitute);
}

export interface EnrichOptions<Value, Result, Substitute = never> extends AskOptions<Value, Substitute> {
  /** Asks the outside, when the event is durable. It may be asked again with the same `id`; it may be async. */
  readonly lookup: (event: Value, context: LookupContext) => Result | Promise<Result>;
}

export interface CheckedEnrichOptions<Value, Schema extends TSchema, Substitute = never>
  extends AskOptions<Value, Substitute> {
  readonly lookup: (event: Value, context: LookupContext) => unknown;
  /** What an answer must look like; another one is a failed attempt. */
  readonly result: Schema;
}

const OPTIONS = [
  'lookup',
  'result',
  'timeout',
  'attempts',
  'backoff',
  'concurrency',
  'maxPending',
  'onFailure',
] as const;
type Given = Partial<Record<(typeof OPTIONS)[number], unknown>>;

export function addEnrich(graph: TopologyGraph, input: Port, name: string, options: unknown, enricher: unknown): Port {
  const label = labelOf({ kind: 'enrich', name });
  checkName(graph, 'enrich', name);
  checkOptions(graph, label, options, OPTIONS);
  const given = (options ?? {}) as Given;
  const rule = checkedRule(graph, label, given);
  const fallback = checkedFallback(graph, label, given.onFailure);
  checkFunction(graph, label, 'function', enricher, '(event, result, context) => enriched');
  return graph.add({
    kind: 'enrich',
    name,
    inputs: [input],
    stores: [name],
    orderedStores: [name],
    holds: { [name]: (forms) => inside(forms.input(0), upcastQuestion) },
    asks: true,
    // How the outside is asked is no part of what the log means.
    settings: { result: given.result, onFailure: fallback, call: enricher },
    open: (site) => {
      const operator = new EnrichOperator({
        name: site.name,
        context: site.context,
        host: site.host,
        store: site.store(0),
        rule,
        clock: site.waitingClock,
        fallback,
        enricher: enricher as Enricher,
        output: site.outputs[0] as Operator,
      });
      site.ask(operator);
      return [operator];
    },
  });
}

function checkedRule(graph: TopologyGraph, label: string, given: Given): LookupRule {
  const { lookup, timeout = '10s', attempts = 3, backoff = 200, concurrency = 64, maxPending = 10_000 } = given;
  if (typeof lookup !== 'function') {
    const remedy = 'give it a function (event, { signal }) => result, which may be async';
    graph.complain(label, `its lookup is ${kindOf(lookup)}`, remedy);
  }
  checkWhole(graph, label, 'attempts', attempts, 1, MAX_ATTEMPTS);
  checkWhole(graph, label, 'concurrency', concurrency, 1, MAX_CONCURRENCY);
  checkWhole(graph, label, 'maxPending', maxPending, 1, MAX_PENDING);
  return {
    lookup: lookup as LookupRule['lookup'],
    complaintAbout: resultCheck(graph, label, given.result),
    timeoutMs: checkSpan(graph, label, 'timeout', timeout, 1),
    attempts: attempts as number,
    backoffMs: checkSpan(graph, label, 'backoff', backoff, 0),
    concurrency: concurrency as number,
    maxPending: maxPending as number,
  };
}

function resultCheck(graph: TopologyGraph, label: string, schema: unknown): LookupRule['complaintAbout'] {
  if (schema === undefined) return () => null;
  if (!IsSchema(schema)) {
    graph.complain(label, `its result is ${kindOf(schema)}`, 'give it a typebox schema such as Type.Object({ … })');
    return () => null;
  }
  const { check, errors } = compileSchemaCheck(schema as TSchema);
  return (result) => {
    if (check(result)) return null;
    const issues = errors(result).map(({ pointer, detail }) => `${pointer} ${detail}`.trim());
    return `its result does not fit the schema: ${issues.join(', ')}`;
  };
}

function checkedFallback(graph: TopologyGraph, label: string, onFailure: unknown): Fallback | null {
  if (onFailure === undefined || onFailure === 'dead-letter') return null;
  if (typeof onFailure === 'function') checkFunction(graph, label, 'onFailure', onFailure, FALLBACK_FORM);
  else {
    const given = typeof onFailure === 'string' ? `'${onFailure}'` : kindOf(onFailure);
    graph.complain(label, `its onFailure is ${given}`, `use 'dead-letter', or a function ${FALLBACK_FORM}`);
  }
  return onFailure as Fallback;
}

const FALLBACK_FORM = '(event, failure, context) => result';
const MAX_ATTEMPTS = 1000;
/** Each is a request on its way, and an answer in memory. */
const MAX_CONCURRENCY = 4096;
const MAX_PENDING = 1_000_000;
