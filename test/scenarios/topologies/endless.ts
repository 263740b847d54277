import { defineTopology, eventType, Type, tumbling, valueState } from 'moka';

const Job = Type.Object({
  id: Type.String(),
  till: Type.String(),
  at: Type.Optional(Type.Integer()),
  /** Where it never ends. */
  where: Type.Optional(Type.Enum(['nowhere', 'first', 'moved', 'key', 'answer', 'log-time', 'event-time', 'window'])),
  /** When its timer goes off, in ms of the log from now, or of event time. */
  after: Type.Optional(Type.Integer()),
});

/** Settings that the topology's fingerprint does not see: jobs that do not end from this start on. */
const STUCK = process.env['STUCK_JOB'];
const STUCK_MOVED = process.env['STUCK_MOVED'];

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Jobs are counted by till at each station that they come by; at one of them a job may never end. */
export const topology = defineTopology('endless', (t) => {
  const jobs = t.stream('jobs', { schema: Job, key: 'till', id: 'id', eventTime: 'at' });

  jobs
    .map('first', (job) => (job.where === 'first' ? endless() : job.id === STUCK ? forever() : job))
    .groupByKey()
    .count('first-count')
    .toView('first');

  const moved = jobs
    .filter('is-plain', ({ where }) => where === undefined || where === 'moved' || where === 'key')
    .keyBy('by-id', ({ id, where }) => (where === 'key' ? forever() : id))
    .map('moved', (job) => (job.where === 'moved' || job.id === STUCK_MOVED ? forever() : job));
  moved.toTable('moved-jobs').toView('moved');
  moved.groupByKey().count('moved-count').toView('moved-count');

  jobs
    .filter('is-answer', ({ where, after }) => where === 'answer' || after === 0)
    .enrich('ask', { lookup: () => Promise.resolve(1), result: Type.Integer() }, (job) =>
      job.where === 'answer' ? forever() : job,
    )
    .toTable('answered-jobs')
    .toView('answered');

  jobs
    .filter('has-timer', ({ after }) => after !== undefined && after > 0)
    .process('alarm', {
      emits: eventType<string>(),
      state: { where: valueState<string>() },
      onEvent: ({ where, at, after = 0 }, { state, timers, logTime }) => {
        state.where.set(where ?? '');
        if (at === undefined) timers.setLogTime(logTime + after);
        else timers.setEventTime(at + after);
      },
      onTimer: ({ kind }, { key, state, emit }) => emit(state.where.get() === kind ? forever() : key),
    })
    .toTable('rung-alarms')
    .toView('rung');

  jobs
    .filter('is-timed', ({ at }) => at !== undefined)
    .groupByKey()
    .window(tumbling({ size: 1000, grace: 0 }))
    .aggregate(
      'by-second',
      {
        initial: (): string => '',
        add: (wheres, { where = '' }) => (wheres.includes(where) ? wheres : wheres + where),
      },
      { emit: 'final' },
    )
    .map('tell', (wheres) => (wheres === 'window' ? forever() : wheres))
    .toView('seconds');
});

function endless(): never {
  for (;;);
}

/** The same, which leaves the processor to the other tests meanwhile. */
function forever(): never {
  for (;;) Atomics.wait(NEVER, 0, 0);
}
