import { NotApplicable } from '../not-applicable.ts';
import { expectedRow, ONLY_OUTPUT, type Row } from '../row.ts';
import type { Experiment } from '../scene.ts';
import { stepsOf } from '../steps.ts';
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

/** Where a row's time is up in a vector it is deleted here, which is told; the peer forgets it and says nothing. */
export function deduplicateRow({ keep, time, ttlMs }: OperatorSpec, { inputs, expected }: Vector): Experiment {
  if (keep !== 'first' && keep !== 'last') throw new NotApplicable(`keep ${String(keep)}`);
  const order = time === 'event' ? 'event-time' : 'arrival';
  // Where a vector's time stands still, an engine's does not.
  const doRowsExpire = inputs.some(({ control }) => control === 'stateTtlTime');
  const rule = { keep, order, ...(doRowsExpire ? { ttl: ttlMs as number } : {}) } as const;
  // An update is one change here, that knows the row before it.
  const rows = expected.filter((row) => changeKindOf(row) !== 'updateBefore').map(expectedRow);
  return {
    steps: (input) => {
      if (input['control'] === 'stateTtlTime') return [{ untilMs: input['ts'] as number }];
      // A row does not wait for a watermark, there or here.
      return input['control'] === 'watermark' ? [] : stepsOf(input);
    },
    expected: [...rows, ...deletedRows(rows, inputs)],
    build: (scene) => scene.observeTable(scene.records('in').deduplicate('rows', rule)),
  };
}

/** The time goes on by more than a row lives. */
function deletedRows(rows: readonly Row[], inputs: Vector['inputs']): Row[] {
  return inputs.flatMap(({ control }, index) => {
    if (control !== 'stateTtlTime') return [];
    const keys = new Set(rows.filter(({ afterInput = 0 }) => afterInput < index).map(({ key }) => key));
    return [...keys].map((key) => ({ output: ONLY_OUTPUT, key, value: null, afterInput: index }));
  });
}

function changeKindOf(row: object): unknown {
  return (row as { changeKind?: unknown }).changeKind;
}
