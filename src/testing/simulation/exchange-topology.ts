import { defineTopology } from '../../topology/builder.ts';
import { POISON_DELTA, SimEvent } from './sim-topology.ts';

/** An event on its way between partitions: where it came in, and what decides where it goes. */
export interface Traveller {
  /** `partition:offset` of the event that came in. */
  readonly from: string;
  readonly delta: number;
}

/** What arrived under a key: how many, and in which order from each partition. */
export type Arrivals = Readonly<Record<string, { readonly count: number; readonly order: number }>>;

export function firstKey(traveller: Traveller): string {
  return `first-${traveller.delta % 7}`;
}

export function secondKey(traveller: Traveller): string {
  return `second-${traveller.delta % 5}`;
}

/** One more arrival; `order` depends on all of its partition before it. */
export function nextArrivals(row: Arrivals | null, { from }: Traveller): Arrivals {
  const [partition, offset] = from.split(':') as [string, string];
  const before = row?.[partition] ?? { count: 0, order: 0 };
  const order = (before.order * 31 + Number(offset)) % 1_000_003;
  return { ...row, [partition]: { count: before.count + 1, order } };
}

/** Whether an event is undone where it comes in: before it sends anything on, or after. */
export function failsAtOnce(delta: number): boolean {
  return delta === POISON_DELTA || delta === POISON_DELTA + 2;
}

/** Whether an event is undone where it arrives first. */
export function failsAtFirst(traveller: Traveller): boolean {
  return traveller.delta === POISON_DELTA + 1;
}

/** Whether an event goes by the second hop as soon as it comes in, besides: at a level above the one that it would be at. */
export function alsoSkipsFirst(traveller: Traveller): boolean {
  return traveller.delta % 4 === 1 && !failsAtFirst(traveller);
}

/** Two hops, one behind the other; some events fail before the first, some behind it, and some skip it. */
export const exchangeTopology = defineTopology('exchange', (t) => {
  const travellers = t.stream('events', { schema: SimEvent, key: 'key', id: 'id' }).map((event, context): Traveller => {
    if (event.delta === POISON_DELTA) throw new Error('poison');
    return { from: `${context.partition}:${context.offset}`, delta: event.delta };
  });
  const first = travellers.keyBy('first', firstKey);
  first.toTable('first-arrivals', (row: Arrivals | null, traveller) => nextArrivals(row, traveller)).toView('first');
  first
    .map((traveller) => {
      if (failsAtFirst(traveller)) throw new Error('poison');
      return traveller;
    })
    .merge(travellers.filter(alsoSkipsFirst))
    .keyBy('second', secondKey)
    .toTable('second-arrivals', (row: Arrivals | null, traveller) => nextArrivals(row, traveller))
    .toView('second');
  travellers
    .map((traveller) => {
      if (failsAtOnce(traveller.delta)) throw new Error('poison behind the hop');
      return traveller;
    })
    .groupByKey()
    .count('stayed')
    .toView('stayed');
});
