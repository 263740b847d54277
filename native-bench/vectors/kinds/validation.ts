import { notBuiltYet } from '../not-applicable.ts';
import { ONLY_OUTPUT } from '../row.ts';
import { type Experiment, type Scene, stageOf } from '../scene.ts';
import type { Input, OperatorSpec, Vector } from '../vector.ts';
import { type WindowWords, windowOf } from './windows.ts';

type Definition = Readonly<Record<string, unknown>>;

/** Who writes which kind of definition down. What the language complains of is not valid. */
const WRITERS: Readonly<Record<string, (scene: Scene, definition: Definition) => void>> = {
  join: (scene, { timeDifferenceMs, beforeMs, afterMs, graceMs }) => {
    // The language knows no grace that goes without saying.
    const grace = (graceMs ?? 0) as number;
    const window =
      timeDifferenceMs === undefined
        ? { before: beforeMs as number, after: afterMs as number, grace }
        : { within: timeDifferenceMs as number, grace };
    scene.observe(scene.records('left').join(scene.records('right'), 'join', window, () => 1));
  },
  tumbling: windowed,
  hopping: windowed,
  unlimited: windowed,
  idleness: (scene, { timeoutMs }) => {
    const watermark = { outOfOrderness: 0, idleAfter: timeoutMs as number };
    scene.observe(scene.envelopes('in', { watermark }));
  },
  streamTableJoin: (scene, { graceMs, tableVersioned, historyMs }) => {
    const options = tableVersioned === true ? { history: historyMs as number } : {};
    const table = scene.records('table').toTable('rows', options);
    scene.observe(scene.records('stream').join(table, 'join', { grace: graceMs as number }, () => 1));
  },
};

function windowed(scene: Scene, definition: Definition): void {
  const window = windowOf({ graceMs: 0, ...definition } as unknown as WindowWords);
  scene.observeTable(scene.records('in').groupByKey().window(window).count('windows'));
}

/**
 * Definitions, each of which is either taken or refused when it is written down. What became of each is sent through as a
 * record, so that it is compared as any other result is.
 */
export function validate(_: OperatorSpec, { inputs, expected }: Vector): Experiment {
  const verdicts = inputs.map((input) => verdictOf(input['definition'] as Definition));
  return {
    inputs: verdicts.map((value, ts): Input => ({ stream: 'in', key: 'definition', value, ts })),
    expected: expected.map((row) => ({
      output: ONLY_OUTPUT,
      key: 'definition',
      value: (row as { valid?: boolean }).valid === true ? 'valid' : 'invalid',
      afterInput: row.afterInput as number,
    })),
    build: (scene) => scene.observe(scene.records('in')),
  };
}

function verdictOf(definition: Definition): 'valid' | 'invalid' {
  const kind = String(definition['type'] ?? definition['kind']);
  const write = WRITERS[kind];
  if (write === undefined) throw notBuiltYet(`definition ${kind}`);
  try {
    stageOf({ build: (scene) => write(scene, definition) }, []);
    return 'valid';
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_TOPOLOGY_INVALID') return 'invalid';
    throw error;
  }
}
