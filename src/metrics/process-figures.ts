import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';

/**
 * prom-client samples the event loop's lag with a timer. It wakes an idle box, and what it reports is lag plus interval;
 * so the timer is set to never, its figures are taken out, and the loop's utilization stands in for them.
 */
const NEVER_MS = 2 ** 31 - 1;
const SAMPLED_LAGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

/** Memory, CPU, descriptors, collector and event loop of this process. */
export function addProcessFigures(registry: Registry): void {
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
