import { describe, expect, it } from 'vitest';
import type { Answer, ChangesAnswer, RowsAnswer } from '../../src/query/protocol.ts';
import {
  HISTORY_IDLE_MS,
  MAX_BATCH_BYTES,
  MAX_BATCH_ROWS,
  MAX_HISTORY_CHANGES,
  WATCH_CREDIT,
} from '../../src/query/query-limits.ts';
import { FakeLane, WATCH } from './fake-lane.ts';

function settle(lane: FakeLane): Answer[] {
  while (lane.server.turn(100));
  return lane.taken();
}

/** Credit without end, so that only what a test means holds a watch up. */
function settleWithCredit(lane: FakeLane, id = 7): Answer[] {
  const answers: Answer[] = [];
  for (;;) {
    const some = settle(lane);
    if (some.length === 0) return answers;
    answers.push(...some);
    lane.ask({ kind: 'credit', id, batches: some.length });
  }
}

describe('ViewServer watch', () => {
  it('needs no turn to answer where there is little to say', () => {
    const lane = new FakeLane();
    lane.commit([['a', 1]]);
    lane.ask(WATCH);
    expect(lane.taken()).toMatchObject([{ kind: 'rows' }, { kind: 'ready' }]);
    expect(lane.server.hasWork).toBe(false);
  });

  it('sends the rows, then ready with the position behind them', () => {
    const lane = new FakeLane();
    lane.commit([
      ['b', 2],
      ['a', 1],
    ]);
    lane.ask(WATCH);
    expect(settle(lane)).toEqual([
      { kind: 'rows', id: 7, keys: ['a', 'b'], values: ['1', '2'] },
      { kind: 'ready', id: 7, position: { offset: 1, n: 0, epoch: 1 } },
    ]);
  });

  it('is ready at once in an empty view of an empty log', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    expect(settle(lane)).toEqual([{ kind: 'ready', id: 7, position: { offset: 0, n: 0, epoch: 1 } }]);
  });

  it('holds rows and ready until they are durable', () => {
    const lane = new FakeLane();
    lane.process([['a', 1]]);
    lane.ask(WATCH);
    expect(settle(lane)).toEqual([]);
    lane.flush();
    expect(settle(lane)).toMatchObject([{ kind: 'rows' }, { kind: 'ready', position: { offset: 1, n: 0 } }]);
  });

  it('sends changes when they are durable, numbered by offset and n', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    settle(lane);
    lane.process([
      ['a', 1],
      ['b', 2],
    ]);
    lane.process([['a', undefined]]);
    expect(settle(lane)).toEqual([]);
    lane.durableOffset = 0;
    lane.server.onDurable(0);
    expect(lane.taken()).toEqual([
      {
        ...{ kind: 'changes', id: 7, keys: ['a', 'b'], values: ['1', '2'], offsets: [0, 0], ns: [0, 1] },
        position: { offset: 0, n: 2, epoch: 1 },
      },
    ]);
    lane.flush();
    expect(lane.taken()).toMatchObject([
      { keys: ['a'], values: [null], offsets: [1], ns: [0], position: { offset: 1, n: 1 } },
    ]);
  });

  it('sends what lies in the range alone', () => {
    const lane = new FakeLane();
    lane.commit([
      ['a', 1],
      ['k/1', 1],
      ['z', 1],
    ]);
    lane.ask({ ...WATCH, from: 'k/', to: 'k0' });
    expect(settle(lane)).toMatchObject([{ keys: ['k/1'] }, { kind: 'ready' }]);
    lane.commit([['a', 2]]);
    lane.commit([
      ['k/2', 2],
      ['z', 2],
    ]);
    expect(settle(lane)).toMatchObject([{ keys: ['k/2'], position: { offset: 2, n: 2 } }]);
  });

  it('tells a watcher of a quiet range now and then how far it has got', () => {
    const lane = new FakeLane();
    lane.ask({ ...WATCH, from: 'quiet' });
    settle(lane);
    for (let i = 0; i < MAX_HISTORY_CHANGES / 2; i++) lane.commit([['busy', i]]);
    const answers = settle(lane);
    expect(answers).toMatchObject([
      { kind: 'changes', keys: [], position: { offset: MAX_HISTORY_CHANGES / 2 - 1, n: 1 } },
    ]);
  });

  it('leaves other views alone', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    settle(lane);
    lane.commit([['a', 1]], 1);
    expect(settle(lane)).toEqual([]);
  });

  it('cuts batches at a number of rows and at a size', () => {
    const lane = new FakeLane();
    lane.commit(Array.from({ length: MAX_BATCH_ROWS + 1 }, (_, i) => [`a${String(i).padStart(4, '0')}`, 1]));
    lane.commit(Array.from({ length: 20 }, (_, i) => [`b${i}`, 'x'.repeat(MAX_BATCH_BYTES / 4)]));
    lane.ask(WATCH);
    const rows = settleWithCredit(lane).filter((answer): answer is RowsAnswer => answer.kind === 'rows');
    expect(rows[0]?.keys.length).toBe(MAX_BATCH_ROWS);
    expect(rows.flatMap(({ keys }) => keys).length).toBe(MAX_BATCH_ROWS + 21);
    for (const { values } of rows) expect(values.join('').length).toBeLessThan(MAX_BATCH_BYTES * 1.5);
  });

  it('sends no more than its credit', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    settle(lane);
    for (let i = 0; i < WATCH_CREDIT + 3; i++) lane.commit([['a', i]]);
    expect(settle(lane).length).toBe(WATCH_CREDIT);
    lane.ask({ kind: 'credit', id: 7, batches: 1 });
    const [batch] = settle(lane) as [ChangesAnswer];
    expect(batch.values).toEqual(['4', '5', '6']);
  });

  it('stops when cancelled', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    settle(lane);
    lane.ask({ kind: 'cancel', id: 7 });
    lane.commit([['a', 1]]);
    lane.ask({ kind: 'cancel', id: 7 }, { kind: 'credit', id: 7, batches: 1 });
    expect(settle(lane)).toEqual([]);
  });

  it('loses a watcher that the history has overrun', () => {
    const lane = new FakeLane();
    lane.ask(WATCH);
    settle(lane);
    for (let i = 0; i < WATCH_CREDIT; i++) lane.commit([['a', i]]);
    lane.taken();
    for (let i = 0; i <= MAX_HISTORY_CHANGES; i++) lane.process([['a', i]]);
    lane.flush();
    expect(settle(lane)).toEqual([{ kind: 'lost', id: 7, reason: 'slow' }]);
    lane.commit([['a', 'more']]);
    expect(settle(lane)).toEqual([]);
  });

  it('gives every watcher its turn, bounded batches at a time', () => {
    const lane = new FakeLane();
    lane.commit(Array.from({ length: 2000 }, (_, i) => [`k${String(i).padStart(4, '0')}`, i]));
    lane.ask(...Array.from({ length: 10 }, (_, i) => ({ ...WATCH, id: 100 + i })));
    const first = lane.taken();
    expect(first.length).toBe(4);
    lane.server.turn(100);
    lane.server.turn(100);
    const ids = new Set([...first, ...lane.taken()].map(({ id }) => id));
    expect(ids.size).toBe(10);
  });
});

describe('ViewServer watch resumed', () => {
  function watched(): FakeLane {
    const lane = new FakeLane();
    lane.commit([['a', 0]]);
    lane.ask(WATCH);
    settle(lane);
    lane.commit([
      ['a', 1],
      ['b', 1],
    ]);
    lane.commit([['c', 1]]);
    lane.ask({ kind: 'cancel', id: 7 });
    lane.taken();
    return lane;
  }

  const resumeAt = (offset: number, n: number, epoch = 1) => ({ ...WATCH, id: 8, resume: { offset, n, epoch } });

  it('goes on from its position, in the middle of an event too', () => {
    const lane = watched();
    lane.ask(resumeAt(1, 1));
    expect(settle(lane)).toMatchObject([
      { kind: 'ready', position: { offset: 1, n: 1, epoch: 1 } },
      { kind: 'changes', keys: ['b', 'c'], offsets: [1, 2], ns: [1, 0], position: { offset: 2, n: 1 } },
    ]);
  });

  it('goes on from the end', () => {
    const lane = watched();
    lane.ask(resumeAt(3, 0));
    expect(settle(lane)).toMatchObject([{ kind: 'ready', position: { offset: 3, n: 0 } }]);
  });

  it('does not show what is not durable', () => {
    const lane = watched();
    lane.process([['d', 1]]);
    lane.ask(resumeAt(2, 1));
    expect(settle(lane)).toMatchObject([{ kind: 'ready' }]);
    lane.flush();
    expect(settle(lane)).toMatchObject([{ keys: ['d'] }]);
  });

  it.each([
    ['older than what is kept', 0, 0, 1, 'history'],
    ['ahead of the log', 5, 0, 1, 'epoch'],
    ['of an epoch that has not been', 2, 0, 2, 'epoch'],
  ])('is lost with a position %s', (_, offset, n, epoch, reason) => {
    const lane = watched();
    lane.ask(resumeAt(offset, n, epoch));
    expect(settle(lane)).toEqual([{ kind: 'lost', id: 8, reason }]);
  });

  it('finds its changes kept for a while after nobody watched, and not for ever', () => {
    const lane = watched();
    lane.clock.time = HISTORY_IDLE_MS;
    lane.commit([['d', 1]]);
    expect(lane.server.isWatching(0)).toBe(true);
    lane.clock.time = HISTORY_IDLE_MS + 1;
    lane.commit([['e', 1]]);
    expect(lane.server.isWatching(0)).toBe(false);
    lane.ask(resumeAt(2, 0));
    expect(settle(lane)).toMatchObject([{ kind: 'lost', reason: 'history' }]);
  });

  it('is resumed after a restart only from where the log stands', () => {
    const lane = new FakeLane();
    lane.processedOffset = 9;
    lane.durableOffset = 9;
    lane.epoch = 2;
    lane.ask(resumeAt(10, 0, 1));
    expect(settle(lane)).toMatchObject([{ kind: 'ready', position: { offset: 10, n: 0, epoch: 2 } }]);
  });
});
