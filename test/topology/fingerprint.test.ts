import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import { Order } from './schemas.ts';

const stream = { schema: Order, key: 'orderId' } as const;
const base = (t: TopologyBuilder): void => {
  t.stream('orders', stream)
    .filter('big', (order) => order.totalCents > 10)
    .toTable('life')
    .toView('rows');
};
const fingerprintOf = (build: (t: TopologyBuilder) => void, name = 'shop', version = '1'): string =>
  defineTopology(name, { version }, build).fingerprint;

describe('CompiledTopology.fingerprint', () => {
  it('is the same for the same topology', () => {
    expect(fingerprintOf(base)).toMatch(/^[0-9a-f]{32}$/);
    expect(fingerprintOf(base)).toBe(fingerprintOf(base));
  });

  it('does not count descriptions', () => {
    const described = fingerprintOf((t) => {
      t.stream('orders', { ...stream, description: 'what is ordered' })
        .filter('big', (order) => order.totalCents > 10)
        .toTable('life')
        .toView('rows', { description: 'rows' });
    });
    expect(described).toBe(fingerprintOf(base));
  });

  it.each<[string, (t: TopologyBuilder) => void]>([
    [
      'a name',
      (t) =>
        void t
          .stream('orders', stream)
          .filter('large', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'a function',
      (t) =>
        void t
          .stream('orders', stream)
          .filter('big', (order) => order.totalCents > 11)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'the wiring',
      (t) => {
        const orders = t.stream('orders', stream);
        orders
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows');
        orders.toView('all');
      },
    ],
    [
      'a kind',
      (t) =>
        void t
          .stream('orders', stream)
          .filter('big', (order) => order.totalCents > 10)
          .groupByKey()
          .count('life')
          .toView('rows'),
    ],
    [
      'an option',
      (t) =>
        void t
          .stream('orders', { ...stream, durability: 'os' })
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'an id',
      (t) =>
        void t
          .stream('orders', { ...stream, id: 'orderId' })
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'the condition of an id',
      (t) =>
        void t
          .stream('orders', { ...stream, id: [{ field: 'orderId', when: () => true }] })
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'a schema',
      (t) =>
        void t
          .stream('orders', {
            schema: Type.Object({ ...Order.properties, note: Type.Optional(Type.String()) }),
            key: 'orderId',
          })
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows'),
    ],
    [
      'the key of a view',
      (t) =>
        void t
          .stream('orders', stream)
          .filter('big', (order) => order.totalCents > 10)
          .toTable('life')
          .toView('rows', { key: (order, key) => `${order.storeId}/${key}` }),
    ],
  ])('changes with %s', (_, build) => {
    expect(fingerprintOf(build)).not.toBe(fingerprintOf(base));
  });

  it('changes with the name and the version of the topology', () => {
    expect(fingerprintOf(base, 'other')).not.toBe(fingerprintOf(base));
    expect(fingerprintOf(base, 'shop', '2')).not.toBe(fingerprintOf(base));
  });
});
