import { defineTopology, eventType, Type, tumbling, valueState } from 'moka';

const Sale = Type.Object({ till: Type.String(), at: Type.Integer() });
const WAIT = '2s';

/** What waits, is remembered and is read behind a stream that is made of windows. */
export const topology = defineTopology('windowed', (t) => {
  const counts = t
    .stream('sales', { schema: Sale, key: 'till', eventTime: 'at', guarantee: 'at-least-once' })
    .groupByKey()
    .window(tumbling({ size: '1m', grace: '1d' }))
    .count('counts')
    .toStream();
  counts.toTable('rows').toView('rows');
  counts.map((n, { key, window }) => `${key} ${window?.start} ${n}`).toView('texts');
  counts.delay('later', WAIT, { keep: 'latest' }).toView('delayed');
  counts
    .pattern('alone', {
      steps: [
        { name: 'first', when: (n) => n === 1 },
        { name: 'second', when: (n) => n === 2, absent: true },
      ],
      within: WAIT,
    })
    .map(({ first }) => first)
    .toView('lonely');
  counts
    .process('remembered', {
      state: { last: valueState<number>({ ttl: '1d' }), gone: valueState<number>({ ttl: 100 }) },
      emits: eventType<unknown>(),
      onEvent: (n, { state, timers, logTime }) => {
        state.last.set(n as number);
        state.gone.set(n as number);
        timers.setLogTime(logTime + 2000);
      },
      onTimer: (_, { key, window, state, emit }) => {
        emit([key, window?.start, state.last.get() ?? null, state.gone.get() ?? null]);
      },
    })
    .toView('reminded');
});
