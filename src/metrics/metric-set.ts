import { assert } from '../base/assert.ts';
import { COUNTER_CAPACITY, HISTOGRAM_CAPACITY } from './counter-block.ts';

/** One number or histogram of a block, and how it is called outside. Items of one name differ in their labels. */
export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram: what one recorded unit is in the unit of its name, 1e-6 for seconds recorded in µs. */
  readonly scale: number;
  /** Shown only once it is not 0: one of many that most boxes never see. */
  readonly isSparse: boolean;
}

/** What a block holds. `index` says where: counters and gauges count from 0, histograms from 0 by themselves. */
export interface MetricSet<K extends string = string> {
  readonly metrics: Readonly<Record<K, Metric>>;
  readonly index: Readonly<Record<K, number>>;
}

type Labels = Readonly<Record<string, string>>;

/** A number that only grows; its name ends in `_total`. */
export function counter(name: string, help: string, labels: Labels = {}): Metric {
  return { kind: 'counter', name, help, labels, scale: 1, isSparse: false };
}

/** A number that goes up and down. */
export function gauge(name: string, help: string, labels: Labels = {}): Metric {
  return { kind: 'gauge', name, help, labels, scale: 1, isSparse: false };
}

/** Recorded in `1 / scale` of the unit that its name ends in. */
export function histogram(name: string, help: string, scale: number): Metric {
  return { kind: 'histogram', name, help, labels: {}, scale, isSparse: false };
}

export function sparse(metric: Metric): Metric {
  return { ...metric, isSparse: true };
}

/**
 * Gives every metric its place; order of declaration is order in memory, so all threads must run the same build.
 * @param firstCounter where the counters and gauges begin, behind those of another set in the same block
 */
export function defineMetrics<K extends string>(metrics: Readonly<Record<K, Metric>>, firstCounter = 0): MetricSet<K> {
  const index = {} as Record<K, number>;
  let counters = firstCounter;
  let histograms = 0;
  for (const key of Object.keys(metrics) as K[]) {
    index[key] = metrics[key].kind === 'histogram' ? histograms++ : counters++;
  }
  assert(counters <= COUNTER_CAPACITY, 'the counters of a set fit a block');
  assert(histograms <= HISTOGRAM_CAPACITY, 'the histograms of a set fit a block');
  return { metrics, index };
}
