import { valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import { NotApplicable } from '../not-applicable.ts';
import { ONLY_OUTPUT } from '../row.ts';
import type { Experiment } from '../scene.ts';
import { LANE, stepsOf } from '../steps.ts';
import type { OperatorSpec, Vector } from '../vector.ts';
import type { Value } from '../words.ts';

const REFRESH: Readonly<Record<string, 'write' | 'read'>> = { OnCreateAndWrite: 'write', OnReadAndWrite: 'read' };
/** Of a vector that names none. */
const KEY = 'key';

/** A value per key that expires; a record without a value asks for it. */
export function ttlState({ ttlMs, updateType, visibility }: OperatorSpec, { expected }: Vector): Experiment {
  const refresh = REFRESH[String(updateType)];
  if (refresh === undefined) throw new NotApplicable(`no such refresh: ${String(updateType)}`);
  if (visibility !== 'NeverReturnExpired') throw new NotApplicable('what has expired is never returned');
  return {
    steps: (input) => {
      const { op, key = KEY, value } = input;
      if (op === undefined) return stepsOf(input);
      const event = { lane: LANE, key: key as string | number, value: op === 'update' ? (value as Value) : null };
      return [{ send: 'in', event }];
    },
    build: (scene) =>
      scene.observe(
        scene.records('in').process('state', {
          state: { value: valueState<Value>({ ttl: ttlMs as number, refresh }) },
          emits: eventType<Value>(),
          onEvent: (value, { state, emit }) => {
            if (value === null) emit(state.value.get() ?? null);
            else state.value.set(value);
          },
        }),
      ),
    expected: expected.map(({ key = KEY, value, afterInput = 0 }) => ({
      output: ONLY_OUTPUT,
      key: String(key),
      value,
      afterInput,
    })),
  };
}
