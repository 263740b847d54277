import { NotApplicable, notBuiltYet } from '../not-applicable.ts';
import { expectedRow } from '../row.ts';
import type { Experiment } from '../scene.ts';
import type { OperatorSpec, Vector } from '../vector.ts';
import { textOf, type Value } from '../words.ts';

export function deduplicate({ intervalMs, by, id }: OperatorSpec): Experiment {
  const within = intervalMs as number;
  const select = by === 'key' ? undefined : identityOf(id);
  return {
    build: (scene) =>
      scene.observe(
        scene.records('in').distinct('distinct', select === undefined ? { within } : { within, by: select }),
      ),
  };
}

function identityOf(words: unknown): (value: Value, context: { key: string }) => string | null {
  if (words === 'always null') return () => null;
  const text = textOf(words);
  return (value, { key }) => text(key, value);
}

export function deduplicateRow({ keep, time }: OperatorSpec, { inputs, expected }: Vector): Experiment {
  if (inputs.some((input) => input['control'] === 'stateTtlTime')) throw notBuiltYet('rows that expire');
  if (keep !== 'first' && keep !== 'last') throw new NotApplicable(`keep ${String(keep)}`);
  const order = time === 'event' ? 'event-time' : 'arrival';
  return {
    // An update is one change here, that knows the row before it.
    expected: expected.filter((row) => changeKindOf(row) !== 'updateBefore').map(expectedRow),
    build: (scene) => scene.observeTable(scene.records('in').deduplicate('rows', { keep, order })),
  };
}

function changeKindOf(row: object): unknown {
  return (row as { changeKind?: unknown }).changeKind;
}
