import { describe, expect, it } from 'vitest';
import { COUNTER_CAPACITY, CounterBlock, HISTOGRAM_CAPACITY } from '../../src/metrics/counter-block.ts';

describe('CounterBlock', () => {
  it('adds and sets where another view of the memory reads', () => {
    const memory = CounterBlock.allocate();
    const writer = new CounterBlock(memory);
    const reader = new CounterBlock(memory);
    writer.add(3, 2);
    writer.add(3, 5);
    writer.set(4, -1);
    expect([reader.get(3), reader.get(4), reader.get(5)]).toEqual([7, -1, 0]);
  });

  it('keeps the last counter and every histogram apart', () => {
    const memory = CounterBlock.allocate();
    const block = new CounterBlock(memory);
    block.set(COUNTER_CAPACITY - 1, 42);
    for (let index = 0; index < HISTOGRAM_CAPACITY; index++) block.histogram(index).record(index + 1);
    const reader = new CounterBlock(memory);
    expect(reader.get(COUNTER_CAPACITY - 1)).toBe(42);
    for (let index = 0; index < HISTOGRAM_CAPACITY; index++) {
      expect([reader.histogram(index).count, reader.histogram(index).max]).toEqual([1, index + 1]);
    }
  });

  it('counts beyond 32 bits', () => {
    const block = new CounterBlock(CounterBlock.allocate());
    block.add(0, 2 ** 40);
    block.add(0, 1);
    expect(block.get(0)).toBe(2 ** 40 + 1);
  });
});
