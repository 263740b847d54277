import { describe, expect, it } from 'vitest';
import type { PageAnswer } from '../../src/query/protocol.ts';
import { MAX_PAGE_BYTES, MAX_PAGE_SCAN_MS } from '../../src/query/query-limits.ts';
import { FakeLane, GET, PAGE } from './fake-lane.ts';

function laneWith(count: number): FakeLane {
  const lane = new FakeLane();
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(5, '0')}`);
  lane.commit(keys.map((key, i) => [key, i]));
  return lane;
}

describe('ViewServer get', () => {
  it('answers with the value and the position it reflects', () => {
    const lane = new FakeLane();
    lane.commit([['a', { n: 1 }]]);
    lane.ask(GET);
    expect(lane.taken()).toEqual([{ kind: 'row', id: 1, value: '{"n":1}', offset: 0, epoch: 1 }]);
  });

  it('answers null for no row, from an empty log as well', () => {
    const lane = new FakeLane();
    lane.ask(GET);
    expect(lane.taken()).toEqual([{ kind: 'row', id: 1, value: null, offset: -1, epoch: 1 }]);
  });

  it('holds an answer until a flush covers everything processed before it', () => {
    const lane = new FakeLane();
    lane.commit([['b', 1]]);
    lane.process([['a', 1]]);
    lane.ask(GET);
    lane.process([['a', 2]]);
    lane.server.turn(10);
    expect(lane.taken()).toEqual([]);
    lane.durableOffset = 1;
    lane.server.onDurable(1);
    expect(lane.taken()).toEqual([{ kind: 'row', id: 1, value: '1', offset: 1, epoch: 1 }]);
  });

  it('holds "no row" as well, since the deletion could be taken back', () => {
    const lane = new FakeLane();
    lane.commit([['a', 1]]);
    lane.process([['a', undefined]]);
    lane.ask(GET);
    expect(lane.taken()).toEqual([]);
    lane.flush();
    expect(lane.taken()).toMatchObject([{ value: null, offset: 1 }]);
  });

  it('holds it though the row itself is durable: another row it was compared with may not be', () => {
    const lane = new FakeLane();
    lane.commit([['a', 1]]);
    lane.process([['b', 1]]);
    lane.ask(GET);
    expect(lane.taken()).toEqual([]);
  });

  it('releases answers in order and posts those of one turn together', () => {
    const posts: unknown[] = [];
    const lane = new FakeLane(0, (message) => posts.push(message));
    lane.process([['a', 1]]);
    lane.ask(GET, { ...GET, id: 2 });
    lane.process([['a', 2]]);
    lane.ask({ ...GET, id: 3 });
    lane.durableOffset = 0;
    lane.server.onDurable(0);
    lane.flush();
    expect(posts).toMatchObject([[{ id: 1 }, { id: 2 }], [{ id: 3, value: '2' }]]);
  });
});

describe('ViewServer after', () => {
  it('answers when the offset is processed and durable, with a position that covers it', () => {
    const lane = new FakeLane();
    lane.commit([['a', 1]]);
    lane.ask({ ...GET, afterOffset: 2 });
    lane.commit([['a', 2]]);
    expect(lane.taken()).toEqual([]);
    lane.process([['a', 3]]);
    lane.server.turn(10);
    expect(lane.taken()).toEqual([]);
    lane.flush();
    expect(lane.taken()).toEqual([{ kind: 'row', id: 1, value: '3', offset: 2, epoch: 1 }]);
  });

  it('answers reach with the position alone', () => {
    const lane = new FakeLane();
    lane.ask({ kind: 'reach', id: 4, afterOffset: 0, afterEpoch: 1 });
    expect(lane.taken()).toEqual([]);
    lane.commit([]);
    expect(lane.taken()).toEqual([{ kind: 'reached', id: 4, offset: 0, epoch: 1 }]);
  });

  it('forgets a cancelled question', () => {
    const lane = new FakeLane();
    lane.ask({ ...GET, afterOffset: 0 });
    lane.ask({ kind: 'cancel', id: 1 });
    lane.commit([]);
    expect(lane.taken()).toEqual([]);
  });

  function reopened(): FakeLane {
    const lane = new FakeLane();
    for (let i = 0; i < 10; i++) lane.commit([['a', i]]);
    lane.epoch = 3;
    lane.epochAt = (offset) => (offset >= 6 ? 3 : offset >= 4 ? 2 : -1);
    return lane;
  }

  it.each([
    ['a durable position of an earlier epoch', 5, 2, 'row'],
    ['a position that the crash before the last one took back', 5, 1, 'refused'],
    ['a position of which nothing is known any more', 3, 1, 'row'],
    ['a position that a crash took back', 6, 2, 'refused'],
    ['a position of this epoch', 6, 3, 'row'],
    ['the first answer of a duplicate: an older offset under this epoch', 2, 3, 'row'],
    ['a position of an epoch that has not been', 1, 4, 'refused'],
    ['any epoch', 9, -1, 'row'],
  ])('takes %s', (_, afterOffset, afterEpoch, kind) => {
    const lane = reopened();
    lane.ask({ ...GET, afterOffset, afterEpoch });
    expect(lane.taken()).toMatchObject([{ kind }]);
  });

  it('refuses a lost position by the epoch that the log has there', () => {
    const lane = reopened();
    lane.ask({ ...GET, afterOffset: 4, afterEpoch: 1 }, { ...GET, id: 2, afterOffset: 3, afterEpoch: 1 });
    expect(lane.taken()).toMatchObject([
      {
        kind: 'refused',
        code: 'ERR_VIEW_POSITION_LOST',
        detail: 'position lost: partition=0 offset=4 epoch=1 epochNow=3',
      },
      { kind: 'row', id: 2 },
    ]);
  });
});

describe('ViewServer page', () => {
  it('answers the rows of the range in key order', () => {
    const lane = new FakeLane();
    lane.commit([
      ['b', 2],
      ['a', 1],
      ['😀', 5],
      ['\uffff', 4],
      ['c', 3],
    ]);
    lane.ask({ ...PAGE, from: 'b' });
    expect(lane.taken()).toEqual([
      {
        ...{ kind: 'page', id: 1, keys: ['b', 'c', '\uffff', '😀'], values: ['2', '3', '4', '5'] },
        ...{ through: null, offset: 0, epoch: 1 },
      },
    ]);
  });

  it('ends at the limit and says how far it came', () => {
    const lane = laneWith(5);
    lane.ask({ ...PAGE, limit: 2 }, { ...PAGE, id: 2, limit: 5, past: 'k00001' });
    expect(lane.taken()).toMatchObject([
      { id: 1, keys: ['k00000', 'k00001'], through: 'k00001' },
      { id: 2, keys: ['k00002', 'k00003', 'k00004'], through: null },
    ]);
  });

  it('ends at its size', () => {
    const lane = new FakeLane();
    lane.commit(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'x'.repeat(MAX_PAGE_BYTES / 8)]));
    lane.ask(PAGE);
    while (lane.server.turn(1000));
    const [page] = lane.taken() as [PageAnswer];
    expect(page.keys.length).toBe(8);
    expect(page.through).toBe(page.keys.at(-1));
  });

  it('takes no more rows in a turn than its budget', () => {
    const lane = laneWith(1000);
    lane.ask({ ...PAGE, limit: 1000 });
    let turns = 0;
    while (lane.server.turn(100)) turns += 1;
    expect(turns).toBeGreaterThanOrEqual(6);
    expect((lane.taken()[0] as PageAnswer).keys.length).toBe(1000);
  });

  it('answers short pages while a long one goes on', () => {
    const lane = laneWith(1000);
    lane.ask({ ...PAGE, limit: 1000 });
    lane.ask({ ...PAGE, id: 2, limit: 10 });
    expect(lane.taken()).toMatchObject([{ id: 2 }]);
  });

  it('shows one position, though events came between its slices', () => {
    const lane = laneWith(600);
    lane.ask({ ...PAGE, limit: 600, from: 'k00010' });
    expect(lane.server.hasWork).toBe(true);
    lane.process([
      ['k00005', 'before the range'],
      ['k00020', 'changed behind the scan'],
      ['k00021', undefined],
      ['k00020b', 'new behind the scan'],
      ['k00500', 'changed ahead of the scan'],
      ['k00501', undefined],
      ['k00600', 'new ahead of the scan'],
    ]);
    while (lane.server.turn(100));
    expect(lane.taken()).toEqual([]);
    lane.flush();
    const [page] = lane.taken() as [PageAnswer];
    const { rows } = lane.view(0);
    const expected = [...rows.keys()].filter((key) => key >= 'k00010').sort();
    expect(page.offset).toBe(1);
    expect(page.keys).toEqual(expected);
    expect(page.values).toEqual(expected.map((key) => JSON.stringify(rows.get(key))));
    expect(page.through).toBeNull();
  });

  it('keeps to its limit when rows came in behind the scan', () => {
    const lane = laneWith(600);
    lane.ask({ ...PAGE, limit: 300 });
    lane.commit([
      ['k00000a', 1],
      ['k00000b', 1],
    ]);
    while (lane.server.turn(100));
    const [page] = lane.taken() as [PageAnswer];
    expect(page.keys.length).toBe(300);
    expect(page.keys.slice(0, 3)).toEqual(['k00000', 'k00000a', 'k00000b']);
    expect(page.through).toBe(page.keys.at(-1));
  });

  it('cuts off what came in behind the scan beyond its limit, for the next page to find', () => {
    const lane = laneWith(600);
    lane.ask({ ...PAGE, limit: 257 });
    lane.commit(['a', 'b', 'c'].map((letter) => [`k00254${letter}`, 1]));
    const [page] = lane.taken() as [PageAnswer];
    expect(page.keys.slice(-2)).toEqual(['k00254a', 'k00254b']);
    expect(page.through).toBe('k00254b');
  });

  it('fills up when rows went behind the scan', () => {
    const lane = laneWith(600);
    lane.ask({ ...PAGE, limit: 300 });
    lane.commit([
      ['k00000', undefined],
      ['k00255', undefined],
    ]);
    while (lane.server.turn(100));
    const [page] = lane.taken() as [PageAnswer];
    expect(page.keys.length).toBe(300);
    expect(page.through).toBe('k00301');
  });

  it('hands over what it has when it takes too long', () => {
    const lane = laneWith(1000);
    lane.ask({ ...PAGE, limit: 1000 });
    lane.clock.time = MAX_PAGE_SCAN_MS + 1;
    lane.server.turn(10);
    const [page] = lane.taken() as [PageAnswer];
    expect(page.keys.length).toBe(266);
    expect(page.through).toBe('k00265');
  });

  it('waits for another turn when the store needs one', () => {
    const lane = laneWith(10);
    lane.view(0).moreCount = 3;
    lane.ask(PAGE);
    expect(lane.server.hasWork).toBe(true);
    lane.server.turn(100);
    lane.server.turn(100);
    expect(lane.taken()).toEqual([]);
    lane.server.turn(100);
    expect(lane.taken()).toMatchObject([{ kind: 'page', through: null }]);
    expect(lane.server.hasWork).toBe(false);
  });

  it('watches its view for as long as it is open, and stops when cancelled', () => {
    const lane = laneWith(600);
    lane.ask({ ...PAGE, limit: 600 });
    expect([lane.server.isWatching(0), lane.server.isWatching(1)]).toEqual([true, false]);
    lane.ask({ kind: 'cancel', id: 1 });
    expect(lane.server.isWatching(0)).toBe(false);
    expect(lane.server.turn(1000)).toBe(false);
    expect(lane.taken()).toEqual([]);
  });
});

describe('ViewServer producer', () => {
  it('answers what the lane knows, when it is durable', () => {
    const lane = new FakeLane();
    lane.producerState = (low, high) => ({ epoch: low, sequence: high });
    lane.process([]);
    lane.ask({ kind: 'producer', id: 9, low: 4, high: 17 });
    expect(lane.taken()).toEqual([]);
    lane.flush();
    expect(lane.taken()).toEqual([{ kind: 'producer', id: 9, producerEpoch: 4, sequence: 17, offset: 0, epoch: 1 }]);
  });

  it('answers -1 where nothing is known', () => {
    const lane = new FakeLane();
    lane.ask({ kind: 'producer', id: 9, low: 4, high: 17 });
    expect(lane.taken()).toMatchObject([{ producerEpoch: -1, sequence: -1 }]);
  });
});
