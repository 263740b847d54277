import type { CounterBlock } from './counter-block.ts';
import type { Histogram } from './histogram.ts';
import type { Metric, MetricSet } from './metric-set.ts';

/** One value with its labels; of a histogram, `metricName` says which of its parts. */
export interface Sample {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
}

export type Labels = Readonly<Record<string, string>>;

/** Bounds of histogram buckets, where slots of the histogram begin: 4 µs to 72 minutes for times. */
const BUCKET_BOUNDS = Array.from({ length: 16 }, (_, power) => 4 ** (power + 1));

/** What a block says now of the metric with this key; nothing of a sparse one that is 0. */
export function blockSamples(set: MetricSet, key: string, block: CounterBlock, labels: Labels): Sample[] {
  const metric = set.metrics[key] as Metric;
  const index = set.index[key] as number;
  const all = { ...labels, ...metric.labels };
  if (metric.kind === 'histogram') return bucketSamples(metric, block.histogram(index), all);
  const value = block.get(index);
  return metric.isSparse && value === 0 ? [] : [{ labels: all, value }];
}

function bucketSamples({ name, scale }: Metric, histogram: Histogram, labels: Labels): Sample[] {
  const buckets = BUCKET_BOUNDS.map((bound) => ({
    labels: { ...labels, le: upperEdge(bound, scale) },
    value: histogram.countBelow(bound),
    metricName: `${name}_bucket`,
  }));
  const count = histogram.count;
  return [
    ...buckets,
    { labels: { ...labels, le: '+Inf' }, value: count, metricName: `${name}_bucket` },
    { labels, value: histogram.sum * scale, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}

/**
 * Prometheus counts a value equal to the bound in, the slots leave it out. Whole things below 4 are at most 3; times are
 * cut to whole µs when recorded, so that all that count as below 4 µs were at most that.
 */
function upperEdge(bound: number, scale: number): number {
  return scale === 1 ? bound - 1 : Number((bound * scale).toPrecision(12));
}
