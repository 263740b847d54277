import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { ObjectPool } from '../../src/base/object-pool.ts';

class Reply {
  slot = 0;
  body: string | null = null;
}

function replies(options: { capacity: number; isDebug?: boolean }): ObjectPool<Reply> {
  return new ObjectPool<Reply>({
    create: () => new Reply(),
    reset: (reply) => {
      reply.body = null;
    },
    ...options,
  });
}

describe('ObjectPool', () => {
  it('gives back the object that was put last, after a reset', () => {
    const pool = replies({ capacity: 4 });
    const one = pool.get();
    const two = pool.get();
    two.body = 'kept';
    pool.put(one);
    pool.put(two);
    expect(pool.get()).toBe(two);
    expect(two.body).toBeNull();
    expect(pool.get()).toBe(one);
  });

  it('counts hits, misses and what is outstanding', () => {
    const pool = replies({ capacity: 4 });
    const one = pool.get();
    pool.get();
    pool.put(one);
    pool.get();
    expect([pool.hits, pool.misses, pool.outstanding, pool.size]).toEqual([1, 2, 2, 0]);
  });

  it('keeps no more than its capacity', () => {
    const pool = replies({ capacity: 1 });
    const taken = [pool.get(), pool.get(), pool.get()];
    for (const reply of taken) pool.put(reply);
    expect([pool.size, pool.outstanding]).toEqual([1, 0]);
  });

  it('refuses a put without a get', () => {
    expect(() => replies({ capacity: 1 }).put(new Reply())).toThrow(AssertionError);
  });
});

describe('ObjectPool in debug mode', () => {
  it('poisons what waits and restores it', () => {
    const pool = replies({ capacity: 1, isDebug: true });
    const reply = pool.get();
    reply.slot = 7;
    pool.put(reply);
    expect(reply.slot).toBeNaN();
    expect(reply.body).toBeUndefined();
    expect(pool.get()).toBe(reply);
    expect([reply.slot, reply.body]).toEqual([7, null]);
  });

  it('reports a second put', () => {
    const pool = replies({ capacity: 2, isDebug: true });
    const reply = pool.get();
    pool.get();
    pool.put(reply);
    expect(() => pool.put(reply)).toThrow('pool object put twice');
  });

  it('reports a write after put', () => {
    const pool = replies({ capacity: 1, isDebug: true });
    const reply = pool.get();
    pool.put(reply);
    reply.slot = 3;
    expect(() => pool.get()).toThrow('pool object written after put field=slot');
  });
});
