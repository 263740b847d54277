import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import {
  INGRESS_METRICS,
  LANE_METRICS,
  lateIndex,
  lateMetrics,
  MAX_LATE_COUNTERS,
  rejectionIndex,
} from '../../src/metrics/catalogue.ts';
import { CounterBlock } from '../../src/metrics/counter-block.ts';
import { Exposition } from '../../src/metrics/exposition.ts';

function lines(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('Exposition', () => {
  it('shows the same number of every partition under its label', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    for (const partition of [0, 1]) {
      const block = new CounterBlock(CounterBlock.allocate());
      block.add(LANE_METRICS.index.eventsLogged, 10 + partition);
      exposition.add(LANE_METRICS, block, { partition: String(partition) });
    }
    const text = await exposition.render();
    expect(lines(text, 'moka_events_logged_total')).toEqual([
      'moka_events_logged_total{partition="0"} 10',
      'moka_events_logged_total{partition="1"} 11',
    ]);
    expect(text).toContain('# TYPE moka_events_logged_total counter\n');
    expect(text.match(/# HELP moka_events_logged_total/g)).toHaveLength(1);
  });

  it('shows refusals by code, and only those that happened', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const block = new CounterBlock(CounterBlock.allocate());
    block.add(rejectionIndex(ERRORS.ERR_EVENT_SCHEMA.id), 3);
    exposition.add(INGRESS_METRICS, block);
    expect(lines(await exposition.render(), 'moka_events_rejected_total')).toEqual([
      'moka_events_rejected_total{code="ERR_EVENT_SCHEMA"} 3',
    ]);
  });

  it('shows late events by node, beside the numbers of the partition', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const block = new CounterBlock(CounterBlock.allocate());
    const labels = { partition: '0' };
    exposition.add(LANE_METRICS, block, labels);
    exposition.add(lateMetrics(['hours', 'pairs']), block, labels);
    for (const index of Object.values(LANE_METRICS.index)) block.set(index, 7);
    block.set(lateIndex(1), 3);
    expect(lines(await exposition.render(), 'moka_late_events_total')).toEqual([
      'moka_late_events_total{partition="0",node="hours"} 0',
      'moka_late_events_total{partition="0",node="pairs"} 3',
    ]);
  });

  it('shows late events of more nodes than it has room for together', () => {
    const many = Array.from({ length: MAX_LATE_COUNTERS + 5 }, (_, n) => `node-${n}`);
    const { metrics, index } = lateMetrics(many);
    expect(Object.keys(metrics)).toHaveLength(MAX_LATE_COUNTERS);
    expect(Object.keys(metrics).at(-1)).toBe('others');
    expect(index['others']).toBe(lateIndex(MAX_LATE_COUNTERS - 1));
    expect(lateIndex(MAX_LATE_COUNTERS + 4)).toBe(lateIndex(MAX_LATE_COUNTERS - 1));
  });

  it('shows times in seconds, in growing buckets that end in the count', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const block = new CounterBlock(CounterBlock.allocate());
    for (const us of [3, 100, 100, 5000]) block.histogram(LANE_METRICS.index.flushTime).record(us);
    exposition.add(LANE_METRICS, block, { partition: '0' });
    const shown = lines(await exposition.render(), 'moka_log_flush_seconds');
    expect(shown).toContain('moka_log_flush_seconds_bucket{partition="0",le="0.000004"} 1');
    expect(shown).toContain('moka_log_flush_seconds_bucket{partition="0",le="0.000064"} 1');
    expect(shown).toContain('moka_log_flush_seconds_bucket{partition="0",le="0.000256"} 3');
    expect(shown).toContain('moka_log_flush_seconds_bucket{partition="0",le="+Inf"} 4');
    expect(shown).toContain('moka_log_flush_seconds_count{partition="0"} 4');
    expect(shown.find((line) => line.includes('_sum'))).toMatch(/ 0\.0052\d*$/);
  });

  it('counts a batch of exactly the bound into its bucket', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const block = new CounterBlock(CounterBlock.allocate());
    for (const events of [3, 4, 15]) block.histogram(LANE_METRICS.index.batchEvents).record(events);
    exposition.add(LANE_METRICS, block);
    const shown = lines(await exposition.render(), 'moka_batch_events_bucket');
    expect(shown.slice(0, 2)).toEqual(['moka_batch_events_bucket{le="3"} 1', 'moka_batch_events_bucket{le="15"} 3']);
  });

  it('shows pools by name', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const pool = { hits: 7, misses: 2, outstanding: 1 };
    exposition.addPool('replies', pool);
    exposition.addPool('exchanges', { hits: 0, misses: 0, outstanding: 0 });
    pool.hits++;
    const shown = lines(await exposition.render(), 'moka_pool');
    expect(shown).toContain('moka_pool_hits_total{pool="replies"} 8');
    expect(shown).toContain('moka_pool_misses_total{pool="replies"} 2');
    expect(shown).toContain('moka_pool_outstanding{pool="replies"} 1');
    expect(shown).toHaveLength(6);
  });

  it('reads the memory anew every time', async () => {
    const exposition = new Exposition({ isProcessIncluded: false });
    const block = new CounterBlock(CounterBlock.allocate());
    exposition.add(LANE_METRICS, block);
    await exposition.render();
    block.set(LANE_METRICS.index.pressure, 2);
    expect(lines(await exposition.render(), 'moka_pressure')).toEqual(['moka_pressure 2']);
  });

  it('adds the figures of the process', async () => {
    const text = await new Exposition().render();
    expect(text).toContain('process_resident_memory_bytes');
    expect(lines(text, 'moka_main_loop_utilization_ratio')[0]).toMatch(/ (0|1|0\.\d+)(e-\d+)?$/);
  });

  it('shows no lag of the event loop that is made of the sampling interval', async () => {
    expect(lines(await new Exposition().render(), 'nodejs_eventloop_lag')).toEqual([
      expect.stringMatching(/^nodejs_eventloop_lag_seconds /),
    ]);
  });
});
