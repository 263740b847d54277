import { hopping, session, tumbling, type WindowDefinition } from '../../../src/topology/windows.ts';
import { NotApplicable, unknownWords } from '../not-applicable.ts';
import { expectedRow, type Row } from '../row.ts';
import type { Experiment } from '../scene.ts';
import { LANE, type Step, stepsOf } from '../steps.ts';
import { isRecord, type OperatorSpec, type Vector } from '../vector.ts';
import { type Aggregator, type Cell, foldOf, type Value } from '../words.ts';
import type { WindowWords } from './windows.ts';

/**
 * The peer's windows begin before the year 1970 too, and there are none here that do. So time is moved by some days:
 * windows of any usual size begin at the same places as before.
 */
const SHIFT_MS = 100 * 86_400_000;

/** Windows that watermarks close, told once. The peer says when a session would end, moka when it was last heard of. */
export function watermarkWindows(operator: OperatorSpec, { expected }: Vector): Experiment {
  const words = operator['window'] as WindowWords;
  refuse(operator, words);
  const extension = words.type === 'session' ? (words.gapMs as number) : 0;
  const { initial, add, merge } = foldOf(operator['aggregator'] as Aggregator);
  return {
    steps: (input): readonly Step[] => {
      if (isRecord(input)) {
        const { key, value, ts = 0 } = input;
        return [{ send: 'in', event: { lane: LANE, key, value, ts: ts + SHIFT_MS } }];
      }
      if (input['control'] !== 'watermark') return stepsOf(input);
      const watermark = (input['ts'] as number) + SHIFT_MS;
      return [{ send: 'in', event: { lane: LANE, key: null, value: null, watermark } }];
    },
    build: (scene) => {
      const windows = scene
        .envelopes('in', { watermark: ({ watermark }) => watermark ?? null })
        .filter((envelope) => envelope.watermark === undefined)
        .keyBy((envelope) => envelope.key)
        .map((envelope): Value => envelope.value)
        .groupByKey()
        .window(windowOf(words))
        .aggregate<Cell>('windows', { initial, add, merge }, { emit: 'final' });
      scene.observe(windows.toStream(), 'main');
      scene.observe(
        windows.late.map(({ event }) => event),
        'late',
      );
    },
    // A row has the time of its greatest event here, there the end of its window.
    expected: expected.map((row) => {
      const { ts, ...rest } = expectedRow(row);
      return row.output === 'late' && ts !== undefined ? { ...rest, ts } : rest;
    }),
    read: ({ window, ts, ...rest }): Row => ({
      ...rest,
      ...(window === undefined
        ? {}
        : { window: { start: window.start - SHIFT_MS, end: window.end - SHIFT_MS + extension } }),
      ...(ts === undefined ? {} : { ts: ts - SHIFT_MS }),
    }),
  };
}

/** @throws NotApplicable */
function refuse({ time, trigger, allowedLatenessMs }: OperatorSpec, { type }: WindowWords): void {
  if (type === 'global') throw new NotApplicable('there are no windows without an end');
  if (time !== 'event') throw new NotApplicable('windows go by event time');
  if (trigger !== 'eventTime') throw new NotApplicable('a window is told at every event, or once, when it has closed');
  if (allowedLatenessMs !== 0) throw new NotApplicable('a window that takes late events is told when it takes no more');
}

/** @throws NotApplicable */
function windowOf({ type, sizeMs = 0, slideMs = 0, gapMs = 0 }: WindowWords): WindowDefinition<'session'> {
  return definitionOf() as WindowDefinition<'session'>;

  function definitionOf(): WindowDefinition {
    if (type === 'tumbling') return tumbling({ size: sizeMs, grace: 0 });
    if (type === 'sliding') return hopping({ size: sizeMs, advance: slideMs, grace: 0 });
    // There a session is closed when its gap is over, here a ms later, since an event at that time would still be in it.
    if (type === 'session') return session({ gap: gapMs - 1, grace: 0 });
    throw unknownWords('window', type);
  }
}
