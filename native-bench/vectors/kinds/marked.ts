import type { Stream } from '../../../src/topology/stream.ts';
import type { Scene } from '../scene.ts';
import { LANE, type Step, stepsOf } from '../steps.ts';
import type { Input } from '../vector.ts';
import type { Value } from '../words.ts';

/** Records under their keys, of a stream that is told its watermarks. */
export function marked(scene: Scene, name: string): Stream<Value> {
  return scene
    .envelopes(name, { watermark: ({ watermark }) => watermark ?? null })
    .filter((envelope) => envelope.watermark === undefined)
    .keyBy((envelope) => envelope.key)
    .map((envelope): Value => envelope.value);
}

/** What goes without saying; and a watermark is an event of its stream, `in` if it names none. */
export function markedSteps(input: Input): readonly Step[] {
  if (input['control'] !== 'watermark') return stepsOf(input);
  const { stream = 'in', ts } = input;
  return [{ send: stream as string, event: { lane: LANE, key: null, value: null, watermark: ts as number } }];
}
