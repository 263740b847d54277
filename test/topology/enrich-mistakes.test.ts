import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { EnrichOptions } from '../../src/topology/enrich-node.ts';
import type { Stream } from '../../src/topology/stream.ts';
import { TopologyError } from '../../src/topology/topology-error.ts';
import { Order } from './schemas.ts';

type Orders = Stream<{ orderId: string; storeId: string; totalCents: number }>;
type Options = EnrichOptions<Orders['~value'], unknown, unknown>;
/** The language as JavaScript sees it: nothing is checked before it runs. */
type Loose = (name: unknown, options: unknown, enricher: unknown) => Stream<unknown>;

const GOOD = { lookup: async (): Promise<number> => 1 };
const first = (event: unknown): unknown => event;

function build(name: unknown, options: unknown, enricher: unknown = first): CompiledTopology {
  return defineTopology('shop', (t) => {
    const orders: Orders = t.stream('orders', { schema: Order, key: 'orderId' });
    (orders.enrich.bind(orders) as Loose)(name, options, enricher).toView('v');
  });
}

/** The mistakes of a topology, as text. */
function mistakesOf(name: unknown, options: unknown, enricher: unknown = first): string[] {
  try {
    build(name, options, enricher);
  } catch (error) {
    expect(error).toBeInstanceOf(TopologyError);
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
}

describe('enrich in a topology', () => {
  it('may be asked in many ways', () => {
    const result = Type.Object({ score: Type.Number() });
    const limits = { timeout: '2s', attempts: 1, backoff: 0, concurrency: 1, maxPending: 1 };
    for (const options of [
      GOOD,
      { ...GOOD, ...limits, result, onFailure: 'dead-letter' },
      { ...GOOD, onFailure: first },
    ])
      expect(mistakesOf('credit', options)).toEqual([]);
  });

  it.each<[unknown, unknown, string]>([
    [undefined, GOOD, 'enrich: its name is missing; give it a name: a string'],
    [
      'credit',
      undefined,
      "enrich 'credit': its options are missing; give it an object with lookup, result, timeout, attempts, backoff, concurrency, maxPending, onFailure",
    ],
    [
      'credit',
      {},
      "enrich 'credit': its lookup is missing; give it a function (event, { signal }) => result, which may be async",
    ],
    ['credit', { ...GOOD, timeOut: 1 }, "enrich 'credit': there is no option 'timeOut'; did you mean 'timeout'?"],
    [
      'credit',
      { ...GOOD, timeout: 0 },
      "enrich 'credit': timeout is 0; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 1 ms at least",
    ],
    ['credit', { ...GOOD, attempts: 0 }, "enrich 'credit': attempts is 0; use a whole number from 1 to 1000"],
    [
      'credit',
      { ...GOOD, concurrency: 'all' },
      'enrich \'credit\': concurrency is "all"; use a whole number from 1 to 4096',
    ],
    [
      'credit',
      { ...GOOD, maxPending: 1.5 },
      "enrich 'credit': maxPending is 1.5; use a whole number from 1 to 1000000",
    ],
    [
      'credit',
      { ...GOOD, result: 'number' },
      "enrich 'credit': its result is a string; give it a typebox schema such as Type.Object({ … })",
    ],
    [
      'credit',
      { ...GOOD, onFailure: 'skip' },
      "enrich 'credit': its onFailure is 'skip'; use 'dead-letter', or a function (event, failure, context) => result",
    ],
    [
      'credit',
      { ...GOOD, onFailure: async () => 1 },
      "enrich 'credit': its onFailure is async or a generator, but the answer is needed at once; give it a plain function (event, failure, context) => result",
    ],
  ])('is refused with its place: %o %o', (name, options, mistake) => {
    expect(mistakesOf(name, options)).toContain(mistake);
  });

  it('is put together at once', () => {
    expect(mistakesOf('credit', GOOD, async () => 1)).toEqual([
      "enrich 'credit': its function is async or a generator, but the answer is needed at once; give it a plain function (event, result, context) => enriched",
    ]);
  });

  it('says in its description what is asked and how often it goes on', () => {
    const { describe: description } = build('credit', GOOD);
    expect(description().operators[0]).toMatchObject({
      name: 'credit',
      kind: 'enrich',
      asks: 'the outside, at least once',
    });
    const says = 'asks the outside, at least once, goes on exactly once';
    expect(description().toText()).toContain(`credit  enrich   from stream:orders    ${says}; store credit`);
    expect(description().toMermaid()).toContain(`[("enrich<br/>credit<br/>${says}")]`);
  });

  it('may ask otherwise without being another topology', () => {
    const { fingerprint } = build('credit', GOOD);
    const otherwise: Options = { lookup: () => 2, timeout: 1, attempts: 9, backoff: 7, concurrency: 1, maxPending: 5 };
    expect(build('credit', otherwise).fingerprint).toBe(fingerprint);
    expect(build('credit', { ...GOOD, result: Type.Number() }).fingerprint).not.toBe(fingerprint);
    expect(build('credit', { ...GOOD, onFailure: first }).fingerprint).not.toBe(fingerprint);
    expect(build('credit', GOOD, () => 1).fingerprint).not.toBe(fingerprint);
  });
});
