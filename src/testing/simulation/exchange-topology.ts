import { defineTopology } from '../../topology/builder.ts';
import { eventType } from '../../topology/process-node.ts';
import type { Stream } from '../../topology/stream.ts';
import { POISON_DELTA, SimEvent } from './sim-topology.ts';

/** An event on its way between partitions: where it came in, and what decides where it goes. */
export interface Traveller {
  /** `partition:offset` of the event that came in. */
  readonly from: string;
  readonly delta: number;
  /** Whether the watermark of its partition had passed it already. */
  readonly isLate: boolean;
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

/** Keeps what the watermark behind a hop has passed although that of its own partition had not. */
function watchTime(name: string, arriving: Stream<Traveller>): void {
  arriving
    .process(`watch-${name}`, {
      emits: eventType<Traveller>(),
      onEvent: (traveller, { emit, eventTime, watermark }) => {
        if (!traveller.isLate && eventTime <= watermark) emit(traveller);
      },
    })
    .toTable(`overtaken-${name}`)
    .toView(`overtaken-${name}`);
}

/**
 * Two hops, one behind the other; some events fail before the first, some behind it, and some skip it. Time must not
 * overtake them on the way.
 */
export const exchangeTopology = defineTopology('exchange', (t) => {
  const watermark = { outOfOrderness: 20 };
  const events = t.stream('events', { schema: SimEvent, key: 'key', id: 'id', eventTime: 'at', watermark });
  const travellers = events.process('leave', {
    emits: eventType<Traveller>(),
    onEvent: ({ delta }, context) => {
      if (delta === POISON_DELTA) throw new Error('poison');
      const isLate = context.eventTime <= context.watermark;
      context.emit({ from: `${context.partition}:${context.offset}`, delta, isLate });
    },
  });
  const first = travellers.keyBy('first', firstKey);
  watchTime('first', first);
  first.toTable('first-arrivals', (row: Arrivals | null, traveller) => nextArrivals(row, traveller)).toView('first');
  const second = first
    .map((traveller) => {
      if (failsAtFirst(traveller)) throw new Error('poison');
      return traveller;
    })
    .merge(travellers.filter(alsoSkipsFirst))
    .keyBy('second', secondKey);
  watchTime('second', second);
  second.toTable('second-arrivals', (row: Arrivals | null, traveller) => nextArrivals(row, traveller)).toView('second');
  travellers
    .map((traveller) => {
      if (failsAtOnce(traveller.delta)) throw new Error('poison behind the hop');
      return traveller;
    })
    .groupByKey()
    .count('stayed')
    .toView('stayed');
});
