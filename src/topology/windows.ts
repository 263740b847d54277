import type { Duration } from '../base/duration.ts';

/**
 * A way to cut a stream into windows, made by the functions below and given to `grouped.window(…)`, which looks it over.
 * `grace` says how long after its end a window still takes events that come late: 0 for none. A day is `'1d'`, ten minutes are
 * `'10m'` or 600_000.
 */
export interface WindowDefinition<Kind extends string = string> {
  readonly kind: Kind;
  readonly options: Readonly<Record<string, unknown>>;
}

/** By the time at which events happened: a window closes when the stream has come so far. */
export interface ByEventTime {
  readonly time?: 'event';
  readonly grace: Duration;
}

/** By log time, the box's clock as the log keeps it: a window closes by itself, and no event is late. */
export interface ByProcessingTime {
  readonly time: 'processing';
  /** Default: 0. */
  readonly grace?: Duration;
}

export type WindowTimes = ByEventTime | ByProcessingTime;

export type TumblingOptions = WindowTimes & {
  readonly size: Duration;
  /** Windows begin at multiples of the size from here on, in ms since 1970; less than the size, and may be negative. */
  readonly offset?: Duration;
};

/** Windows of one size, one after the other, the same for every key: `start` belongs to it, `end` does not. */
export function tumbling(options: TumblingOptions): WindowDefinition<'tumbling'> {
  return { kind: 'tumbling', options: { ...options } };
}

export type HoppingOptions = WindowTimes & {
  readonly size: Duration;
  /** From the beginning of a window to that of the next; no more than the size. */
  readonly advance: Duration;
};

/** Windows of one size that overlap: one begins at every multiple of `advance`. Without their `end`. */
export function hopping(options: HoppingOptions): WindowDefinition<'hopping'> {
  return { kind: 'hopping', options: { ...options } };
}

export type SlidingOptions = WindowTimes & {
  /** How far apart in time two events of one window are at most. */
  readonly difference: Duration;
};

/** One window for each set of events of a key that lie within `difference` of each other; `end` belongs to it. */
export function sliding(options: SlidingOptions): WindowDefinition<'sliding'> {
  return { kind: 'sliding', options: { ...options } };
}

export type SessionOptions = WindowTimes & {
  /** Two events that are no further apart than this are in one session. */
  readonly gap: Duration;
};

export type TimeoutOptions = WindowTimes & {
  /** How long a session lasts from its first event on, whatever comes. */
  readonly timeout: Duration;
};

/**
 * With a `gap`: the events of a key up to a pause; the window reaches from the first event to the last, which belongs to
 * it, and grows and merges as events come. With a `timeout`: a fixed time from the first event of a key on, without its
 * `end`; the next event after that begins the next window.
 */
export function session(options: SessionOptions): WindowDefinition<'session'>;
export function session(options: TimeoutOptions): WindowDefinition<'timeout'>;
export function session(options: SessionOptions | TimeoutOptions): WindowDefinition<'session' | 'timeout'> {
  return { kind: 'timeout' in (options ?? {}) ? 'timeout' : 'session', options: { ...options } };
}

export type CalendarDaysOptions = WindowTimes & {
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string;
  /** When the day begins by the clocks of the place: `'HH:mm'`. Default: `'00:00'`. */
  readonly cutoff?: string;
};

/** The days of a place; one on which its clocks are changed has 23 or 25 hours. Without their `end`. */
export function calendarDays(options: CalendarDaysOptions): WindowDefinition<'calendarDays'> {
  return { kind: 'calendarDays', options: { ...options } };
}

export interface CountWindowOptions {
  /** Events of a window. */
  readonly size: number;
  /** From the beginning of a window to that of the next, in events; no more than the size. Default: the size. */
  readonly every?: number;
}

/**
 * So many events of a key, whenever they happened. The bounds are the numbers of its events, from 0, without the `end`. No
 * event is late, and the last windows of a key stay open until it comes again.
 */
export function countWindow(options: CountWindowOptions): WindowDefinition<'countWindow'> {
  return { kind: 'countWindow', options: { ...options } };
}
