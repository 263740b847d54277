import { type Static, Type } from '../../base/typebox.ts';
import { defineTopology } from '../../topology/builder.ts';
import { eventType } from '../../topology/process-node.ts';

/** An event of the simulation. `delta` 13 makes the operator throw; `at` is its event time, where that is looked at. */
export const SimEvent = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 16 }),
    id: Type.String({ minLength: 1, maxLength: 16 }),
    kind: Type.Union([Type.Literal('add'), Type.Literal('drop')]),
    delta: Type.Integer({ minimum: -1000, maximum: 1000 }),
    at: Type.Optional(Type.Integer()),
    padding: Type.Optional(Type.String({ maxLength: 4096 })),
  },
  { additionalProperties: false },
);
export type SimEvent = Static<typeof SimEvent>;

export const POISON_DELTA = 13;

/** One row per key; `drop` deletes it. `trail` proves the order in which the events of a key were processed. */
export interface SimRow {
  count: number;
  sum: number;
  trail: string;
}

/** The rule of the table, also the checker's: a view must equal its fold over the log. */
export function nextRow(row: SimRow | null, event: SimEvent): SimRow | null {
  if (event.kind === 'drop') return null;
  const before = row ?? { count: 0, sum: 0, trail: '' };
  return {
    count: before.count + 1,
    sum: before.sum + event.delta,
    trail: `${before.trail},${event.id}`.slice(-64),
  };
}

/** How many ms after an event its timer goes off; 0: it sets none. */
export function alarmDelay(event: SimEvent): number {
  return event.delta > 0 && event.delta % 3 === 0 ? (event.delta % 400) + 1 : 0;
}

/** Which timers of a key went off, and before which offsets: the last ones. */
export function nextAlarms(row: string | null, alarm: string): string {
  return `${row ?? ''} ${alarm}`.slice(-200);
}

/** Whether the outside is asked about an event. */
export function asksOutside(event: SimEvent): boolean {
  return event.delta % 2 === 0;
}

/** An answer that its event cannot go on with. */
export const BAD_ANSWER = 'bad';

/** What came of the questions of a key, in which order: the last of it. */
export function nextAnswers(row: string | null, answer: string): string {
  return `${row ?? ''} ${answer}`.slice(-200);
}

/** Stream with identity by `id` → table with insert, update and delete → view. */
export const topology = defineTopology('simulation', (t) => {
  const events = t.stream('events', { schema: SimEvent, key: 'key', id: 'id' });
  events
    .toTable('rows', (row: SimRow | null, event: SimEvent): SimRow | null => {
      const next = nextRow(row, event);
      // After the row was computed: the undo has something to take back in the stores before it.
      if (event.delta === POISON_DELTA) throw new Error('poison');
      return next;
    })
    .toView('rows');
  events
    .process('alarm', {
      emits: eventType<string>(),
      onEvent: (event, { timers, logTime }) => {
        const delay = alarmDelay(event);
        if (delay > 0) timers.setLogTime(logTime + delay, event.id);
      },
      onTimer: ({ name }, { emit, offset }) => emit(`${name}@${offset}`),
    })
    .toTable('alarms', (row: string | null, alarm) => nextAlarms(row, alarm))
    .toView('alarms');
  events
    .filter('asked', asksOutside)
    .enrich('outside', { lookup: (): unknown => null, concurrency: 3, maxPending: 6 }, (event, answer) => {
      if (answer === BAD_ANSWER) throw new Error('bad answer');
      return `${event.id}=${answer}`;
    })
    .toTable('answers', (row: string | null, answer) => nextAnswers(row, answer))
    .toView('answers');
});
