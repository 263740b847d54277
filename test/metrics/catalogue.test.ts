import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { INGRESS_METRICS, LANE_METRICS, rejectionIndex } from '../../src/metrics/catalogue.ts';
import { CounterBlock } from '../../src/metrics/counter-block.ts';
import { defineMetrics, gauge, type Metric } from '../../src/metrics/metric-set.ts';
import { sourceFilesBelow } from '../project/source-tree.ts';

const ALL: [string, Metric][] = [INGRESS_METRICS, LANE_METRICS].flatMap(({ metrics }) => Object.entries(metrics));

describe('the catalogue of metrics', () => {
  it('names units as Prometheus does', () => {
    for (const [key, { name, kind }] of ALL) {
      expect(name, key).toMatch(/^moka(_[a-z]+)+$/);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
    }
  });

  it('gives one name one kind and one help', () => {
    for (const [key, metric] of ALL) {
      const first = ALL.find(([, { name }]) => name === metric.name)?.[1] as Metric;
      expect([metric.kind, metric.help], key).toEqual([first.kind, first.help]);
    }
  });

  it('tells metrics of one name apart by their labels', () => {
    const shown = ALL.map(([, { name, labels }]) => name + JSON.stringify(labels));
    expect(new Set(shown).size).toBe(ALL.length);
  });

  it('has a place for the refusal of every error', () => {
    const places = Object.values(ERRORS).map(({ id }) => rejectionIndex(id));
    expect(places.every((index) => index >= 0)).toBe(true);
    expect(new Set(places).size).toBe(places.length);
  });
});

describe('every metric', () => {
  /** Files that write blocks name the metrics they write by their keys in the catalogue. */
  const writers = sourceFilesBelow('src')
    .filter(({ path, imports }) => !path.startsWith('src/metrics/') && imports.includes('src/metrics/catalogue.ts'))
    .map(({ text }) => text)
    .join('\n');

  it('is kept by somebody', () => {
    const unkept = ALL.map(([key]) => key).filter(
      (key) => !key.startsWith('rejected:') && !new RegExp(`\\.${key}\\b|\\b${key}:`).test(writers),
    );
    expect(unkept).toEqual([]);
  });
});

describe('defineMetrics', () => {
  it('refuses more counters than a block holds', () => {
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`n${n}`, gauge(`moka_${n}`, '')]));
    expect(() => defineMetrics(many)).toThrow('the counters of a set fit a block');
  });

  it('places counters and histograms independently', () => {
    const block = new CounterBlock(CounterBlock.allocate());
    block.histogram(LANE_METRICS.index.flushTime).record(100);
    expect(block.get(LANE_METRICS.index.eventsLogged)).toBe(0);
    expect(LANE_METRICS.index.eventsLogged).toBe(0);
    expect(LANE_METRICS.index.batchEvents).toBe(0);
  });
});
