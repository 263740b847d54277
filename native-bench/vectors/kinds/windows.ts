import type { GroupedStream } from '../../../src/topology/grouped-stream.ts';
import type { Table, WindowedTable } from '../../../src/topology/table.ts';
import { hopping, session, sliding, tumbling, type WindowDefinition } from '../../../src/topology/windows.ts';
import { NotApplicable, unknownWords } from '../not-applicable.ts';
import { ONLY_OUTPUT, type Row } from '../row.ts';
import type { Experiment, Scene } from '../scene.ts';
import type { ExpectedRow, OperatorSpec, Vector, WindowSpan } from '../vector.ts';
import { type Aggregator, type Cell, type Fold, foldOf, type Value } from '../words.ts';
import { groupAggregateOf } from './tables.ts';
import { watermarkWindows } from './watermark-windows.ts';

export interface WindowWords {
  readonly type: string;
  readonly sizeMs?: number;
  readonly advanceMs?: number;
  /** How another engine calls the advance. */
  readonly slideMs?: number;
  readonly offsetMs?: number;
  readonly timeDifferenceMs?: number;
  readonly gapMs?: number;
  /** A gap that depends on the event. */
  readonly dynamicGap?: string;
  readonly graceMs?: number;
}

/** More than any input is late. */
const LONG_GRACE_MS = 86_400_000;
/** As good as for ever. */
const LONG_LIMIT_MS = 365 * 86_400_000;

/** @param spanMs time between the first and the last record: none is later than that, and no longer grace is asked for */
export function windowOf(words: WindowWords, spanMs = LONG_GRACE_MS): WindowDefinition {
  const { type, sizeMs = 0, timeDifferenceMs = 0, gapMs = 0, offsetMs, graceMs = LONG_GRACE_MS } = words;
  const grace = graceMs > spanMs ? spanMs : graceMs;
  const advance = words.advanceMs ?? words.slideMs;
  switch (type) {
    case 'tumbling':
      return tumbling({ size: sizeMs, grace, ...(offsetMs === undefined ? {} : { offset: offsetMs }) });
    case 'hopping':
      return hopping({ size: sizeMs, advance: advance as number, grace });
    case 'sliding':
      if (advance === undefined) return sliding({ difference: timeDifferenceMs, grace });
      if (offsetMs !== undefined) throw new NotApplicable('windows that overlap begin at multiples of their advance');
      return hopping({ size: sizeMs, advance, grace });
    case 'session':
      return session({ gap: gapMs, grace });
  }
  if (type === 'unlimited') throw new NotApplicable('there are no windows without an end');
  throw unknownWords('window', words);
}

/** Time between the first and the last record. */
function spanOf(inputs: Vector['inputs']): number {
  const times = timesOf(inputs);
  return Math.max(...times) - Math.min(...times);
}

function timesOf(inputs: Vector['inputs']): number[] {
  return inputs.flatMap(({ ts }) => (typeof ts === 'number' ? [ts] : []));
}

/** A window around an event would begin before time does, and is cut off there: in another year it is not. */
function atBeginningOfTime(window: unknown, inputs: Vector['inputs']): Pick<Experiment, 'driverOnly'> {
  const { type, timeDifferenceMs = 0 } = (window ?? {}) as Partial<WindowWords>;
  const isCutOff = type === 'sliding' && timesOf(inputs).some((ts) => ts < timeDifferenceMs);
  return isCutOff ? { driverOnly: CUT_OFF } : {};
}

const CUT_OFF = 'its windows are cut off where time begins, and an engine stands in another year';

export function windowAggregate(operator: OperatorSpec, vector: Vector): Experiment {
  const { semantics, inputs } = vector;
  if (semantics === 'flink') return watermarkWindows(operator, vector);
  return {
    build: (scene) => scene.observeTable(windowAggregateOf(scene, 'in', operator, spanOf(inputs))),
    ...atBeginningOfTime(operator['window'], inputs),
  };
}

/** The table that a `windowAggregate` makes of the records of a stream, under the stream's name. */
export function windowAggregateOf(
  scene: Scene,
  stream: string,
  { window, emit, aggregator }: OperatorSpec,
  spanMs?: number,
): WindowedTable<Cell, Value> {
  const grouped = scene.records(stream).groupByKey();
  return folded(grouped, stream, windowOf(window as WindowWords, spanMs), foldOf(aggregator as Aggregator), emit);
}

function folded(
  grouped: GroupedStream<Value>,
  name: string,
  window: WindowDefinition,
  { isCount, isReduce, initial, add, merge }: Fold,
  emit: unknown,
): WindowedTable<Cell, Value> {
  const options = { emit: emissionOf(emit) };
  const windowed = grouped.window(window);
  if (isCount) return windowed.count(name, options);
  if (!isReduce) return windowed.aggregate<Cell>(name, { initial, add, merge }, options);
  const reduced = windowed.reduce(name, (state, value) => add(state as Cell, value), options);
  // The first value stands as it is, and an event without one is not folded.
  return reduced as WindowedTable<Value, Value> as WindowedTable<Cell, Value>;
}

function emissionOf(emit: unknown): 'updates' | 'final' {
  if (emit === undefined || emit === 'onUpdate') return 'updates';
  if (emit === 'onWindowClose') return 'final';
  throw unknownWords('emit', emit);
}

/** Streams with an adder each, and one state. */
export function cogroup({ aggregators, window, emit }: OperatorSpec, { inputs }: Vector): Experiment {
  const folds = Object.entries(aggregators as Record<string, Aggregator>).map(
    ([stream, aggregator]) => [stream, foldOf(aggregator)] as const,
  );
  const [[firstStream, { initial, merge, add: firstAdd }] = ['', foldOf({ kind: 'count' })], ...others] = folds;
  return {
    ...atBeginningOfTime(window, inputs),
    build: (scene) => {
      let streams = scene.records(firstStream).groupByKey().cogroup<Cell>(firstAdd);
      for (const [stream, { add }] of others) streams = streams.cogroup(scene.records(stream).groupByKey(), add);
      scene.observeTable(
        window === undefined
          ? streams.aggregate('cogroup', { initial })
          : streams
              .window(windowOf(window as WindowWords, spanOf(inputs)))
              .aggregate('cogroup', { initial, merge }, { emit: emissionOf(emit) }),
      );
    },
  };
}

export function suppress(operator: OperatorSpec, { inputs }: Vector): Experiment {
  const upstream = operator['upstream'] as OperatorSpec;
  return {
    ...atBeginningOfTime(upstream['window'], inputs),
    build: (scene) => {
      if (upstream.kind === 'windowAggregate') {
        const raw = windowAggregateOf(scene, 'in', upstream);
        observeBoth(scene, raw, raw.suppress('suppressed', suppressionOf(operator)));
      } else if (upstream.kind === 'tableGroupAggregate') {
        const raw = groupAggregateOf(scene, upstream);
        observeBoth(scene, raw, raw.suppress('suppressed', timeLimitOf(operator)));
      } else throw unknownWords('upstream', upstream);
    },
  };
}

function observeBoth(scene: Scene, raw: Table<Cell>, suppressed: Table<Cell>): void {
  scene.observeTable(raw, 'raw');
  scene.observeTable(suppressed, 'suppressed');
}

function suppressionOf(operator: OperatorSpec): TimeLimit | { readonly untilWindowCloses: true } {
  return operator['mode'] === 'untilWindowCloses' ? { untilWindowCloses: true } : timeLimitOf(operator);
}

interface TimeLimit {
  readonly untilTimeLimit: number;
  readonly maxRecords?: number;
  readonly onFull?: 'emitEarly';
}

function timeLimitOf({ mode, limitMs, maxRecords, onFull }: OperatorSpec): TimeLimit {
  if (mode !== 'untilTimeLimit') throw unknownWords('mode', mode);
  return {
    untilTimeLimit: limitMs === 'infinite' ? LONG_LIMIT_MS : (limitMs as number),
    ...(maxRecords === undefined ? {} : { maxRecords: maxRecords as number }),
    ...(onFull === 'emitEarly' ? { onFull } : {}),
  };
}

/** Into which windows a time falls: each time is an event of a key of its own, which is counted. */
export function windowAssign({ window }: OperatorSpec, { inputs, expected, semantics }: Vector): Experiment {
  const words = window as WindowWords;
  const definition = windowOf(words, spanOf(inputs));
  // The other engine says when a session would end, moka when it has last been heard of.
  const isOpenEnded = semantics === 'flink' && words.type === 'session';
  const extended = ({ start, end }: WindowSpan): WindowSpan => ({ start, end: end + (words.gapMs as number) });
  const rows = expected as readonly (ExpectedRow & { windows: WindowSpan[] })[];
  return {
    ...(rows.some((row) => row.windows.some(({ start }) => start < 0)) ? { driverOnly: CUT_OFF } : {}),
    inputs: inputs.map(({ ts }, index) => ({ stream: 'in', key: index, value: 1, ts })),
    build: (scene) => scene.observeTable(scene.records('in').groupByKey().window(definition).count('windows')),
    expected: rows.flatMap(({ windows, afterInput = 0 }) => windows.map((one) => assignment(one, afterInput))),
    read: ({ window: one, afterInput = 0 }) =>
      assignment(isOpenEnded ? extended(one as WindowSpan) : (one as WindowSpan), afterInput),
  };
}

function assignment({ start, end }: WindowSpan, afterInput: number): Row {
  return { output: ONLY_OUTPUT, key: String(afterInput), value: null, window: { start, end }, afterInput };
}
