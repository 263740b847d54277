import { KeyedHash, partitionOf } from '../../src/base/hash.ts';
import { DriverPartition, type MovedChange } from '../../src/testing/driver-partition.ts';
import type { CompiledTopology, HopSpec } from '../../src/topology/compiled.ts';

/**
 * Partitions that send each other changes which arrive when the test says so: in the order in which they were sent by one
 * partition to another at one level, else in any.
 */
export class ScatteredDriver {
  readonly #topology: CompiledTopology;
  readonly #partitions: DriverPartition[];
  readonly #hash = new KeyedHash(new Uint8Array(8));
  readonly #ways = new Map<string, MovedChange[]>();
  #now = 1_763_600_000_000;

  constructor(topology: CompiledTopology, partitionCount: number) {
    this.#topology = topology;
    this.#partitions = Array.from(
      { length: partitionCount },
      (_, partition) => new DriverPartition(topology, partition, partitionCount, (key) => this.partitionOf(key)),
    );
  }

  get isQuiet(): boolean {
    return this.#ways.size === 0;
  }

  partitionOf(key: string): number {
    this.#hash.hashString(key);
    return partitionOf(this.#hash.low, this.#hash.high, this.#partitions.length);
  }

  /** Takes an event in where its key lies. */
  send<Event extends { readonly key: string; readonly at: number }>(stream: string, event: Event): void {
    const spec = this.#topology.streams.find(({ name }) => name === stream) as { id: number };
    const partition = this.partitionOf(event.key);
    (this.#partitions[partition] as DriverPartition).process(spec.id, event.key, event, event.at, this.#now++);
    this.#collect();
  }

  /** The change that has waited longest on one of the ways arrives; nothing happens if none is under way. */
  deliver(choice: number): void {
    const ways = [...this.#ways.keys()].sort();
    const way = ways[choice % ways.length];
    if (way === undefined) return;
    const changes = this.#ways.get(way) as MovedChange[];
    const change = changes.shift() as MovedChange;
    if (changes.length === 0) this.#ways.delete(way);
    (this.#partitions[change.target] as DriverPartition).processMoved(change, this.#now++);
    this.#collect();
  }

  settle(): void {
    for (let n = 0; !this.isQuiet; n++) this.deliver(n);
  }

  /** Rows of a view over all partitions, as they lie there. */
  rows(view: string): [partition: number, key: string, row: unknown][] {
    const { storeId } = this.#topology.views.find(({ name }) => name === view) as { storeId: number };
    return this.#partitions.flatMap((partition, number) =>
      partition
        .store(storeId)
        .rows()
        .map(([key, row]): [number, string, unknown] => [number, key, row]),
    );
  }

  /** Rows of a store over all partitions. */
  stored(store: string): [key: string, value: unknown][] {
    const { id } = this.#topology.stores.find(({ name }) => name === store) as { id: number };
    return this.#partitions.flatMap((partition) => partition.store(id).rows());
  }

  /** Rows of a view by key; each must lie in the partition of its key, so there is no other one. */
  view(name: string): Map<string, unknown> {
    const rows = new Map<string, unknown>();
    for (const [partition, key, row] of this.rows(name)) {
      if (partition !== this.partitionOf(key))
        throw new Error(`view=${name} key=${key} lies in partition=${partition}`);
      rows.set(key, row);
    }
    return rows;
  }

  #collect(): void {
    this.#partitions.forEach((partition, source) => {
      for (const change of partition.moved.splice(0)) {
        const { level } = this.#topology.hops[change.hop] as HopSpec;
        const way = `${source}>${change.target}@${level}`;
        const changes = this.#ways.get(way);
        if (changes === undefined) this.#ways.set(way, [change]);
        else changes.push(change);
      }
    });
  }
}
