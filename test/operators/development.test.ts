import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { deepFreeze, FreezeOperator, FrozenStore } from '../../src/operators/development.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { contextAt, Recorder } from './fixtures.ts';

describe('deepFreeze', () => {
  it('freezes through objects and arrays, also below what is frozen already', () => {
    const inner = { list: [{ n: 1 }] };
    const value = Object.freeze({ inner });
    deepFreeze(value);
    expect(() => inner.list.push({ n: 2 })).toThrow(TypeError);
    expect(() => {
      (inner.list[0] as { n: number }).n = 2;
    }).toThrow(TypeError);
  });

  it('ends on a value that contains itself, and leaves bytes alone', () => {
    const value: { self?: unknown; bytes: Uint8Array } = { bytes: new Uint8Array(2) };
    value.self = value;
    deepFreeze(value);
    expect(Object.isFrozen(value)).toBe(true);
  });
});

describe('FreezeOperator.push', () => {
  it('freezes both values and passes them on', () => {
    const output = new Recorder();
    const [next, previous] = [{ n: 1 }, { n: 0 }];
    new FreezeOperator('own', contextAt(), output).push('k', next, previous, 1);
    expect(Object.isFrozen(next) && Object.isFrozen(previous)).toBe(true);
    expect(output.take()).toEqual([['k', next, previous, 1]]);
  });
});

describe('bytes within an event', () => {
  const Event = Type.Object({ id: Type.String(), bytes: Type.Unknown() });
  const driverOf = (change: (bytes: Uint8Array) => unknown): TopologyTestDriver =>
    new TopologyTestDriver(
      defineTopology('bytes', (t) => {
        t.stream('events', { schema: Event, key: 'id' })
          .filter('before', () => true)
          .map('change', ({ id, bytes }) => ({ id, changed: change(bytes as Uint8Array) }))
          .toView('changed');
      }),
    );

  it('may not be changed by who is given them', () => {
    const driver = driverOf((bytes) => {
      bytes[0] = 9;
      return 1;
    });
    expect(() => driver.send('events', { id: 'a', bytes: new Uint8Array([1, 2]) })).toThrowError(
      expect.objectContaining({
        operator: 'change',
        reason: expect.stringContaining('changed bytes that it was given'),
      }),
    );
    expect(driver.view('changed').size).toBe(0);
  });

  it('may be copied', () => {
    const driver = driverOf((bytes) => bytes.slice().fill(9));
    driver.send('events', { id: 'a', bytes: new Uint8Array([1, 2]) });
    expect(driver.view('changed').get('a')).toEqual({ id: 'a', changed: new Uint8Array([9, 9]) });
  });
});

describe('FrozenStore', () => {
  it('gives out frozen values', () => {
    const rows = new MemoryStore();
    rows.put('k', { list: [1] });
    const value = new FrozenStore(rows).get('k') as { list: number[] };
    expect(() => value.list.push(2)).toThrow(TypeError);
  });

  it('takes plain data of every kind', () => {
    const rows = new MemoryStore();
    const value = {
      a: [1, 'x', true, null, { b: undefined }],
      bytes: new Uint8Array(1),
      bare: Object.create(null) as object,
    };
    new FrozenStore(rows).put('k', value);
    expect(rows.get('k')).toBe(value);
  });

  class Money {}
  const loop: { next?: unknown } = {};
  loop.next = loop;

  it.each([
    ['a class instance', { price: new Money() }, 'at /price, is a Money; state is plain data'],
    ['a Map', { items: [new Map()] }, 'at /items/0, is a Map; state is plain data'],
    ['a function', () => 1, 'is of type function; state is plain data'],
    ['NaN', { n: Number.NaN }, 'at /n, is NaN; a finite number is needed'],
    ['a bigint', 1n, 'is of type bigint; state is plain data'],
    ['a value that contains itself', loop, 'is nested more than 64 deep, or contains itself'],
  ])('refuses %s', (_, value, complaint) => {
    const rows = new MemoryStore();
    expect(() => new FrozenStore(rows).put('k', value)).toThrow(complaint);
    expect(rows.size).toBe(0);
  });
});
