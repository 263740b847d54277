import { type Metric as PromMetric, Registry } from 'prom-client';
import { blockSamples, type Labels, type Sample } from './block-samples.ts';
import type { CounterBlock } from './counter-block.ts';
import type { Metric, MetricSet } from './metric-set.ts';
import { addProcessFigures } from './process-figures.ts';

/** What an object pool counts about itself. */
export interface PoolCounts {
  readonly hits: number;
  readonly misses: number;
  readonly outstanding: number;
}

type Title = Pick<Metric, 'name' | 'help' | 'kind'>;

const POOL_HITS: Title = { kind: 'counter', name: 'moka_pool_hits_total', help: 'Objects that a pool had ready.' };
const POOL_MISSES: Title = {
  kind: 'counter',
  name: 'moka_pool_misses_total',
  help: 'Objects that a pool had to make.',
};
const POOL_OUTSTANDING: Title = {
  kind: 'gauge',
  name: 'moka_pool_outstanding',
  help: 'Objects taken from a pool and not given back.',
};

/** All blocks of the engine and the figures of the process, as text for Prometheus. Used by the main thread. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #families = new Map<string, Family>();

  constructor({ isProcessIncluded = true } = {}) {
    if (isProcessIncluded) addProcessFigures(this.#registry);
  }

  /** Shows this block too, each of its numbers with these labels, such as `{ partition: '0' }`. */
  add(set: MetricSet, block: CounterBlock, labels: Labels = {}): void {
    for (const [key, metric] of Object.entries(set.metrics)) {
      this.#family(metric).add(() => blockSamples(set, key, block, labels));
    }
  }

  /** Shows a pool of the main thread under this name. */
  addPool(pool: string, counts: PoolCounts): void {
    const labels = { pool };
    this.#family(POOL_HITS).add(() => [{ labels, value: counts.hits }]);
    this.#family(POOL_MISSES).add(() => [{ labels, value: counts.misses }]);
    this.#family(POOL_OUTSTANDING).add(() => [{ labels, value: counts.outstanding }]);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #family(title: Title): Family {
    const known = this.#families.get(title.name);
    if (known !== undefined) return known;
    const family = new Family(title);
    this.#families.set(title.name, family);
    // a registry asks its metrics for nothing but name and get()
    this.#registry.registerMetric(family as unknown as PromMetric<string>);
    return family;
  }
}

/** All numbers of one name, read whenever somebody looks. */
class Family {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['kind'];
  readonly #members: (() => Sample[])[] = [];

  constructor({ name, help, kind }: Title) {
    this.name = name;
    this.help = help;
    this.type = kind;
  }

  add(member: () => Sample[]): void {
    this.#members.push(member);
  }

  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }> {
    const values = this.#members.flatMap((read) => read());
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' });
  }
}
