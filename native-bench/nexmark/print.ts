import type { Measured } from './measure.ts';
import { PUBLISHED } from './published.ts';

/** What a run says per core and per event. */
export interface Rates {
  /** Events per second by the clock on the wall. */
  readonly total: number;
  /** Events per second of CPU, the generator's included. */
  readonly perCore: number;
  /** CPU per event without the generator and what hands its events over, in µs. */
  readonly engineMicros: number;
  readonly senderMicros: number;
}

export function ratesOf({ events, seconds, cpuSeconds, senderSeconds }: Measured): Rates {
  return {
    total: events / seconds,
    perCore: events / cpuSeconds,
    engineMicros: ((cpuSeconds - senderSeconds) / events) * 1e6,
    senderMicros: (senderSeconds / events) * 1e6,
  };
}

/** The run with the median rate per core. */
export function medianOf(runs: readonly Measured[]): Measured {
  const sorted = [...runs].sort((a, b) => a.cpuSeconds / a.events - b.cpuSeconds / b.events);
  return sorted[sorted.length >> 1] as Measured;
}

const COLUMNS =
  'query  durable       total    per core   engine µs  sender µs       rows      Flink      ×    Feldera     ×';

/** One table: everything of one density, events per second in thousands. */
export function tableOf(results: readonly Measured[]): string {
  return [COLUMNS, ...results.map(lineOf)].join('\n');
}

function lineOf(measured: Measured): string {
  const { query, isDurable, rows } = measured;
  const { total, perCore, engineMicros, senderMicros } = ratesOf(measured);
  const { flink, feldera } = PUBLISHED[query] ?? { flink: null, feldera: null };
  return [
    query.padEnd(5),
    (isDurable ? 'yes' : 'no').padStart(9),
    thousands(total).padStart(12),
    thousands(perCore).padStart(12),
    engineMicros.toFixed(2).padStart(12),
    senderMicros.toFixed(2).padStart(11),
    String(rows).padStart(11),
    ...against(perCore, flink, 11),
    ...against(perCore, feldera, 11),
  ].join('');
}

function against(perCore: number, published: number | null, width: number): string[] {
  if (published === null) return ['–'.padStart(width), '–'.padStart(7)];
  return [`${Math.round(published)} K`.padStart(width), (perCore / 1000 / published).toFixed(1).padStart(7)];
}

function thousands(rate: number): string {
  return `${Math.round(rate / 1000)} K`;
}
