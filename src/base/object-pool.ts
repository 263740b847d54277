// data plane
import { assert } from './assert.ts';

export interface ObjectPoolOptions<T extends object> {
  create: () => T;
  /** Drops what the object refers to. Called by `put`, so that a waiting object keeps nothing alive. */
  reset: (item: T) => void;
  /** Objects that may wait in the pool; what comes back beyond it is left to the collector. */
  capacity: number;
  /** Finds use after `put` and a second `put`, at several times the cost. */
  isDebug?: boolean;
}

/**
 * Objects that are used again, the way Go's sync.Pool is: `get` and `put` in one function where that can be. Last in,
 * first out, for what was used last is still in the processor's cache. One thread.
 */
export class ObjectPool<T extends object> {
  /** `get` was served from the pool. */
  hits = 0;
  /** `get` had to create. */
  misses = 0;
  /** Taken and not yet put back. */
  outstanding = 0;

  readonly #create: () => T;
  readonly #reset: (item: T) => void;
  readonly #free: T[] = [];
  readonly #capacity: number;
  readonly #guard: PoisonGuard<T> | null;

  constructor(options: ObjectPoolOptions<T>) {
    assert(options.capacity > 0, `pool capacity=${options.capacity}`);
    this.#create = options.create;
    this.#reset = options.reset;
    this.#capacity = options.capacity;
    this.#guard = options.isDebug === true ? new PoisonGuard<T>() : null;
  }

  /** Objects that wait. */
  get size(): number {
    return this.#free.length;
  }

  get(): T {
    this.outstanding++;
    const item = this.#free.pop();
    if (item === undefined) {
      this.misses++;
      return this.#create();
    }
    this.hits++;
    if (this.#guard !== null) this.#guard.lift(item);
    return item;
  }

  put(item: T): void {
    if (this.#guard !== null) this.#guard.refuseSecondPut(item);
    assert(this.outstanding > 0, 'pool put without get');
    this.outstanding--;
    this.#reset(item);
    if (this.#free.length >= this.#capacity) return;
    if (this.#guard !== null) this.#guard.poison(item);
    this.#free.push(item);
  }
}

/** While an object waits, its fields hold poison: numbers NaN, everything else undefined. A write to it shows at `lift`. */
class PoisonGuard<T extends object> {
  readonly #saved = new Map<T, Map<string, unknown>>();

  poison(item: T): void {
    const fields = item as Record<string, unknown>;
    const saved = new Map<string, unknown>();
    for (const name of Object.keys(item)) {
      saved.set(name, fields[name]);
      fields[name] = poisonOf(fields[name]);
    }
    this.#saved.set(item, saved);
  }

  lift(item: T): void {
    const fields = item as Record<string, unknown>;
    const saved = this.#saved.get(item);
    assert(saved !== undefined, 'pool object without poison');
    for (const [name, value] of saved) {
      assert(Object.is(fields[name], poisonOf(value)), `pool object written after put field=${name}`);
      fields[name] = value;
    }
    this.#saved.delete(item);
  }

  refuseSecondPut(item: T): void {
    assert(!this.#saved.has(item), 'pool object put twice');
  }
}

function poisonOf(value: unknown): unknown {
  return typeof value === 'number' ? Number.NaN : undefined;
}
