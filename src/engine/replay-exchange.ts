import { KeyedHash } from '../base/hash.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import type { Outbox } from '../store/outbox.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { LaneContext } from '../worker/event-context.ts';
import { Exchange, type ExchangeLink } from '../worker/exchange.ts';
import type { DataDirectory } from './data-directory.ts';
import { EXCHANGE_RING_BYTES } from './lane-memory.ts';

/** Ways out of a partition, those to itself counted; as many lead in. */
export function channelCount(partitions: number, topology: CompiledTopology): number {
  return partitions === 1 ? 0 : levelsOf(topology) * partitions;
}

/**
 * What a partition sends at its replay, with nobody at the other ends: they have had it long ago. It gets its numbers, and
 * what cannot be sent fails, as it did then.
 *
 * @returns null where nothing moves between partitions
 */
export function replayExchange(
  directory: DataDirectory,
  partition: number,
  topology: CompiledTopology,
  outbox: Outbox,
  context: LaneContext,
): Exchange | null {
  const partitionCount = directory.partitions;
  if (channelCount(partitionCount, topology) === 0) return null;
  const end = {
    ring: new SpscRing(SpscRing.allocate(EXCHANGE_RING_BYTES)),
    confirmed: new Float64Array(1),
    bell: new Doorbell(Doorbell.allocate()),
  };
  const linksOut: ExchangeLink[] = [];
  for (let level = 1; level <= levelsOf(topology); level++) {
    for (let peer = 0; peer < partitionCount; peer++) if (peer !== partition) linksOut.push({ level, peer, ...end });
  }
  const options = {
    partition,
    partitionCount,
    hops: topology.hops,
    linksOut,
    linksIn: [],
    drained: new Int32Array(partitionCount),
    routingHash: new KeyedHash(directory.routingSecret),
  };
  return new Exchange(options, outbox, context);
}

/** Forgets what was sent, between two events. */
export function dropSent(outbox: Outbox): void {
  for (const queue of outbox.queues) queue.confirm(queue.tailSequence - 1);
}

function levelsOf({ hops }: CompiledTopology): number {
  return Math.max(0, ...hops.map((hop) => hop.level));
}
