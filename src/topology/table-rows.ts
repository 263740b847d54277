import type { Operator, OperatorStore } from '../operators/operator.ts';
import { RowVersions } from '../operators/row-versions.ts';
import { DerivedReader, RowCatcher, StoreReader, type TableReader } from '../operators/table-reader.ts';
import type { OpenSite, Port, TopologyGraph, TopologyNode } from './graph.ts';

/**
 * How a node that is given a table comes by its rows: it reads them in the store of the node that makes them. A table
 * that exists only as a flow of changes (a map, a filter) it copies; one that is derived so from a versioned table it
 * derives anew from the row of the time that is asked for.
 */
export interface TableRows {
  /** Names of the stores that it reads; none for a table that has to be copied. */
  readonly borrowed: readonly string[];
  /** How far back the rows are known, in ms; null for the latest only. */
  readonly historyMs: number | null;
  /** Maps and filters between the versioned table and the one that was given. */
  readonly derivation: readonly TopologyNode[];
}

/** Rows at any time, of a table that is versioned or derived from one that is; else the latest. */
export function rowsOf(graph: TopologyGraph, table: Port): TableRows {
  const derivation: TopologyNode[] = [];
  let node = graph.node(table);
  while (node.emits === 'table' && (node.kind === 'map' || node.kind === 'filter')) {
    derivation.unshift(node);
    node = graph.node(node.inputs[0] as Port);
  }
  const { historyMs } = node.settings;
  if (typeof historyMs === 'number') return { borrowed: node.stores.slice(0, 2), historyMs, derivation };
  return latestRowsOf(graph, table);
}

/** The latest rows, with their times. */
export function latestRowsOf(graph: TopologyGraph, table: Port): TableRows {
  const { stores, timedStores, keepsRows } = graph.node(table);
  const store = stores[0];
  const isKept = keepsRows && store !== undefined && timedStores.includes(store);
  return { borrowed: isKept ? [store] : [], historyMs: null, derivation: [] };
}

/** @param stores those that are borrowed, or the copy */
export function openReader(rows: TableRows, site: OpenSite, stores: readonly OperatorStore[]): TableReader {
  const { historyMs, derivation } = rows;
  if (historyMs === null) return new StoreReader(stores[0] as OperatorStore);
  const origin = new RowVersions(stores[0] as OperatorStore, stores[1] as OperatorStore, historyMs);
  if (derivation.length === 0) return origin;
  const last = new RowCatcher();
  const first = derivation.reduceRight<Operator>((next, node) => {
    // The node's own name, so that a failure is put down to it.
    const step = Object.create(site, { name: { value: node.name }, outputs: { value: [next] } }) as OpenSite;
    return node.open(step)[0] as Operator;
  }, last);
  return new DerivedReader(origin, first, last);
}
