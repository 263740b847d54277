import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

const OPENING = Date.parse('2025-11-20T06:00:00.000Z');
const MINUTE = 60_000;

const ITEMS = [
  { sku: 'flat-white', qty: 2, priceCents: 420, options: ['oat'] },
  { sku: 'croissant', qty: 1, priceCents: 310, options: [] },
];

async function take(engine: EngineProcess, stream: string, event: object, key: string): Promise<void> {
  const { status } = await engine.post(`/v1/streams/${stream}`, event, { 'Idempotency-Key': key });
  expect(status).toBe(201);
}

function payment(n: number): object {
  const paidAt = OPENING + n * MINUTE;
  const paid = { paymentId: `p-${n}`, orderId: `o-${n}`, amountCents: 100, currency: 'EUR', method: 'card' };
  return { ...paid, cardId: 'tok_8f2a', paidAt };
}

/** The rows of a view once there are so many: views behind a key of their own follow the acks within moments. */
async function rows(engine: EngineProcess, view: string, isThere: (rows: Row[]) => boolean): Promise<Row[]> {
  let found: Row[] = [];
  for (let tries = 0; tries < 200; tries++) {
    found = (await engine.get(`/v1/views/${view}`)).json['rows'] as Row[];
    if (isThere(found)) return found;
    await sleep(50);
  }
  throw new Error(`view=${view} rows=${JSON.stringify(found)}`);
}

interface Row {
  key: string;
  value: Record<string, unknown>;
}

const valuesOf = (found: Row[]): unknown[] => found.map(({ key, value }) => [key, value]);

const SALES = [
  ['croissant/2025-11-20T06:00:00.000Z', { name: 'croissant', qty: 4, cents: 1240 }],
  ['croissant/2025-11-20T06:01:00.000Z', { name: 'croissant', qty: 2, cents: 620 }],
  ['flat-white/2025-11-20T06:00:00.000Z', { name: 'Flat white', qty: 8, cents: 3360 }],
  ['flat-white/2025-11-20T06:01:00.000Z', { name: 'Flat white', qty: 4, cents: 1680 }],
];

const isOpen = ({ key }: Row): boolean => !key.includes('T05:59');
const sold = (found: Row[]): number => found.reduce((sum, { value }) => sum + (value['qty'] as number), 0);

describe('the coffee shop on two threads', () => {
  it('shows what is sold, the menu, sessions, waits and cards, and still does after a kill', async () => {
    const data = freshPath();
    const env = { ...TWO_WORKERS, MOKA_CHECKPOINT_MAX_TAIL_MS: '50' };
    let engine = await EngineProcess.start({ data, partitions: 2, env });
    const dish = { sku: 'flat-white', name: 'Flat white', priceCents: 420, isAvailable: true };
    await take(engine, 'menu', dish, 'menu-1');
    // A partition knows the menu of another one a moment later, and an order that is faster is sold by its sku.
    const partitions = new Set<unknown>();
    for (let n = 0; partitions.size < 2; n++) {
      const early = order(`early-${n}`, { items: ITEMS.slice(0, 1), placedAt: OPENING - MINUTE });
      const { json } = await engine.post(ORDERS, early);
      const [row] = await rows(engine, 'sales-per-minute', (found) => found[0]?.value['qty'] === 2 * (n + 1));
      if (row?.value['name'] === 'Flat white') partitions.add(json['partition']);
    }
    for (let n = 0; n < 6; n++) {
      const placedAt = OPENING + (n < 4 ? 0 : MINUTE);
      expect((await engine.post(ORDERS, order(`o-${n}`, { items: ITEMS, placedAt }))).status).toBe(201);
      await take(engine, 'payments', payment(n), `pay-${n}`);
    }
    await take(engine, 'orders', later('o-5', 'ready'), 'ready-5');

    const check = async (): Promise<void> => {
      const sales = await rows(engine, 'sales-per-minute', (found) => sold(found.filter(isOpen)) === 18);
      expect(valuesOf(sales.filter(isOpen))).toEqual(SALES);
      const [busy] = await rows(engine, 'busy-cards', (found) => found.length === 1);
      expect(busy?.value['orderIds']).toEqual(Array.from({ length: 6 }, (_, n) => `o-${n}`));
      const waiting = await rows(engine, 'waiting-orders', () => true);
      expect(waiting.map(({ value }) => value['orderId'])).toEqual(expect.arrayContaining(['o-0', 'o-4']));
      expect(waiting.map(({ value }) => value['orderId'])).not.toContain('o-5');
      const [served] = await rows(engine, 'waiting-per-store', (found) => found.length === 1);
      expect(served?.value).toMatchObject({ orders: 1 });
      expect(valuesOf(await rows(engine, 'menu', () => true))).toEqual([['flat-white', dish]]);
    };
    await check();
    await engine.kill();
    engine = await EngineProcess.start({ data, partitions: 2, env });
    await check();
    expect((await engine.post(ORDERS, order('o-6', { items: ITEMS, placedAt: OPENING + MINUTE }))).status).toBe(201);
    // Each of them in a partition of its own, at its own time.
    const quantities = { 'flat-white': 6, croissant: 3 };
    const sales = await rows(engine, 'sales-per-minute', (found) =>
      Object.entries(quantities).every(([sku, qty]) =>
        found.some(({ key, value }) => key === `${sku}/2025-11-20T06:01:00.000Z` && value['qty'] === qty),
      ),
    );
    expect(valuesOf(sales)).toContainEqual([
      'croissant/2025-11-20T06:01:00.000Z',
      { name: 'croissant', qty: 3, cents: 930 },
    ]);
    expect((await engine.stop()).code).toBe(0);
  });
});
