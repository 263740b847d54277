import { defineTopology, Type } from 'moka';

const Event = Type.Object({ orderId: Type.String(), type: Type.Union([Type.Literal('placed'), Type.Literal('paid')]) });
const WAIT = '2s';

/** What happens, or does not happen, some time after an order was placed. */
export const topology = defineTopology('waiting', (t) => {
  const events = t.stream('events', { schema: Event, key: 'orderId', guarantee: 'at-least-once' });
  const placed = events.filter('placed', ({ type }) => type === 'placed');
  const paid = events.filter('paid', ({ type }) => type === 'paid');

  placed.delay('remind', WAIT, { cancelledBy: paid }).groupByKey().count('reminded').toView('reminded');
  events
    .pattern('unpaid', {
      steps: [
        { name: 'placed', when: ({ type }) => type === 'placed' },
        { name: 'paid', when: ({ type }) => type === 'paid', absent: true },
      ],
      within: WAIT,
    })
    .groupByKey()
    .count('times-unpaid')
    .toView('unpaid');
  events.deduplicate('recent', { keep: 'first', order: 'arrival', ttl: WAIT }).toView('recent');
});
