import type { Row } from './row.ts';
import type { Envelope } from './steps.ts';

/**
 * An event of the year 1970 is none that an engine takes. So there time begins as many days later as lead into the year
 * 2033: windows of any usual size begin at the same places as before.
 */
export const EPOCH_MS = 23_100 * 24 * 60 * 60 * 1000;

export function movedOn(event: Envelope, epochMs: number): Envelope {
  const { ts, watermark } = event;
  return {
    ...event,
    ...(ts === undefined ? {} : { ts: ts + epochMs }),
    ...(watermark === undefined ? {} : { watermark: watermark + epochMs }),
  };
}

/** No window begins before time does; where time began long ago such windows are left out. */
export function movedBack(rows: readonly Row[], epochMs: number): Row[] {
  return rows
    .map((row): Row => {
      const { ts, window } = row;
      return {
        ...row,
        ...(ts === undefined ? {} : { ts: ts - epochMs }),
        ...(window === undefined ? {} : { window: { start: window.start - epochMs, end: window.end - epochMs } }),
      };
    })
    .filter(({ window }) => window === undefined || epochMs === 0 || window.start >= 0);
}
