import { ArrivalClock } from '../operators/arrival-clock.ts';
import { MarkSender } from '../operators/mark-sender.ts';
import { NodeClock } from '../operators/node-clock.ts';
import type { OperatorStore } from '../operators/operator.ts';
import { PeerClock } from '../operators/peer-clock.ts';
import type { Repartitioner } from '../operators/repartition.ts';
import { SourceClock } from '../operators/source-clock.ts';
import type { TimeSource } from '../operators/time-source.ts';
import { WaitingClock } from '../operators/waiting-clock.ts';
import type { TopologyNode } from './graph.ts';

/** What is to be known of event time at a node, a store for the registers of each place. */
export interface ClockedNode {
  readonly node: TopologyNode;
  /**
   * 1, or 1 + its hops where something behind them asks: before the first hop, behind it, behind the next; likewise 2 where
   * events wait.
   */
  readonly places: number;
}

/** The nodes that ask for their event time, the streams that tell it, and the hops that it passes on the way. */
export function clockedNodes(nodes: readonly TopologyNode[]): ClockedNode[] {
  const asking = nodes.filter((node) => asksForTime(node, nodes));
  const above = new Set(asking.flatMap((node) => nodesAbove(node, nodes)));
  return nodes.flatMap((node) => {
    if (above.has(node) && placesOf(node) > 1) return [{ node, places: placesOf(node) }];
    const isClocked = asking.includes(node) || (above.has(node) && node.stream !== null);
    return isClocked ? [{ node, places: 1 }] : [];
  });
}

function placesOf(node: TopologyNode): number {
  return 1 + node.hops + (waits(node) ? 1 : 0);
}

function waits(node: TopologyNode): boolean {
  return node.asks || node.graceMs !== null;
}

export function asksForTime(node: TopologyNode, nodes: readonly TopologyNode[]): boolean {
  if (node.hasClock !== 'with-watermarks') return node.hasClock;
  return nodesAbove(node, nodes).some(({ stream }) => stream !== null && stream.watermark !== null);
}

/** @returns by how much event time at a node may stand behind that of the streams, in ms */
export function lags(nodes: readonly TopologyNode[]): (node: TopologyNode) => number {
  const known = new Map<TopologyNode, number>();
  const lagOf = (node: TopologyNode): number => {
    let lagMs = known.get(node) ?? 0;
    if (known.has(node)) return lagMs;
    for (const port of node.inputs) {
      const input = nodes[port.node] as TopologyNode;
      lagMs = Math.max(lagMs, (input.graceMs ?? 0) + lagOf(input));
    }
    known.set(node, lagMs);
    return lagMs;
  };
  return lagOf;
}

/** Everything whose changes may reach a node, the node itself not. */
function nodesAbove(node: TopologyNode, nodes: readonly TopologyNode[]): TopologyNode[] {
  const seen = new Set<TopologyNode>();
  const visit = (one: TopologyNode): void => {
    for (const port of one.inputs) {
      const input = nodes[port.node] as TopologyNode;
      if (seen.has(input)) continue;
      seen.add(input);
      visit(input);
    }
  };
  visit(node);
  return [...seen];
}

/** What a partition knows of event time behind a hop from what came by it. */
export interface HopClocks {
  readonly arrivals: ArrivalClock | null;
  /** By partition; none of its own. */
  readonly peers: readonly (PeerClock | undefined)[];
}

/**
 * One partition's clocks. Between a stream and a node that asks there may be hops; behind each, time is what stands before
 * it in this partition and what the other partitions say stands before it there:
 *
 * ```
 *   stream ─► node before the hop ─┬────────────────► behind it: the least of all partitions that are not idle
 *                                  └─ marks ─► others     ▲
 *                                     others' marks ──────┘
 * ```
 */
export class Clocks {
  /** Of each place, each behind those that it hears from. */
  readonly ordered: NodeClock[] = [];
  readonly senders: { readonly node: TopologyNode; readonly operator: MarkSender }[] = [];
  /** By node whose events wait; none where nobody asks. */
  readonly waiting = new Map<TopologyNode, WaitingClock>();
  /** By hop number; undefined where nobody asks. */
  readonly hops: (HopClocks | undefined)[] = [];
  readonly #nodes: readonly TopologyNode[];
  readonly #storeIds: ReadonlyMap<TopologyNode, number>;
  readonly #store: (id: number) => OperatorStore;
  readonly #repartitioner: Repartitioner | null;
  readonly #hopIds: ReadonlyMap<TopologyNode, number>;
  readonly #sources = new Map<TopologyNode, SourceClock>();
  readonly #places = new Map<TopologyNode, readonly NodeClock[]>();

  /** @param storeIds first store of each clocked node; those of its further places follow */
  constructor(
    nodes: readonly TopologyNode[],
    storeIds: ReadonlyMap<TopologyNode, number>,
    hopIds: ReadonlyMap<TopologyNode, number>,
    store: (id: number) => OperatorStore,
    repartitioner: Repartitioner | null,
  ) {
    this.#nodes = nodes;
    this.#storeIds = storeIds;
    this.#hopIds = hopIds;
    this.#store = store;
    this.#repartitioner = repartitioner;
    for (const { node, places } of clockedNodes(nodes)) {
      if (node.stream === null) this.#placesOf(node, places);
      else this.#sourceOf(node);
    }
  }

  source(node: TopologyNode): SourceClock | null {
    return this.#sources.get(node) ?? null;
  }

  /** Of a node that asks: what its inputs say. */
  clock(node: TopologyNode): NodeClock | null {
    return this.#places.get(node)?.[0] ?? null;
  }

  #sourceOf(node: TopologyNode): SourceClock {
    const known = this.#sources.get(node);
    if (known !== undefined) return known;
    const rule = (node.stream as NonNullable<TopologyNode['stream']>).watermark;
    const source = new SourceClock(rule, this.#store(this.#storeIds.get(node) as number));
    this.#sources.set(node, source);
    return source;
  }

  #placesOf(node: TopologyNode, count = placesOf(node)): readonly NodeClock[] {
    const known = this.#places.get(node);
    if (known !== undefined) return known;
    const firstStore = this.#storeIds.get(node) as number;
    const places: NodeClock[] = [];
    for (let index = 0, sources = this.#sourcesAbove(node); index < count; index++) {
      const place = new NodeClock(sources, this.#store(firstStore + index));
      places.push(place);
      this.ordered.push(place);
      if (index + 1 === count) break;
      sources = waits(node) ? [this.#openWait(node, place)] : [place, ...this.#openHop(node, index, place)];
    }
    this.#places.set(node, places);
    return places;
  }

  /** The nearest that tell time: streams, and hops, which have heard of all streams above them. */
  #sourcesAbove(node: TopologyNode): TimeSource[] {
    const seen = new Set<TopologyNode>();
    const found: { id: number; source: TimeSource }[] = [];
    const visit = (one: TopologyNode): void => {
      for (const port of one.inputs) {
        const input = this.#nodes[port.node] as TopologyNode;
        if (seen.has(input)) continue;
        seen.add(input);
        if (input.stream !== null) found.push({ id: input.id, source: this.#sourceOf(input) });
        else if (placesOf(input) > 1) found.push({ id: input.id, source: this.#placesOf(input).at(-1) as NodeClock });
        else visit(input);
      }
    };
    visit(node);
    return found.sort((a, b) => a.id - b.id).map(({ source }) => source);
  }

  #openWait(node: TopologyNode, before: NodeClock): WaitingClock {
    const clock = new WaitingClock(before, this.#store((this.#storeIds.get(node) as number) + 1), node.graceMs);
    this.waiting.set(node, clock);
    return clock;
  }

  /** @returns what comes by the hop says of the time behind it */
  #openHop(node: TopologyNode, index: number, before: NodeClock): TimeSource[] {
    const repartitioner = this.#repartitioner;
    if (repartitioner === null) return [];
    const hop = (this.#hopIds.get(node) as number) + index;
    const storeBefore = this.#store((this.#storeIds.get(node) as number) + index);
    const storeBehind = this.#store((this.#storeIds.get(node) as number) + index + 1);
    if (!before.hasRule) {
      const arrivals = new ArrivalClock(storeBehind);
      this.hops[hop] = { arrivals, peers: [] };
      return [arrivals];
    }
    const { partition, partitionCount } = repartitioner;
    const peers = Array.from({ length: partitionCount }, (_, peer) =>
      peer === partition ? undefined : new PeerClock(peer, storeBehind),
    );
    this.hops[hop] = { arrivals: null, peers };
    this.senders.push({ node, operator: new MarkSender(hop, before, storeBefore, repartitioner) });
    return peers.filter((peer) => peer !== undefined);
  }
}
