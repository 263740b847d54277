import type { Duration } from '../base/duration.ts';
import { ExpiringRows } from '../operators/expiring-rows.ts';
import type { Operator } from '../operators/operator.ts';
import { RowAdoption } from '../operators/row-adoption.ts';
import { RowExpiry } from '../operators/row-expiry.ts';
import { TimerQueue } from '../operators/timer-queue.ts';
import { checkSpan } from './checks.ts';
import type { NodeDefinition, OpenSite, TopologyGraph } from './graph.ts';

/** How long the rows of a table live. */
export interface RowLife {
  /**
   * A row goes so long after it was written last, by log time, and what follows hears of it as a deletion. Default: never.
   * Of rows that a table had before it had one, the time begins with the first record that the topology takes in.
   */
  readonly ttl?: Duration;
}

export const LIFE_OPTIONS = ['ttl'] as const;

/**
 * What a node that keeps the rows of a table in its first store needs for them to expire.
 * @param fold makes the operator with what it passes its changes to
 */
export function withRowLife(
  graph: TopologyGraph,
  label: string,
  name: string,
  options: RowLife | null | undefined,
  fold: (site: OpenSite, output: Operator) => Operator,
): Pick<NodeDefinition, 'stores' | 'orderedStores' | 'open'> & { readonly life: { readonly ttlMs?: number } } {
  const ttl = options?.ttl;
  if (ttl === undefined) {
    return { stores: [name], life: {}, open: (site) => [fold(site, site.outputs[0] as Operator)] };
  }
  const ttlMs = checkSpan(graph, label, 'ttl', ttl, 1);
  return {
    stores: [name, `${name}:expiring`, `${name}:expiry`],
    orderedStores: [`${name}:expiry`],
    life: { ttlMs },
    open: (site) => {
      const lives = new ExpiringRows(site.store(1), new TimerQueue(site.store(2)), () => ttlMs);
      const adoption = new RowAdoption(site.store(0), lives, site.store(1));
      const output = site.outputs[0] as Operator;
      const expiry = new RowExpiry(site.name, site.context, site.store(0), lives, adoption, output);
      site.drive(expiry);
      return [expiry.before(fold(site, expiry.behind))];
    },
  };
}
