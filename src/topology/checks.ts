import { closestName } from '../base/closest-name.ts';
import { parseDuration } from '../base/duration.ts';
import type { TopologyGraph } from './graph.ts';

/** Names are parts of URLs, store names and metric labels. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const NAME_RULE = 'letters, digits, dash and underscore, 64 at most, a letter or digit first';

/** Made by the engine itself. */
const RESERVED_NAMES = new Set(['dead-letters']);

export function checkName(graph: TopologyGraph, kind: string, name: unknown): void {
  const label = `${kind} '${String(name)}'`;
  if (typeof name !== 'string') graph.complain(kind, `its name is ${kindOf(name)}`, 'give it a name: a string');
  else if (!NAME.test(name))
    graph.complain(label, 'the name has characters that a name cannot have', `use ${NAME_RULE}`);
  else if (RESERVED_NAMES.has(name)) graph.complain(label, "the engine's own name", 'choose another name');
}

const ASYNC_KINDS = new Set(['AsyncFunction', 'AsyncGeneratorFunction', 'GeneratorFunction']);

export function checkFunction(graph: TopologyGraph, label: string, role: string, value: unknown, form: string): void {
  if (typeof value !== 'function') {
    graph.complain(label, `its ${role} is ${kindOf(value)}`, `give it a function ${form}`);
  } else if (ASYNC_KINDS.has(value.constructor.name)) {
    graph.complain(
      label,
      `its ${role} is async or a generator, but the answer is needed at once`,
      `give it a plain function ${form}`,
    );
  }
}

export function checkOptions(graph: TopologyGraph, label: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    graph.complain(label, `its options are ${kindOf(options)}`, `give it an object with ${known.join(', ')}`);
    return;
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const meant = closestName(option, known);
    const remedy = meant === undefined ? `the options are ${known.join(', ')}` : `did you mean '${meant}'?`;
    graph.complain(label, `there is no option '${option}'`, remedy);
  }
}

/** @returns ms; 0 after a complaint */
export function checkDuration(
  graph: TopologyGraph,
  label: string,
  option: string,
  value: unknown,
  least: number,
): number {
  const ms = parseDuration(value);
  if (ms !== null && ms >= least) return ms;
  const given = value === undefined ? 'missing' : (JSON.stringify(value) ?? kindOf(value));
  const remedy = `use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; ${least} ms at least`;
  graph.complain(label, `${option} is ${given}`, remedy);
  return 0;
}

/** A time that something is kept, or waits: a century is a slip of the keyboard. @returns ms; 0 after a complaint */
export function checkSpan(graph: TopologyGraph, label: string, option: string, value: unknown, least: number): number {
  const ms = checkDuration(graph, label, option, value, least);
  if (ms > MAX_SPAN_MS) graph.complain(label, `${option} is more than a hundred years`, 'use a shorter time');
  return ms;
}

export const MAX_SPAN_MS = 36_525 * 86_400_000;

export function checkWhole(
  graph: TopologyGraph,
  label: string,
  option: string,
  value: unknown,
  least: number,
  most: number,
): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  const given = value === undefined ? 'missing' : (JSON.stringify(value) ?? kindOf(value));
  graph.complain(label, `${option} is ${given}`, `use a whole number from ${least} to ${most}`);
}

export function checkChoice(
  graph: TopologyGraph,
  label: string,
  option: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value === undefined || choices.includes(value as string)) return;
  graph.complain(label, `${option} is ${JSON.stringify(value) ?? kindOf(value)}`, `use one of ${choices.join(', ')}`);
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
