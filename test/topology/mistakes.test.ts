import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import { TopologyError } from '../../src/topology/topology-error.ts';
import { Order } from './schemas.ts';

type Loose = (...args: unknown[]) => Stream<unknown>;

/** The mistakes of a topology, as text. */
function mistakesOf(build: (t: TopologyBuilder) => void): string[] {
  try {
    defineTopology('shop', build);
  } catch (error) {
    expect(error).toBeInstanceOf(TopologyError);
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
}

/** The language as JavaScript sees it: nothing is checked before it runs. */
const loose = (call: unknown): Loose => call as Loose;
const orders = (t: TopologyBuilder): Stream<{ orderId: string; storeId: string; totalCents: number }> =>
  t.stream('orders', { schema: Order, key: 'orderId' });

describe('defineTopology', () => {
  it('reports every mistake at once, each with its node, what is wrong and what would be right', () => {
    const build = (t: TopologyBuilder): void => {
      const stream = orders(t);
      stream.filter('lonely', () => true);
      loose(stream.map.bind(stream))('broken', 'no function');
      stream.groupByKey().count('dup').toView('counts');
      stream.groupByKey().count('dup');
      loose(t.stream.bind(t))('bad', { schema: Order, key: 'orderid', garantee: 'exactly-once' });
    };
    expect(() => defineTopology('shop', build)).toThrow(
      /^topology=shop mistakes=7\n {2}1\. map 'broken': its function is a string; give it/,
    );
    expect(mistakesOf(build)).toEqual([
      "map 'broken': its function is a string; give it a function (event, context) => value",
      "stream 'bad': there is no option 'garantee'; did you mean 'guarantee'?",
      "stream 'bad': key: the schema has no member 'orderid'; use one of orderId, storeId, totalCents; did you mean 'orderId'?",
      "count 'dup': there is another count of this name; give it a name of its own, such as 'dup-2'",
      "filter 'lonely': nothing follows it, so its events are lost; go on to a table or a view, or take it out",
      "map 'broken': nothing follows it, so its events are lost; go on to a table or a view, or take it out",
      "count 'dup': it has no view, so nobody can read it; add one: .toView('dup')",
    ]);
  });

  it('has the code ERR_TOPOLOGY_INVALID', () => {
    expect(() => defineTopology('shop', () => {})).toThrow(expect.objectContaining({ code: 'ERR_TOPOLOGY_INVALID' }));
  });

  it.each<[string, (t: TopologyBuilder) => void, string[]]>([
    [
      'no stream',
      () => {},
      ["topology: it has no stream, so nothing can enter; add one: t.stream('orders', { schema, key })"],
    ],
    [
      'a stream twice',
      (t) => {
        orders(t);
        orders(t);
      },
      ["stream 'orders': there is another stream of this name; give it a name of its own, such as 'orders-2'"],
    ],
    [
      'a view twice',
      (t) => void orders(t).toTable('a').toView('rows').toView('rows'),
      ["view 'rows': there is another view of this name; give it a name of its own, such as 'rows-2'"],
    ],
    [
      'operators without a name, each told of once',
      (t) => {
        const byKey = orders(t).groupByKey();
        byKey.count(undefined as never).toView('one');
        byKey.count(undefined as never).toView('other');
      },
      ['count: its name is missing; give it a name: a string', 'count: its name is missing; give it a name: a string'],
    ],
    [
      'two operators of one name',
      (t) => {
        const stream = orders(t);
        stream.filter('all', () => true).toView('rows');
        stream.groupByKey().count('all').toView('counts');
      },
      ["count 'all': there is a filter 'all' too; give it a name of its own, such as 'all-2'"],
    ],
    [
      'a table without a view',
      (t) => void orders(t).groupByKey().count('counts'),
      ["count 'counts': it has no view, so nobody can read it; add one: .toView('counts')"],
    ],
    [
      'an operator that leads nowhere',
      (t) => void orders(t).map((order) => order.storeId),
      ["map 'map#1': nothing follows it, so its events are lost; go on to a table or a view, or take it out"],
    ],
    [
      'a cycle',
      (t) => {
        const again = t.from('fix', Order);
        orders(t)
          .merge(again)
          .map('fix', (order) => order)
          .toView('rows');
      },
      [
        "from 'fix#1': it feeds itself: from 'fix#1' → merge 'merge#1' → map 'fix' → from 'fix#1'; " +
          'take one of these steps out; what is to come round again comes in through a stream',
      ],
    ],
    [
      'a reference to nothing',
      (t) => {
        orders(t);
        t.from('order', Order).toView('rows');
      },
      ["from 'order#1': there is no operator of this name; did you mean 'orders'?"],
    ],
    [
      'a reference to a table',
      (t) => {
        orders(t).toTable('table').toView('rows');
        t.from('table', Order).toView('again');
      },
      ["from 'table#1': that is a table; go on from the operator before it"],
    ],
    [
      'a name with characters that names do not have',
      (t) => void orders(t).toView('open orders'),
      [
        "toTable 'open orders': the name has characters that a name cannot have; " +
          'use letters, digits, dash and underscore, 64 at most, a letter or digit first',
        "view 'open orders': the name has characters that a name cannot have; " +
          'use letters, digits, dash and underscore, 64 at most, a letter or digit first',
      ],
    ],
    [
      'a name of the engine',
      (t) => void orders(t).toTable('rows').toView('dead-letters'),
      ["view 'dead-letters': the engine's own name; choose another name"],
    ],
    [
      'no name',
      (t) => {
        const grouped = orders(t).groupByKey();
        (grouped.count.bind(grouped) as unknown as () => { toView(name: string): void })().toView('rows');
      },
      ['count: its name is missing; give it a name: a string'],
    ],
    [
      'an async function',
      (t) => {
        const stream = orders(t);
        loose(stream.map.bind(stream))('later', async () => 1).toView('rows');
      },
      [
        "map 'later': its function is async or a generator, but the answer is needed at once; " +
          'give it a plain function (event, context) => value',
      ],
    ],
    [
      'a merge with something else',
      (t) => {
        const stream = orders(t);
        loose(stream.merge.bind(stream))({}).toView('rows');
      },
      ["merge 'merge#1': it is given something that is no stream; give it streams"],
    ],
    [
      'a merge with nothing',
      (t) => {
        const stream = orders(t);
        loose(stream.merge.bind(stream))().toView('rows');
      },
      ["merge 'merge#1': it has one stream only; give it the streams to merge with"],
    ],
    [
      'a branch without ways',
      (t) => void orders(t).branch('ways', {}).otherwise.toView('rows'),
      ["branch 'ways': it has no ways; give it an object of tests: { name: (event) => boolean }"],
    ],
    [
      'a branch with the way that is always there',
      (t) =>
        void orders(t)
          .branch('ways', { otherwise: () => true })
          .otherwise.toView('rows'),
      ["branch 'ways': 'otherwise' is the way of what no test held for; name the way differently"],
    ],
    [
      'a function that throws',
      (t) => {
        orders(t).filter('lonely', () => true);
        throw new Error('oh');
      },
      ['topology: its function threw: Error: oh; what came after it was not looked at'],
    ],
  ])('refuses %s', (_, build, mistakes) => {
    expect(mistakesOf(build)).toEqual(mistakes);
  });

  it('refuses a stream of another topology', () => {
    let other: Stream<unknown> | undefined;
    defineTopology('other', (t) => {
      other = orders(t);
    });
    expect(
      mistakesOf(
        (t) =>
          void orders(t)
            .merge(other as Stream<unknown>)
            .toView('rows'),
      ),
    ).toEqual(["merge 'merge#1': it is given a stream of another topology; give it streams of this one"]);
  });

  it('refuses what is added after its end', () => {
    let stream: Stream<unknown> | undefined;
    defineTopology('done', (t) => {
      stream = orders(t);
    });
    expect(() => stream?.filter(() => true)).toThrow("topology=done is complete; filter 'filter#1' came after its end");
  });

  it('lets streams, operators and views share a name, and lets a stream end in the log', () => {
    expect(mistakesOf((t) => void orders(t).toTable('orders').toView('orders'))).toEqual([]);
    expect(mistakesOf((t) => void orders(t))).toEqual([]);
  });
});

describe('TopologyBuilder.stream', () => {
  const Events = Type.Union([
    Type.Object({ kind: Type.Literal('a'), id: Type.String(), at: Type.Integer() }),
    Type.Object({ kind: Type.Literal('b'), id: Type.Optional(Type.String()), flag: Type.Boolean() }),
  ]);

  it.each<[string, unknown, string[]]>([
    [
      'no options',
      undefined,
      [
        'its options are missing; give it an object with schema, key, id, eventTime',
        'its schema is missing',
        'its key is missing',
      ],
    ],
    [
      'no schema',
      { key: 'id' },
      ['its schema is missing; give it a typebox schema: Type.Object({ … }), or a Type.Union of such'],
    ],
    [
      'a schema that is no object',
      { schema: Type.Array(Order), key: 'id' },
      ['its schema does not describe an object; give it a typebox schema'],
    ],
    [
      'a key that a variant lacks',
      { schema: Events, key: 'at' },
      ["key: a variant of the schema lacks 'at'; use one of kind, id, at, flag"],
    ],
    [
      'an optional key',
      { schema: Events, key: 'id' },
      ["key: the member 'id' is optional; make it required: every event needs one"],
    ],
    [
      'a key that is a flag',
      { schema: Type.Object({ on: Type.Boolean() }), key: 'on' },
      ["key: the member 'on' may be of type boolean; it must be of type string or integer"],
    ],
    [
      'an event time that is text',
      { schema: Order, key: 'orderId', eventTime: 'storeId' },
      ["eventTime: the member 'storeId' may be of type string; it must be of type integer or number"],
    ],
    [
      'an unknown id',
      { schema: Order, key: 'orderId', id: ['orderId', 'storeID'] },
      ["id: the schema has no member 'storeID'; use one of orderId, storeId, totalCents; did you mean 'storeId'?"],
    ],
    [
      'a condition that is no function',
      { schema: Order, key: 'orderId', id: [{ field: 'orderId', when: true }] },
      ['its id.when is a boolean; give it a function (event) => boolean'],
    ],
    [
      'an unknown guarantee',
      { schema: Order, key: 'orderId', guarantee: 'once' },
      ['guarantee is "once"; use one of at-most-once, at-least-once, exactly-once'],
    ],
    [
      'an unknown durability',
      { schema: Order, key: 'orderId', durability: 'ram' },
      ['durability is "ram"; use one of fsync, os'],
    ],
    [
      'at-most-once with a durability',
      { schema: Order, key: 'orderId', guarantee: 'at-most-once', durability: 'os' },
      [
        "at-most-once is acknowledged on receipt, so a durability has no meaning; leave durability out, or use guarantee 'at-least-once'",
      ],
    ],
    [
      'at-least-once with an id',
      { schema: Order, key: 'orderId', guarantee: 'at-least-once', id: 'orderId' },
      [
        "at-least-once does not look for duplicates, so an id has no meaning; leave id out, or use guarantee 'exactly-once'",
      ],
    ],
    [
      'at-most-once with an id',
      { schema: Order, key: 'orderId', guarantee: 'at-most-once', id: 'orderId' },
      ['at-most-once does not look for duplicates'],
    ],
    [
      'a skew that is no number',
      { schema: Order, key: 'orderId', maxFutureSkewMs: -1 },
      ['maxFutureSkewMs is -1; use a whole number of ms, 0 or more'],
    ],
    [
      'a description that is no text',
      { schema: Order, key: 'orderId', description: 1 },
      ['its description is a number; use a string'],
    ],
  ])('refuses %s', (_, options, mistakes) => {
    const found = mistakesOf((t) => void loose(t.stream.bind(t))('s', options));
    expect(found).toHaveLength(mistakes.length);
    for (const [index, mistake] of mistakes.entries()) expect(found[index]).toContain(`stream 's': ${mistake}`);
  });
});
