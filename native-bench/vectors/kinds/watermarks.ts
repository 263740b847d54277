import { valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import type { Stream } from '../../../src/topology/stream.ts';
import { NotApplicable, unknownWords } from '../not-applicable.ts';
import type { Experiment } from '../scene.ts';
import { type Envelope, type Step, stepsOf } from '../steps.ts';
import type { Input, OperatorSpec, Vector } from '../vector.ts';
import type { Value } from '../words.ts';
import { LONG_AGO_MS, sent, told, withoutKey } from './times.ts';

/** What the watermark of a stream is, is seen by a record that happened too long ago to raise it. */
export function watermarkGenerator({ strategy, boundMs }: OperatorSpec, { expected }: Vector): Experiment {
  if (strategy !== 'boundedOutOfOrderness') throw unknownWords('strategy', strategy);
  return {
    steps: ({ control, ts }) => [
      control === 'periodicEmit' ? sent('in', 'ask', LONG_AGO_MS) : sent('in', 'event', ts as number),
    ],
    build: (scene) =>
      scene.observe(
        scene.envelopes('in', { watermark: { outOfOrderness: boundMs as number } }).process('watermark', {
          emits: eventType<Value>(),
          onEvent: ({ value }, { watermark, emit }) => {
            if (value === 'ask') emit(watermark === Number.NEGATIVE_INFINITY ? 'MIN' : watermark - scene.epochMs);
          },
        }),
      ),
    expected: expected.map((row) => told((row as { watermark?: unknown }).watermark, row.afterInput as number)),
    read: withoutKey,
  };
}

/** Whether a stream is idle is seen by whether the watermark follows another stream, as it does if nothing holds it back. */
export function idlenessTimer({ timeoutMs }: OperatorSpec, { expected }: Vector): Experiment {
  const asked = new Set(expected.map(({ afterInput }) => afterInput));
  return {
    steps: (input, index) => {
      const { control } = input;
      // As far as the other stream has come, so that it counts, and behind what that says next.
      if (control === 'activity') return [sent('source', 'event', index)];
      if (control !== 'check') return stepsOf(input);
      const raise = sent('other', 'event', index);
      return asked.has(index) ? [raise, sent('other', index - 1, LONG_AGO_MS)] : [raise];
    },
    build: (scene) => {
      const source = scene.envelopes('source', {
        watermark: { outOfOrderness: 0, idleAfter: timeoutMs as number },
      });
      const other = scene.envelopes('other', { watermark: { outOfOrderness: 0 } });
      scene.observe(
        source.merge(other).process('idle', {
          emits: eventType<boolean>(),
          onEvent: ({ value }, { watermark, emit }) => {
            if (typeof value === 'number') emit(watermark - scene.epochMs === value);
          },
        }),
      );
    },
    expected: expected.map((row) => told((row as { idle?: unknown }).idle, row.afterInput as number)),
    read: withoutKey,
  };
}

const IDLE_AFTER_MS = 1000;
/** Two of these are longer than that, one is not. */
const SILENCE_MS = 600;

/**
 * The watermark of an operator with several streams. Here a stream is idle when it has been silent for a while, so to make
 * one idle the others are made to say something. The watermark is looked at by a timer, again and again. That an operator
 * as a whole is idle is not passed on, so such rows are left out.
 */
export function watermarkCombiner({ inputs: count }: OperatorSpec, { inputs, expected }: Vector): Experiment {
  const rows = expected.filter((row) => 'watermark' in row);
  if (rows.length === 0 && expected.length > 0) throw new NotApplicable('that an operator is idle is not passed on');
  const names = Array.from({ length: count as number }, (_, index) => `input${index}`);
  return {
    steps: ({ control, input, ts }, index) => {
      const stream = names[input as number] as string;
      const look: Step[] = [{ advanceMs: 1 }, { advanceMs: 1 }];
      switch (control) {
        case 'watermark':
          return [sent(stream, null, (ts as number) + 1), ...look];
        case 'active':
          return [sent(stream, null, LONG_AGO_MS), ...look];
        case 'idle': {
          const idle = idleBefore(inputs, index);
          const awake = names.filter((_, at) => !idle.has(at));
          const others = awake.filter((name) => name !== stream);
          const saying = (streams: readonly string[]): Step[] => streams.map((name) => sent(name, null, LONG_AGO_MS));
          const silence: Step = { advanceMs: SILENCE_MS };
          return [...saying(others), silence, ...saying(others), silence, ...look];
        }
      }
      throw new NotApplicable(`no such control: ${String(control)}`);
    },
    build: (scene) => {
      const watermark = { outOfOrderness: 0, idleAfter: IDLE_AFTER_MS };
      const [one, ...others] = names.map((name) => scene.envelopes(name, { watermark })) as [
        Stream<Envelope>,
        ...Stream<Envelope>[],
      ];
      const all = others.reduce<Stream<Envelope>>((merged, stream) => merged.merge(stream), one);
      scene.observe(
        all.process('combined', {
          state: { seen: valueState<Value>() },
          emits: eventType<Value>(),
          onEvent: (_, { timers, logTime }) => timers.setLogTime(logTime + 1),
          onTimer: (_, context) => {
            const reached = context.watermark - scene.epochMs;
            if (reached > LONG_AGO_MS && reached !== context.state.seen.get()) {
              context.state.seen.set(reached);
              context.emit(reached);
            }
            context.timers.setLogTime(context.logTime + 1);
          },
        }),
      );
    },
    expected: rows.map((row) => told((row as { watermark?: unknown }).watermark, row.afterInput as number)),
    read: withoutKey,
  };
}

function idleBefore(inputs: readonly Input[], index: number): ReadonlySet<number> {
  const idle = new Set<number>();
  for (const { control, input } of inputs.slice(0, index)) {
    if (control === 'idle') idle.add(input as number);
    else idle.delete(input as number);
  }
  return idle;
}
