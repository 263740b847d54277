import type { WindowSuppressOptions } from '../../../src/topology/suppress-node.ts';
import { hopping, session, tumbling, type WindowDefinition } from '../../../src/topology/windows.ts';
import { NotApplicable, unknownWords } from '../not-applicable.ts';
import { expectedRow, type Row } from '../row.ts';
import type { Experiment } from '../scene.ts';
import { LANE, type Step, stepsOf } from '../steps.ts';
import { isRecord, type OperatorSpec, type Vector } from '../vector.ts';
import { type Aggregator, type Cell, foldOf } from '../words.ts';
import { marked } from './marked.ts';
import type { WindowWords } from './windows.ts';

/**
 * The peer's windows begin before the year 1970 too, and there are none here that do. So time is moved by some days:
 * windows of any usual size begin at the same places as before.
 */
const SHIFT_MS = 100 * 86_400_000;

/**
 * Windows that watermarks close, or the clock. The peer says when a session would end, moka when it was last heard of; and
 * where moka takes back the row of a session that has grown, the peer says nothing.
 */
export function watermarkWindows(operator: OperatorSpec, { expected }: Vector): Experiment {
  const words = operator['window'] as WindowWords;
  const { time, allowedLatenessMs } = operator;
  const told = tellingOf(operator, words);
  const extension = words.type === 'session' ? (words.gapMs as number) : 0;
  const { initial, add, merge } = foldOf(operator['aggregator'] as Aggregator);
  return {
    steps: (input): readonly Step[] => {
      if (isRecord(input)) {
        const { key, value, ts } = input;
        return [{ send: 'in', event: { lane: LANE, key, value, ts: (ts ?? 0) + SHIFT_MS } }];
      }
      if (input['control'] === 'processingTime') return [{ untilMs: (input['ts'] as number) + SHIFT_MS }];
      if (input['control'] !== 'watermark') return stepsOf(input);
      const watermark = (input['ts'] as number) + SHIFT_MS;
      return [{ send: 'in', event: { lane: LANE, key: null, value: null, watermark } }];
    },
    build: (scene) => {
      const windows = marked(scene, 'in')
        .groupByKey()
        .window(windowOf(words, time === 'processing' ? 'processing' : 'event', allowedLatenessMs as number))
        .aggregate<Cell>('windows', { initial, add, merge }, { emit: told === null ? 'final' : 'updates' });
      const rows = told === null ? windows : windows.suppress('told', told);
      scene.observe(
        rows.toStream().filter((row) => row !== null),
        'main',
      );
      scene.observe(
        windows.late.map(({ event }) => event),
        'late',
      );
    },
    // A row has the time of its greatest event here, there the end of its window.
    expected: expected.map((row) => {
      const { output = 'main', ts, ...rest } = row;
      return expectedRow({ ...rest, output, ...(output === 'late' && ts !== undefined ? { ts } : {}) });
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

/**
 * @returns how the rows are told; null: once, when a window has closed
 * @throws NotApplicable
 */
function tellingOf(operator: OperatorSpec, { type, dynamicGap }: WindowWords): WindowSuppressOptions | null {
  const { time, trigger, allowedLatenessMs } = operator;
  if (type === 'global') throw new NotApplicable('a window has an end: one without would keep its rows for ever');
  if (dynamicGap !== undefined) throw new NotApplicable('a session has one gap, whatever its events are');
  if (typeof trigger === 'object' && trigger !== null && 'continuousEventTimeMs' in trigger) {
    return { every: trigger.continuousEventTimeMs as number, time: 'event' };
  }
  if (trigger === 'eventTimePurging') {
    throw new NotApplicable('a row is all of its window: what was told is not taken out of it');
  }
  if (trigger !== `${String(time)}Time`) throw unknownWords('trigger', trigger);
  return allowedLatenessMs === 0 ? null : { untilWindowEnds: true };
}

function windowOf(
  { type, sizeMs = 0, slideMs = 0, gapMs = 0 }: WindowWords,
  time: 'event' | 'processing',
  grace: number,
): WindowDefinition<'session'> {
  return definitionOf() as WindowDefinition<'session'>;

  function definitionOf(): WindowDefinition {
    if (type === 'tumbling') return tumbling({ size: sizeMs, grace, time });
    if (type === 'sliding') return hopping({ size: sizeMs, advance: slideMs, grace, time });
    // There a session is closed when its gap is over, here a ms later, since an event at that time would still be in it.
    if (type === 'session') return session({ gap: gapMs - 1, grace, time });
    throw unknownWords('window', type);
  }
}
