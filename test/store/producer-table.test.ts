import { describe, expect, it } from 'vitest';
import { PRODUCER_DUPLICATE, PRODUCER_FENCED, PRODUCER_NEW, ProducerTable } from '../../src/store/producer-table.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { metaAt } from './state-fixtures.ts';

function cut(table: ProducerTable, checkpoints: SimulatedCheckpoints, isAbandoned = false): void {
  const sink = checkpoints.openSink(checkpoints.openForRead());
  sink.begin();
  table.beginCut();
  while (table.handOver(sink, 100) < 0);
  if (isAbandoned) return table.abandonCut();
  sink.finish(metaAt(1));
  expect(sink.result()).toBe('committed');
  table.confirmCut();
}

const WINDOW_MS = 10;

function tableOf(maxProducers = 100, windowMs = WINDOW_MS): ProducerTable {
  return new ProducerTable({ windowMs, maxProducers });
}

function load(checkpoints: SimulatedCheckpoints): ProducerTable {
  const table = tableOf();
  table.load(checkpoints.openForRead());
  return table;
}

describe('ProducerTable', () => {
  it('check tells new, duplicate and fenced', () => {
    const table = tableOf();
    expect(table.check(1, 2, 1, 0)).toBe(PRODUCER_NEW);
    expect([table.lastSequence(1, 2), table.lastEpoch(1, 2)]).toEqual([-1, -1]);
    table.advance(1, 2, 3, 10, 0);
    expect(table.check(1, 2, 3, 10)).toBe(PRODUCER_DUPLICATE);
    expect(table.check(1, 2, 3, 9)).toBe(PRODUCER_DUPLICATE);
    expect(table.check(1, 2, 3, 11)).toBe(PRODUCER_NEW);
    expect(table.check(1, 2, 2, 11)).toBe(PRODUCER_FENCED);
    expect(table.check(1, 2, 4, 10)).toBe(PRODUCER_DUPLICATE);
    expect(table.check(1, 3, 1, 0)).toBe(PRODUCER_NEW);
    expect([table.lastSequence(1, 2), table.lastEpoch(1, 2)]).toEqual([10, 3]);
    expect(table.lastSequence(1 + 2 ** 32, 2 - 2 ** 32)).toBe(10);
  });

  it('isFull until the producer silent for longest has been silent for the window', () => {
    const table = tableOf(3);
    for (const n of [1, 2]) table.advance(n, 0, 1, n, n);
    expect(table.isFull(4, 0, 2)).toBe(false);
    table.advance(3, 0, 1, 3, 3);
    table.advance(1, 0, 1, 9, 4);
    expect([1, 2, 3].map((n) => table.isFull(n, 0, 4))).toEqual([false, false, false]);
    expect(table.isFull(4, 0, 2 + WINDOW_MS)).toBe(true);
    expect(table.isFull(4, 0, 2 + WINDOW_MS + 1)).toBe(false);
    table.advance(4, 0, 1, 4, 2 + WINDOW_MS + 1);
    expect([1, 2, 3, 4].map((n) => table.lastSequence(n, 0))).toEqual([9, -1, 3, 4]);
    expect(table.size).toBe(3);
    // A producer that was only looked up has not been heard of: what counts is what the log says.
    expect(table.check(3, 0, 1, 3)).toBe(PRODUCER_DUPLICATE);
    table.advance(5, 0, 1, 5, 3 + WINDOW_MS + 1);
    expect([1, 3, 4, 5].map((n) => table.lastSequence(n, 0))).toEqual([9, -1, 4, 5]);
  });

  it('advance forgets none within the window, even when a log brings more than there is room for', () => {
    const table = tableOf(2);
    for (const n of [1, 2, 3, 4]) table.advance(n, 0, 1, n, n);
    expect([1, 2, 3, 4].map((n) => table.lastSequence(n, 0))).toEqual([1, 2, 3, 4]);
    expect([table.size, table.isFull(5, 0, 4)]).toEqual([4, true]);
    table.advance(5, 0, 1, 5, 4 + WINDOW_MS);
    expect([table.size, table.lastSequence(4, 0), table.lastSequence(3, 0)]).toEqual([2, 4, -1]);
  });

  it('undoEvent takes back what the event advanced, and nothing that came before it', () => {
    const table = tableOf();
    table.advance(1, 0, 1, 5, 0);
    table.beginEvent();
    table.advance(1, 0, 1, 6, 1);
    table.advance(1, 0, 2, 7, 1);
    table.advance(2, 0, 1, 1, 1);
    table.undoEvent();
    expect([table.lastSequence(1, 0), table.lastEpoch(1, 0), table.lastSequence(2, 0)]).toEqual([5, 1, -1]);
    table.beginEvent();
    table.advance(3, 0, 1, 1, 1);
    table.undoEvent();
    expect(table.lastSequence(3, 0)).toBe(-1);
    table.beginEvent();
    table.advance(2, 0, 1, 1, 1);
    table.commitEvent();
    table.beginEvent();
    table.undoEvent();
    expect(table.lastSequence(2, 0)).toBe(1);
  });

  it('cuts carry it over a restart: changed rows once, dropped ones deleted, abandoned ones again', () => {
    const checkpoints = new SimulatedCheckpoints();
    const table = tableOf(3, 0);
    for (const n of [1, 2, 3]) table.advance(n, -n, 1, n, n);
    cut(table, checkpoints, true);
    cut(table, checkpoints);
    expect([1, 2, 3].map((n) => load(checkpoints).lastSequence(n, -n))).toEqual([1, 2, 3]);

    table.advance(4, -4, 7, 2 ** 40, 4);
    cut(table, checkpoints, true);
    table.advance(2, -2, 1, 20, 5);
    cut(table, checkpoints);
    const loaded = load(checkpoints);
    expect([1, 2, 3, 4].map((n) => loaded.lastSequence(n, -n))).toEqual([-1, 20, 3, 2 ** 40]);
    expect(loaded.lastEpoch(4, -4)).toBe(7);

    // Gone and back within one cut: kept.
    table.advance(5, -5, 1, 5, 6);
    table.advance(3, -3, 1, 33, 7);
    cut(table, checkpoints);
    expect([2, 3, 4, 5].map((n) => load(checkpoints).lastSequence(n, -n))).toEqual([20, 33, -1, 5]);
  });

  it('load keeps the order in which producers were heard of', () => {
    const checkpoints = new SimulatedCheckpoints();
    const table = tableOf();
    for (const [n, logTime] of [
      [1, 30],
      [2, 10],
      [3, 20],
    ] as const)
      table.advance(n, 0, 1, n, logTime);
    cut(table, checkpoints);
    const loaded = tableOf(3, 0);
    loaded.load(checkpoints.openForRead());
    loaded.advance(4, 0, 1, 4, 40);
    expect([1, 2, 3, 4].map((n) => loaded.lastSequence(n, 0))).toEqual([1, -1, 3, 4]);
  });
});
