import {
  calendarDays,
  countWindow,
  eventType,
  hopping,
  type Stream,
  session,
  sliding,
  tumbling,
  valueState,
} from 'moka';
import type { Orders, Payments } from './events.ts';

const total = {
  initial: (): number => 0,
  add: (sum: number, event: { readonly cents: number }): number => sum + event.cents,
};
const mergedTotal = { ...total, merge: (earlier: number, later: number): number => earlier + later };

/** Every window, told at once or when it has closed, what came too late for one, and one behind a move to another key. */
export function addWindows(orders: Orders, payments: Payments): void {
  const byCustomer = orders.groupByKey();
  const hours = byCustomer.window(tumbling({ size: '1h', grace: '10m' })).count('hours', { emit: 'final' });
  hours.toView('hours', { retention: '12h' });
  hours.toStream().toJournal('hours-closed', { keep: 500 });
  addBehindWindows(hours.toStream());
  hours.late.toJournal('too-late', { keep: 500 });
  byCustomer
    .window(hopping({ size: '2h', advance: '30m', grace: '0s' }))
    .aggregate('last-hours', total)
    .map('last-hours-euros', (cents) => cents / 100)
    .suppress('last-hours-closed', { untilWindowCloses: true })
    .toView('last-hours', { retention: '12h' });
  const often = byCustomer.window(hopping({ size: '3h', advance: '40m', grace: '10m' }));
  often.sum('often-sums', (order) => order.cents, { emit: 'final' }).toView('often-sums', { retention: '12h' });
  often.aggregate('often-totals', { ...mergedTotal, panes: true }, { emit: 'final' }).toView('often-totals');
  often.topN('often-top', 2, (order) => order.cents, { emit: 'final' }).toView('often-top', { retention: '12h' });
  byCustomer
    .window(tumbling({ size: '3h', grace: '30m' }))
    .aggregate('three-hours', total)
    .suppress('three-hours-told', { untilWindowEnds: true })
    .toView('three-hours', { retention: '12h' });
  const halfDays = byCustomer.window(tumbling({ size: '12h', grace: '10m' }));
  halfDays.sum('half-day-sums', (order) => order.cents).toView('half-day-sums');
  halfDays.min('half-day-least', (order) => order.cents).toView('half-day-least');
  halfDays.max('half-day-most', (order) => order.cents).toView('half-day-most');
  halfDays.topN('half-day-top', 2, (order) => order.cents).toView('half-day-top');
  halfDays.avg('half-day-means', (order) => order.cents, { emit: 'final' }).toView('half-day-means');
  byCustomer
    .window(sliding({ difference: '10m', grace: '5m' }))
    .reduce('close-orders', (current, order) => (order.cents > current.cents ? order : current))
    .filter('close-and-dear', (order) => order.cents > 300)
    .toView('close-orders', { retention: '3h' });
  byCustomer
    .window(session({ gap: '20m', grace: '10m' }))
    .aggregate('visits', mergedTotal)
    .toView('visits', { retention: '12h' });
  byCustomer
    .window(session({ timeout: '45m', grace: '5m' }))
    .count('rounds')
    .toView('rounds', { retention: '12h' });
  byCustomer
    .window(calendarDays({ zone: 'Europe/Berlin', cutoff: '04:00', grace: '1h' }))
    .aggregate('days', total)
    .toView('days', { retention: '30d' });
  byCustomer
    .window(countWindow({ size: 10, every: 5 }))
    .aggregate('ten-orders', total)
    .toView('ten-orders');

  byCustomer
    .window(tumbling({ size: '500ms', time: 'processing' }))
    .count('busy', { emit: 'final' })
    .toView('busy', { retention: '10s' });
  byCustomer
    .window(session({ gap: '100ms', time: 'processing' }))
    .aggregate('rushes', mergedTotal)
    .suppress('rushes-so-far', { every: '200ms' })
    .toView('rushes', { retention: '10s' });

  byCustomer
    .cogroup((state: { ordered: number; paid: number }, order) => ({ ...state, ordered: state.ordered + order.cents }))
    .cogroup(payments.groupByKey(), (state, payment) => ({ ...state, paid: state.paid + payment.cents }))
    .window(tumbling({ size: '6h', grace: '1h', offset: '2h' }))
    .aggregate('shifts', { initial: () => ({ ordered: 0, paid: 0 }) }, { emit: 'final' })
    .toView('shifts', { retention: '2d' });

  orders
    .keyBy('shop-of', (order) => order.shop)
    .groupByKey()
    .window(tumbling({ size: '30m', grace: '10m' }))
    .count('shop-half-hours', { emit: 'final' })
    .toView('shop-half-hours', { retention: '12h' });
}

/** State, timers and what waits, of each key and window. */
function addBehindWindows(counts: Stream<number | null>): void {
  counts
    .map('hour-of', (count, { key, window }) => ({ till: key, from: window?.start ?? 0, count }))
    .delay('hours-later', '300ms', { keep: 'latest' })
    .toJournal('hours-told-later', { keep: 500 });
  counts
    .process('hours-seen', {
      state: { last: valueState<number>({ ttl: '2s' }) },
      emits: eventType<{ count: number | null; again: boolean }>(),
      onEvent: (count, { state, timers, logTime, emit }) => {
        emit({ count, again: state.last.get() !== undefined });
        state.last.set(count ?? 0);
        timers.setLogTime(logTime + 500);
      },
      onTimer: (_, { state, emit }) => emit({ count: state.last.get() ?? null, again: true }),
    })
    .toJournal('hours-processed', { keep: 500 });
  counts
    .pattern('hour-alone', {
      steps: [
        { name: 'hour', when: () => true },
        { name: 'next', when: () => true, absent: true },
      ],
      within: '400ms',
    })
    .map('hours-alone-counts', ({ hour }) => hour)
    .toJournal('hours-alone', { keep: 500 });
  counts
    .keyBy('hours-by-customer', (_, { key }) => key)
    .groupByKey()
    .count('hours-of-customer')
    .toView('hours-of-customer');
}
