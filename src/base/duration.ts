/** A span of time: a whole number of ms, or text such as `500ms`, `10s`, `5m`, `1h`, `2d`. */
export type Duration = number | string;

const MS_OF_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const FORM = /^(\d{1,12}) ?(ms|s|m|h|d)$/;

/** @returns ms, or null for what is no duration: a fraction, a negative number, an unknown unit */
export function parseDuration(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = typeof value === 'string' ? FORM.exec(value) : null;
  if (match === null) return null;
  const ms = Number(match[1]) * (MS_OF_UNIT[match[2] as string] as number);
  return Number.isSafeInteger(ms) ? ms : null;
}
