import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/testing/memory-store.ts';

describe('MemoryStore.undoEvent', () => {
  it('puts back what the event found, however often it wrote', () => {
    const store = new MemoryStore();
    store.put('kept', 1);
    store.put('deleted', 2);
    store.commitEvent();
    store.put('kept', 3);
    store.put('kept', 4);
    store.put('new', 5);
    expect(store.delete('deleted')).toBe(true);
    store.put('deleted', 6);
    expect(store.delete('unknown')).toBe(false);
    store.undoEvent();
    expect(new Map(store.rows())).toEqual(
      new Map([
        ['kept', 1],
        ['deleted', 2],
      ]),
    );
  });

  it('leaves a committed event alone', () => {
    const store = new MemoryStore();
    store.put('a', 1);
    store.commitEvent();
    store.undoEvent();
    expect(store.get('a')).toBe(1);
  });
});
