import type { FiredTimer, ProcessContext } from '../../../src/operators/process.ts';
import { type ValueState, valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import type { Stream } from '../../../src/topology/stream.ts';
import { unknownWords } from '../not-applicable.ts';
import type { Experiment } from '../scene.ts';
import { type Envelope, LANE, type Step, stepsOf } from '../steps.ts';
import type { ExpectedRow, OperatorSpec, Vector } from '../vector.ts';
import type { Value } from '../words.ts';
import { LONG_AGO_MS, sent, told, withoutKey } from './times.ts';

/** As far as a watermark goes. */
const FINAL_MS = 3_000_000_000_000_000;
interface States {
  readonly seen: ValueState<Value>;
}
type Context = ProcessContext<States, Value, Record<never, never>>;

interface Program {
  readonly onEvent: (value: Value, context: Context) => void;
  readonly onTimer?: (timer: FiredTimer, context: Context) => void;
}

/** Programs in words, as functions, of vectors whose time begins at `epochMs`. */
const PROGRAMS: Readonly<Record<string, (epochMs: number) => Program>> = {
  [`on element: emit "\${value}TIME:\${currentWatermark} TS:\${ts}" with the element ts`]: (epochMs) => ({
    onEvent: (value, { watermark, eventTime, emit }) =>
      emit(`${value}TIME:${watermark - epochMs} TS:${eventTime - epochMs}`),
  }),
  'on element: emit value; register processing-time timer at now+5. on timer: emit 1777': () => ({
    onEvent: (value, { emit, timers, logTime }) => {
      emit(value);
      timers.setLogTime(logTime + 5);
    },
    onTimer: (_, { emit }) => emit(1777),
  }),
  [`on element: if no state: emit "INPUT:\${value}", store value, register processing-time timer at now+5; else: clear state, delete processing-time timer at now+4. on timer: emit "STATE:\${state}"`]:
    () => ({
      onEvent: (value, { state, emit, timers, logTime }) => {
        if (state.seen.get() === undefined) {
          emit(`INPUT:${value}`);
          state.seen.set(value);
          timers.setLogTime(logTime + 5);
        } else {
          state.seen.clear();
          timers.deleteLogTime(logTime + 4);
        }
      },
      onTimer: (_, { state, emit }) => emit(`STATE:${state.seen.get()}`),
    }),
  'on element: register proc 3, event 4, proc 5, event 6; delete proc 3, event 4. on timer: emit "PROC:1777" or "EVENT:1777"':
    (epochMs) => ({
      onEvent: (_, { timers }) => {
        timers.setLogTime(epochMs + 3);
        timers.setEventTime(epochMs + 4);
        timers.setLogTime(epochMs + 5);
        timers.setEventTime(epochMs + 6);
        timers.deleteLogTime(epochMs + 3);
        timers.deleteEventTime(epochMs + 4);
      },
      onTimer: ({ kind }, { emit }) => emit(kind === 'log-time' ? 'PROC:1777' : 'EVENT:1777'),
    }),
};

export function keyedProcess({ program }: OperatorSpec): Experiment {
  const programOf = PROGRAMS[String(program)];
  if (programOf === undefined) throw unknownWords('program', program);
  return {
    steps: (input) => (input['control'] === 'watermark' ? [watermarkStep('in', input['ts'])] : stepsOf(input)),
    build: (scene) => {
      const records = scene
        .envelopes('in', { watermark: ({ watermark }) => watermark ?? null })
        .filter((envelope) => envelope.watermark === undefined)
        .keyBy((envelope) => envelope.key)
        .map((envelope) => envelope.value);
      scene.observe(records.process('process', { state, emits: eventType<Value>(), ...programOf(scene.epochMs) }));
    },
    read: withoutKey,
  };
}

const state = { seen: valueState<Value>() };

function watermarkStep(stream: string, ts: unknown): Step {
  const watermark = ts === 'MAX' ? FINAL_MS : (ts as number);
  return { send: stream, event: { lane: LANE, key: null, value: null, watermark } };
}

/** A callback again and again, as a timer that sets the next one. The peer asks a schedule, which is asked here too. */
export function punctuate({ timeType, intervalMs, firstDueMs, callback }: OperatorSpec, vector: Vector): Experiment {
  const interval = intervalMs as number;
  const isWallClock = timeType === 'wallClock';
  const first = (firstDueMs ?? (isWallClock ? interval : 0)) as number;
  const isOnce = callback === 'cancels itself';
  const expected = vector.expected as readonly (ExpectedRow & { punctuatedAt: number; nextDue?: number })[];
  const tellsNext = expected.some(({ nextDue }) => nextDue !== undefined);
  const streams = [
    ...new Set(['in', ...vector.inputs.flatMap(({ stream }) => (stream === undefined ? [] : [stream]))]),
  ];
  return {
    steps: (input, index) => {
      // A wall clock is asked from the beginning; here something has to come in first.
      const start: Step[] = isWallClock && index === 0 ? [sent('in', 'start', 0)] : [];
      switch (input['control']) {
        case 'checkPunctuation':
          return [sent('in', 'check', input['ts'] as number)];
        case 'cancelPunctuation':
          return [sent('in', 'cancel', LONG_AGO_MS)];
      }
      return [...start, ...stepsOf(input)];
    },
    build: (scene) => {
      const [one, ...others] = streams.map((name) => scene.envelopes(name as string)) as [
        Stream<Envelope>,
        ...Stream<Envelope>[],
      ];
      const all = others.reduce<Stream<Envelope>>((merged, stream) => merged.merge(stream), one);
      const set = (context: Context, time: number): void =>
        isWallClock ? context.timers.setLogTime(time) : context.timers.setEventTime(time);
      const { epochMs } = scene;
      const punctuations = all.process('punctuate', {
        state,
        emits: eventType<Value>(),
        onEvent: (envelope, context) => {
          const due = context.state.seen.get();
          if (due === undefined) {
            context.state.seen.set(epochMs + first);
            set(context, epochMs + first);
          } else if (envelope.value === 'cancel') context.timers.deleteEventTime(due as number);
        },
        onTimer: ({ time, lateBy }, context) => {
          const now = time + lateBy;
          const missed = Math.floor((now - time) / interval);
          const next = time + (missed + 1) * interval;
          context.emit(tellsNext ? `${now - epochMs}, next ${next - epochMs}` : now - epochMs);
          if (isOnce) return;
          context.state.seen.set(next);
          set(context, next);
        },
      });
      scene.observe(punctuations);
    },
    expected: expected.map(({ punctuatedAt, nextDue, afterInput = 0 }) =>
      told(tellsNext ? `${punctuatedAt}, next ${nextDue}` : punctuatedAt, afterInput),
    ),
    read: withoutKey,
  };
}
