import { describe, expect, it } from 'vitest';
import { CanonicalScenario } from '../../../native-bench/crash/canonical-scenario.ts';
import { CoffeeShopScenario, foldOrders } from '../../../native-bench/crash/coffee-shop-scenario.ts';
import { EveryOperatorScenario } from '../../../native-bench/crash/every-operator-scenario.ts';
import { Ledger } from '../../../native-bench/crash/ledger.ts';
import type { Scenario } from '../../../native-bench/crash/scenario.ts';
import { Random } from '../../../native-bench/load/random.ts';
import type { ViewRow } from '../../../native-bench/run/view-reader.ts';

function drafted(scenario: Scenario, count: number): Ledger {
  const ledger = new Ledger();
  const random = new Random(1);
  for (let index = 0; index < count; index++) {
    const { key, value } = scenario.draft(index % 3, random);
    ledger.add('p', 'orders', key, JSON.stringify(value), value);
  }
  return ledger;
}

describe.each([new CanonicalScenario(1), new CoffeeShopScenario(1), new EveryOperatorScenario()])(
  '$name',
  (scenario) => {
    it('drafts events that all differ, with keys that no two producers share', () => {
      const ledger = drafted(scenario, 900);
      expect(new Set(ledger.events.map((event) => event.content)).size).toBe(900);
      const producerOf = new Map<string, number>();
      ledger.events.forEach(({ key, number }) => {
        expect(producerOf.get(key) ?? number % 3).toBe(number % 3);
        producerOf.set(key, number % 3);
      });
    });
  },
);

describe('CanonicalScenario.checkViews', () => {
  it('reports a customer whose sum is wrong', async () => {
    const scenario = new CanonicalScenario(1);
    const { events } = drafted(scenario, 100);
    const rows = new Map<string, { orders: number; totalCents: number; lastOrderId: string }>();
    for (const { key, value } of events) {
      const row = rows.get(key) ?? { orders: 0, totalCents: 0, lastOrderId: '' };
      const totalCents = row.totalCents + (value['totalCents'] as number);
      rows.set(key, { orders: row.orders + 1, totalCents, lastOrderId: value['orderId'] as string });
    }
    const shown: ViewRow[] = [...rows].map(([key, value]) => ({ key, value }));
    expect(await scenario.checkViews(events, async () => shown)).toEqual([]);
    const [first, ...rest] = shown as [ViewRow, ...ViewRow[]];
    const wrong = { ...first, value: { ...(first.value as object), totalCents: 1 } };
    expect(await scenario.checkViews(events, async () => [wrong, ...rest])).toHaveLength(1);
  });
});

describe('CoffeeShopScenario.checkViews', () => {
  it('compares both views with the life of the orders', async () => {
    const scenario = new CoffeeShopScenario(1);
    const { events } = drafted(scenario, 600);
    const orders = [...foldOrders(events)].map(([key, value]): ViewRow => ({ key, value: { ...value, updatedAt: 1 } }));
    const open = orders.map(({ value }): ViewRow => {
      const { storeId, orderId } = value as { storeId: string; orderId: string };
      return { key: `${storeId}/${orderId}`, value };
    });
    expect(orders.length).toBeGreaterThan(20);
    const read = async (view: string): Promise<ViewRow[]> => (view === 'orders' ? orders : open);
    expect(await scenario.checkViews(events, read)).toEqual([]);
    open.pop();
    expect((await scenario.checkViews(events, read)).map((violation) => violation.kind)).toEqual(['view']);
  });
});
