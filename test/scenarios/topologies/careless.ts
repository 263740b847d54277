import { defineTopology, Type, tumbling } from 'moka';

/** Where a function never ends. */
const Where = Type.Optional(Type.Enum(['filter', 'key', 'watermark', 'lookup', 'moved', 'hint']));
const Job = Type.Object({
  id: Type.String(),
  till: Type.String(),
  at: Type.Optional(Type.Integer()),
  where: Where,
  /** To be checked takes twice as long with each `a` before something else. */
  code: Type.Optional(Type.String({ pattern: '^(a+)+$' })),
});

interface Total {
  readonly till: string;
  readonly jobs: number;
}

/** Of the rows of `totals`; the second does not get those of till `stale` from the first. */
const VERSION = Number(process.env['CARELESS_VERSION'] ?? 1);

/** The event whose identity is not told any more from this start on. */
const STUCK_ID = process.env['STUCK_ID'];

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Functions of every kind, each of which may be given what it does not return for. */
export const topology = defineTopology('careless', { version: String(VERSION) }, (t) => {
  const jobs = t.stream('jobs', {
    schema: Job,
    key: 'till',
    id: [{ field: 'id', when: ({ id }) => (id === STUCK_ID ? forever() : true) }],
    eventTime: 'at',
    watermark: ({ where, at }) => (where === 'watermark' ? forever() : (at ?? null)),
  });

  jobs
    .filter('sieve', ({ where }) => (where === 'filter' ? forever() : true))
    .keyBy('by-id', ({ id, where }) => (where === 'key' ? forever() : id))
    .map('moved', (job) => (job.where === 'moved' ? forever() : job))
    .groupByKey()
    .count('ids')
    .toView('ids');

  jobs
    .groupByKey()
    .window(tumbling({ size: 1000, grace: 0 }))
    .count('seconds')
    .toView('seconds');

  jobs
    .filter('is-asked', ({ where }) => where === 'lookup')
    .enrich('ask', { lookup: () => forever(), result: Type.Integer() }, (job) => job)
    .toTable('asked')
    .toView('asked');

  jobs
    .groupByKey()
    .aggregate('totals', {
      initial: (): Total => ({ till: '', jobs: 0 }),
      add: (total, { till }) => ({ till, jobs: total.jobs + 1 }),
      ...(VERSION === 1
        ? {}
        : { version: VERSION, upcast: { 1: (total: Total) => (total.till === 'stale' ? forever() : total) } }),
    })
    .toView('totals');

  t.stream('hints', { schema: Job, key: 'till', guarantee: 'at-most-once' })
    .map('hint', (job) => (job.where === 'hint' ? forever() : job))
    .groupByKey()
    .count('hints')
    .toView('hints');
});

/** Leaves the processor to the other tests meanwhile. */
function forever(): never {
  for (;;) Atomics.wait(NEVER, 0, 0);
}
