import { describe, expect, it } from 'vitest';
import { defineTopology } from '../../src/topology/builder.ts';
import { Order } from './schemas.ts';

const topology = defineTopology('shop', { version: '7' }, (t) => {
  const orders = t.stream('orders', {
    schema: Order,
    key: 'orderId',
    id: ['orderId', { field: 'storeId', when: () => true }],
    description: 'what is ordered',
  });
  t.stream('pings', { schema: Order, key: 'storeId', guarantee: 'at-most-once' });
  t.stream('clicks', {
    schema: Order,
    key: 'storeId',
    guarantee: 'at-least-once',
    durability: 'os',
    eventTime: 'totalCents',
  });
  const { big } = orders.branch('size', { big: (order) => order.totalCents > 100 });
  big.merge(orders).groupByKey().count('counts').toView('counts', { description: 'orders per key' });
  big.toTable('life').toView('by-store', { key: (order, key) => `${order.storeId}/${key}` });
});

describe('CompiledTopology.describe', () => {
  it('is plain data under JSON.stringify', () => {
    expect(JSON.parse(JSON.stringify(topology.describe()))).toEqual({
      name: 'shop',
      version: '7',
      fingerprint: topology.fingerprint,
      streams: [
        {
          name: 'orders',
          description: 'what is ordered',
          key: 'orderId',
          partitionedBy: 'hash(orderId)',
          guarantee: 'exactly-once',
          ackLevel: 'durable',
          identities: ['orderId', 'storeId (some events)'],
          eventTime: 'time of intake',
        },
        {
          name: 'pings',
          key: 'storeId',
          partitionedBy: 'hash(storeId)',
          guarantee: 'at-most-once',
          ackLevel: 'received',
          identities: [],
          eventTime: 'time of intake',
        },
        {
          name: 'clicks',
          key: 'storeId',
          partitionedBy: 'hash(storeId)',
          guarantee: 'at-least-once',
          ackLevel: 'written',
          identities: [],
          eventTime: 'totalCents',
        },
      ],
      operators: [
        { name: 'size', kind: 'branch', emits: 'stream', inputs: ['stream:orders'], stores: [], hopLevel: 0 },
        {
          name: 'merge#1',
          kind: 'merge',
          emits: 'stream',
          inputs: ['operator:size.big', 'stream:orders'],
          stores: [],
          hopLevel: 0,
        },
        {
          name: 'counts',
          kind: 'count',
          emits: 'table',
          inputs: ['operator:merge#1'],
          stores: ['counts'],
          hopLevel: 0,
        },
        { name: 'life', kind: 'toTable', emits: 'table', inputs: ['operator:size.big'], stores: ['life'], hopLevel: 0 },
      ],
      stores: [
        { name: 'counts', owner: 'operator:counts', order: 'by key' },
        { name: 'life', owner: 'operator:life', order: 'none' },
        { name: 'view:by-store', owner: 'view:by-store', order: 'by key' },
      ],
      views: [
        {
          name: 'counts',
          description: 'orders per key',
          input: 'operator:counts',
          store: 'counts',
          key: 'the key of the table',
          readFrom: 'the partition of the key',
        },
        {
          name: 'by-store',
          input: 'operator:life',
          store: 'view:by-store',
          key: 'its own',
          readFrom: 'all partitions',
        },
      ],
    });
  });

  it('prints text', () => {
    const { fingerprint } = topology;
    expect(topology.describe().toText()).toBe(`topology shop  version 7  fingerprint ${fingerprint}

streams
  orders  partitioned by hash(orderId)  exactly-once, ack durable   event time time of intake  id orderId, storeId (some events)
  pings   partitioned by hash(storeId)  at-most-once, ack received  event time time of intake
  clicks  partitioned by hash(storeId)  at-least-once, ack written  event time totalCents

operators
  size     branch   from stream:orders
  merge#1  merge    from operator:size.big, stream:orders
  counts   count    from operator:merge#1                  store counts
  life     toTable  from operator:size.big                 store life

stores
  counts         written by operator:counts  order by key
  life           written by operator:life    order none
  view:by-store  written by view:by-store    order by key

views
  counts    from operator:counts  store counts         key the key of the table  read from the partition of the key
  by-store  from operator:life    store view:by-store  key its own               read from all partitions
`);
  });

  it('draws Mermaid', () => {
    expect(topology.describe().toMermaid()).toBe(`flowchart LR
  n0>"orders<br/>hash(orderId)<br/>exactly-once, durable"]
  n1>"pings<br/>hash(storeId)<br/>at-most-once, received"]
  n2>"clicks<br/>hash(storeId)<br/>at-least-once, written"]
  n3["branch<br/>size"]
  n4["merge<br/>merge#1"]
  n5[("count<br/>counts")]
  n6[("toTable<br/>life")]
  n7[/"view<br/>counts"/]
  n8[/"view<br/>by-store"/]
  n0 --> n3
  n3 -- big --> n4
  n0 --> n4
  n4 --> n5
  n3 -- big --> n6
  n5 --> n7
  n6 --> n8
`);
  });

  it('says where changes go on in the partition of another key, and after how many such hops', () => {
    const moving = defineTopology('moving', (t) => {
      t.stream('orders', { schema: Order, key: 'orderId' })
        .keyBy('by-store', (order) => order.storeId)
        .keyBy('by-cents', (order) => order.totalCents)
        .groupByKey()
        .count('counts')
        .toView('counts');
    });
    const described = moving.describe();
    expect(described.operators.map(({ name, hopLevel }) => [name, hopLevel])).toEqual([
      ['by-store', 1],
      ['by-cents', 2],
      ['counts', 0],
    ]);
    expect(described.toText()).toContain('to the partition of the key, level 2');
    expect(described.toMermaid()).toContain('by-store<br/>to the partition of the key, level 1');
  });

  it('counts both hops of a join by foreign key, and knows what goes to all partitions', () => {
    const moving = defineTopology('moving', (t) => {
      const global = t.globalTable('everywhere', { schema: Order, key: 'orderId' });
      const orders = t.stream('orders', { schema: Order, key: 'orderId' }).toTable('orders');
      orders
        .join(orders, 'joined', { foreignKey: (order) => order.storeId }, (order) => order)
        .groupBy((order) => [order.storeId, order])
        .count('counts')
        .toView('counts');
      const byStore = orders.groupBy((order) => [order.storeId, order.totalCents]);
      byStore.max('most', (cents) => cents).toView('most');
      byStore.topN('top', 3, (cents) => cents).toView('top');
      global.toView('everywhere');
    });
    expect(moving.hops.map(({ node, level }) => [node, level])).toEqual([
      ["globalTable 'everywhere'", 1],
      ["join 'joined'", 1],
      ["join 'joined'", 2],
      ["count 'counts'", 3],
      ["max 'most'", 1],
      ["topN 'top'", 1],
    ]);
    const text = moving.describe().toText();
    expect(text).toContain('store everywhere, everywhere:copies; to all partitions, level 1');
    expect(text).toContain('store counts; to the partition of the key, level 3');
    expect(text).toContain('store most, most:numbers; to the partition of the key, level 1');
    expect(text).toContain('store top, top:rows; to the partition of the key, level 1');
  });
});
