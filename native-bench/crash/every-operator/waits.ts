import { eventType, listState, mapState, tumbling, valueState } from 'moka';
import { FAILING_CENTS, type Orders } from './events.ts';

interface Alert {
  readonly customer: string;
  readonly why: string;
  readonly lateBy: number;
}

/** What goes off later: timers in both kinds of time, state that expires, patterns and delays; and events that fail. */
export function addWaits(orders: Orders): void {
  const alerts = orders.process('care', {
    state: {
      seen: valueState<number>({ ttl: '3s', refresh: 'read' }),
      count: valueState<number>(),
      last: listState<string>({ ttl: '2s' }),
      bySku: mapState<number>({ ttl: '4s' }),
    },
    emits: eventType<Alert>(),
    outputs: { bySku: eventType<{ sku: string; times: number }>() },
    onEvent: (order, { key, state, timers, eventTime, logTime, emit, emitTo, random }) => {
      const count = (state.count.get() ?? 0) + 1;
      state.count.set(count);
      if (order.cents % FAILING_CENTS === 0) throw new Error(`cents=${order.cents}`);
      if (state.seen.get() === undefined) emit({ customer: key, why: 'new', lateBy: 0 });
      state.seen.set(logTime);
      if (state.last.get().length >= 5) state.last.set(state.last.get().slice(-3));
      state.last.add(order.id);
      const times = (state.bySku.get(order.sku) ?? 0) + 1;
      state.bySku.set(order.sku, times);
      if (times % 3 === 0) emitTo('bySku', { sku: order.sku, times });
      if (times > 10) state.bySku.delete(order.sku);
      timers.setEventTime(eventTime + 600_000, 'ten-minutes');
      timers.setLogTime(logTime + 200 + Math.floor(random() * 800), 'a-second');
      if (order.kind === 'cancelled') {
        timers.deleteEventTime(eventTime + 600_000, 'ten-minutes');
        state.last.clear();
      }
    },
    onTimer: ({ kind, name, lateBy }, { key, state, emit }) => {
      const { length } = state.bySku.entries();
      emit({ customer: key, why: `${kind} ${name} skus=${length} last=${state.last.get().length}`, lateBy });
    },
  });
  alerts.toJournal('alerts', { keep: 500 });
  alerts.groupByKey().count('alert-counts').toView('alert-counts');
  alerts.outputs.bySku
    .keyBy('by-repeated-sku', ({ sku }) => sku)
    .groupByKey()
    .count('repeated')
    .toView('repeated');

  const placed = orders.filter('placed', ({ kind }) => kind === 'placed');
  const cancelled = orders.filter('cancelled', ({ kind }) => kind === 'cancelled');
  placed.delay('remind', '400ms', { cancelledBy: cancelled }).groupByKey().count('reminded').toView('reminded');
  placed
    .delay('remind-last', (order) => 100 + (order.cents % 500), { keep: 'latest' })
    .toTable('last-reminded')
    .toView('last-reminded');

  const changedTwice = orders.pattern('changed-twice', {
    steps: [
      { name: 'placed', when: ({ kind }) => kind === 'placed' },
      { name: 'changed', when: ({ kind }) => kind === 'changed' },
      { name: 'again', when: ({ kind }) => kind === 'changed' },
    ],
    within: '2s',
    maxPartial: 20,
  });
  changedTwice
    .map('changes', ({ placed: first, again }) => [first.id, again.id])
    .toJournal('changed-twice', { keep: 500 });
  changedTwice.timedOut.groupByKey().count('not-changed').toView('not-changed');
  orders
    .pattern('not-cancelled-soon', {
      steps: [
        { name: 'placed', when: ({ kind }) => kind === 'placed' },
        { name: 'cancelled', when: ({ kind }) => kind === 'cancelled', absent: true },
      ],
      within: '300ms',
      skip: 'none',
    })
    .groupByKey()
    .count('kept')
    .toView('kept');
  addPatternsByEventTime(orders);
  addBatches(orders);
}

/** What they find is folded into windows that have no grace; one of them is behind a move to another key. */
function addPatternsByEventTime(orders: Orders): void {
  const changed = orders.pattern('changed-in-time', {
    steps: [
      { name: 'placed', when: ({ kind }) => kind === 'placed' },
      { name: 'cancelled', when: ({ kind }) => kind === 'cancelled', absent: true },
      { name: 'changed', when: ({ kind }, { placed }) => kind === 'changed' && placed !== undefined },
    ],
    within: '2h',
    time: 'event',
    grace: '10m',
    maxPartial: 20,
  });
  changed
    .map('changed-pairs', ({ placed, changed: then }) => [placed.id, then.id])
    .toJournal('changed-in-time', { keep: 500 })
    .groupByKey()
    .window(tumbling({ size: '3h', grace: '0s' }))
    .count('changed-per-hours', { emit: 'final' })
    .toView('changed-per-hours', { retention: '12h' });
  changed.timedOut.groupByKey().count('not-changed-in-time').toView('not-changed-in-time');
  changed.late.toJournal('too-late-to-change', { keep: 500 });
  orders
    .keyBy('waits-by-shop', ({ shop }) => shop)
    .pattern('shop-quiet', {
      steps: [
        { name: 'last', when: () => true },
        { name: 'next', when: () => true, absent: true },
      ],
      within: '10m',
      time: 'event',
      grace: 0,
      skip: 'none',
    })
    .map('quiet-since', ({ last }) => last.at)
    .toJournal('quiet-shops', { keep: 500 });
}

function addBatches(orders: Orders): void {
  orders
    .batch('gather-fives', { maxCount: 5, maxWait: '300ms' })
    .map('in-fives-ids', (batch) => ({ ids: batch.map(({ id }) => id), full: batch.length === 5 }))
    .toView('in-fives');
  orders
    .batch('gather-all', { maxCount: 40, maxWait: '200ms', per: 'partition' })
    .map('all-together-ids', (batch) => batch.map(({ id }) => id))
    .toJournal('all-together', { keep: 500 });
}
