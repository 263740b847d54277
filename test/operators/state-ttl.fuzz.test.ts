import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  eventType,
  listState,
  mapState,
  type ProcessContext,
  TopologyTestDriver,
  type ValueState,
  valueState,
} from '../../src/index.ts';
import type { ListState, MapState } from '../../src/operators/process-state.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const Command = Type.Object({ key: Type.String(), op: Type.String(), entry: Type.String(), value: Type.Integer() });
const TTL_MS = 100;

interface States {
  readonly value: ValueState<number>;
  readonly list: ListState<number>;
  readonly map: MapState<number>;
}

const OPS: Readonly<Record<string, (state: States, entry: string, value: number) => unknown>> = {
  set: ({ value }, _, to) => value.set(to),
  get: ({ value }) => value.get() ?? null,
  clear: ({ value }) => value.clear(),
  add: ({ list }, _, one) => list.add(one),
  setList: ({ list }, _, one) => list.set([one, one + 1]),
  list: ({ list }) => list.get(),
  clearList: ({ list }) => list.clear(),
  put: ({ map }, entry, to) => map.set(entry, to),
  at: ({ map }, entry) => map.get(entry) ?? null,
  delete: ({ map }, entry) => map.delete(entry),
  entries: ({ map }) => map.entries(),
};

function topologyOf(refresh: 'write' | 'read'): CompiledTopology {
  const life = { ttl: TTL_MS, refresh } as const;
  return defineTopology('kept', (t) => {
    t.stream('commands', { schema: Command, key: 'key' })
      .process('keep', {
        state: { value: valueState<number>(life), list: listState<number>(life), map: mapState<number>(life) },
        emits: eventType<unknown>(),
        onEvent: ({ op, entry, value }, { state, emit }: ProcessContext<States, unknown, never>) =>
          emit((OPS[op] as (typeof OPS)[string])(state, entry, value) ?? null),
      })
      .toJournal('told', { keep: 10_000 });
  });
}

interface Entry {
  readonly place: string;
  readonly name: string;
  readonly value: number;
  expiresAt: number;
}

/** What is kept, entry by entry, each with the time at which it is over. */
class Model {
  now = 0;
  readonly #refresh: 'write' | 'read';
  #entries: Entry[] = [];

  constructor(refresh: 'write' | 'read') {
    this.#refresh = refresh;
  }

  run(key: string, op: string, entry: string, value: number): unknown {
    const [a, b, c] = [`${key} value`, `${key} list`, `${key} map`];
    switch (op) {
      case 'set':
        this.#remove(a);
        return this.#add(a, '', value);
      case 'get':
        return this.#read(a)[0]?.value ?? null;
      case 'clear':
        return this.#remove(a, undefined, null);
      case 'add':
        return this.#add(b, '', value);
      case 'setList':
        this.#remove(b);
        this.#add(b, '', value);
        return this.#add(b, '', value + 1);
      case 'list':
        return this.#read(b).map((one) => one.value);
      case 'clearList':
        return this.#remove(b, undefined, null);
      case 'put':
        this.#remove(c, entry);
        return this.#add(c, entry, value);
      case 'at':
        return this.#read(c, entry)[0]?.value ?? null;
      case 'delete':
        return this.#remove(c, entry);
    }
    return this.#read(c)
      .map(({ name, value: one }) => [name, one])
      .sort();
  }

  #living(place: string, name?: string): Entry[] {
    return this.#entries.filter(
      (one) => one.place === place && (name === undefined || one.name === name) && one.expiresAt > this.now,
    );
  }

  #read(place: string, name?: string): Entry[] {
    const found = this.#living(place, name);
    if (this.#refresh === 'read') for (const one of found) one.expiresAt = this.now + TTL_MS;
    return found;
  }

  #add(place: string, name: string, value: number): null {
    this.#entries.push({ place, name, value, expiresAt: this.now + TTL_MS });
    return null;
  }

  #remove<Answer = boolean>(place: string, name?: string, answer?: Answer): Answer {
    const found = this.#living(place, name);
    this.#entries = this.#entries.filter((one) => !found.includes(one));
    return answer === undefined ? ((found.length > 0) as Answer) : answer;
  }
}

const Step = fc.record({
  key: fc.constantFrom('a', 'b'),
  op: fc.constantFrom(...Object.keys(OPS)),
  entry: fc.constantFrom('x', 'y', 'ü'),
  value: fc.integer({ min: 0, max: 9 }),
  passedMs: fc.constantFrom(0, 0, 1, 40, 99, 100, 250),
  restarts: fc.boolean(),
});

describe.each(['write', 'read'] as const)('state that expires, refreshed by %s', (refresh) => {
  const topology = topologyOf(refresh);

  it('is that of a model that looks at every time anew', () => {
    fc.assert(
      fc.property(fc.array(Step, { maxLength: 60 }), (steps) => {
        const driver = new TopologyTestDriver(topology, { now: 0 });
        const model = new Model(refresh);
        const expected: unknown[] = [];
        for (const { key, op, entry, value, passedMs, restarts } of steps) {
          if (restarts) driver.restart();
          driver.advance(passedMs);
          model.now += passedMs;
          expected.push(model.run(key, op, entry, value));
          driver.send('commands', { key, op, entry, value });
        }
        const told = driver.view<{ value: unknown }>('told').rows();
        expect(told.map(([, row]) => row.value)).toEqual(expected);
      }),
      fuzzRuns(300),
    );
  });
});
