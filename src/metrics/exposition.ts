import { collectDefaultMetrics, Gauge, type Metric as PromMetric, Registry } from 'prom-client';
import type { CounterBlock } from './counter-block.ts';
import type { Histogram } from './histogram.ts';
import type { Metric, MetricSet } from './metric-set.ts';

/**
 * prom-client samples the event loop's lag with a timer. It wakes an idle box, and what it reports is lag plus interval;
 * so the timer is set to never, its figures are taken out, and the loop's utilization stands in for them.
 */
const NEVER_MS = 2 ** 31 - 1;
const SAMPLED_LAGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

/** Bounds of histogram buckets, where slots of the histogram begin: 4 µs to 72 minutes for times. */
const BUCKET_BOUNDS = Array.from({ length: 16 }, (_, power) => 4 ** (power + 1));

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
}

/** A block, what it holds, and the labels of everything in it. */
interface Source {
  readonly set: MetricSet;
  readonly block: CounterBlock;
  readonly labels: Labels;
}

/** All blocks of the engine and the figures of the process, as text for Prometheus. Used by the main thread. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #families = new Map<string, Family>();

  constructor({ isProcessIncluded = true } = {}) {
    if (isProcessIncluded) addProcess(this.#registry);
  }

  /** Shows this block too, each of its numbers with these labels, such as `{ partition: '0' }`. */
  add(set: MetricSet, block: CounterBlock, labels: Labels = {}): void {
    for (const [key, metric] of Object.entries(set.metrics)) {
      let family = this.#families.get(metric.name);
      if (family === undefined) {
        family = new Family(metric);
        this.#families.set(metric.name, family);
        // a registry asks its metrics for nothing but name and get()
        this.#registry.registerMetric(family as unknown as PromMetric<string>);
      }
      family.add(key, { set, block, labels });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const figure of SAMPLED_LAGS) registry.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: 'moka_main_loop_utilization_ratio',
    help: 'Share of the time since the last look that the main thread was busy.',
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
}

/** All numbers of one name, read out of shared memory whenever somebody looks. */
class Family {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['kind'];
  readonly #members: { key: string; source: Source }[] = [];

  constructor({ name, help, kind }: Metric) {
    this.name = name;
    this.help = help;
    this.type = kind;
  }

  add(key: string, source: Source): void {
    this.#members.push({ key, source });
  }

  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }> {
    const values = this.#members.flatMap(({ key, source }) => samplesOf(key, source));
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' });
  }
}

function samplesOf(key: string, { set, block, labels }: Source): Sample[] {
  const metric = set.metrics[key] as Metric;
  const index = set.index[key] as number;
  const all = { ...labels, ...metric.labels };
  if (metric.kind === 'histogram') return bucketsOf(metric, block.histogram(index), all);
  const value = block.get(index);
  return metric.isSparse && value === 0 ? [] : [{ labels: all, value }];
}

function bucketsOf({ name, scale }: Metric, histogram: Histogram, labels: Labels): Sample[] {
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
