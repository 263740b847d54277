// data plane

/** A span of event time in ms. Whether `end` belongs to it depends on the kind of window. */
export interface WindowBounds {
  readonly start: number;
  readonly end: number;
}

/**
 * The key of a row that belongs to a key and a window: the key, a zero character (no key has one), start and end. Rows of
 * one key stand together, in the order of their windows.
 */
export function windowKey(key: string, start: number, end: number): string {
  return `${key}\u0000${timeText(start)}${timeText(end)}`;
}

/** Whether the key is one of `windowKey`. */
export function isWindowKey(key: string): boolean {
  return key.length > SUFFIX_LENGTH && key.charCodeAt(key.length - SUFFIX_LENGTH) === 0;
}

/** The key in one of `windowKey`; any other is itself. Of windows of windows the inner one stays with the key. */
export function keyOfWindowKey(key: string): string {
  return isWindowKey(key) ? key.slice(0, key.length - SUFFIX_LENGTH) : key;
}

/** What an event came in under: the key without any window. All windows of a key lie in its partition. */
export function plainKeyOf(key: string): string {
  return isWindowKey(key) ? key.slice(0, key.indexOf('\u0000')) : key;
}

/**
 * Where the key ends in a row that is a key, a zero character and a name: at its first zero character, or at the first that
 * no window stands behind, for a window belongs to its key.
 */
export function endOfKey(row: string): number {
  let end = row.indexOf('\u0000');
  while (isWindowAt(row, end)) end += SUFFIX_LENGTH;
  return end;
}

function isWindowAt(row: string, at: number): boolean {
  const end = at + SUFFIX_LENGTH;
  if (at < 0 || row.charCodeAt(end) !== 0) return false;
  return isWindowText(row.slice(at + 1, end));
}

/** Whether it could be taken for a window in a row. */
export function isWindowText(name: string): boolean {
  return name.length === 2 * TIME_LENGTH && /^\d+$/.test(name);
}

export function windowOfKey(key: string): WindowBounds {
  const at = key.length - 2 * TIME_LENGTH;
  return { start: timeOfText(key, at), end: timeOfText(key, at + TIME_LENGTH) };
}

/**
 * A time as text whose order is that of the time: 16 digits. For a millisecond from -3.5·10^15 (before the year -100 000)
 * to 4.5·10^15.
 */
export function timeText(ms: number): string {
  return ms === lastTime ? lastText : remember(ms);
}

/** The time that `timeText` wrote, `at` characters into a text. */
export function timeOfText(text: string, at: number): number {
  return Number(text.slice(at, at + TIME_LENGTH)) - ORIGIN;
}

export const TIME_LENGTH = 16;
const SUFFIX_LENGTH = 1 + 2 * TIME_LENGTH;
const ORIGIN = 2 ** 52;

// Windows repeat: to write out 16 digits takes 150 ns.
let lastTime = Number.NaN;
let lastText = '';

function remember(ms: number): string {
  lastTime = ms;
  lastText = String(ms + ORIGIN);
  return lastText;
}
