// data plane

/** Days and minutes in UTC, as texts. They repeat from event to event, and to write one out costs more than an event does. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

let lastDay = Number.NaN;
let lastDayText = '';
let lastMinute = Number.NaN;
let lastMinuteText = '';

/** Days since 1970. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** Of a day since 1970: `yyyy-MM-dd`. */
export function dayText(day: number): string {
  if (day === lastDay) return lastDayText;
  lastDay = day;
  lastDayText = new Date(day * DAY_MS).toISOString().slice(0, 10);
  return lastDayText;
}

/** Hours of the day, 0 to 23. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) % 24;
}

/** Minutes of the day, 0 to 1439. */
export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) % 1440;
}

/** Of a minute of the day: `HH:mm`. */
export function minuteText(minute: number): string {
  if (minute === lastMinute) return lastMinuteText;
  lastMinute = minute;
  lastMinuteText = new Date(minute * MINUTE_MS).toISOString().slice(11, 16);
  return lastMinuteText;
}
