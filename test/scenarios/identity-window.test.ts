import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** A repeated event is known for a time that is promised; what cannot be promised is refused. */
describe('the window of identities', () => {
  const WINDOW_MS = 3000;
  const ENTRIES = 1000;

  it('that is full refuses what is new, knows what is in it, and has room again when its time is up', async () => {
    const env = { MOKA_DEDUPE_WINDOW_MS: String(WINDOW_MS), MOKA_DEDUPE_MAX_ENTRIES: String(ENTRIES) };
    const engine = await EngineProcess.start({ data: freshPath(), partitions: 1, env });
    const statuses = async (lines: object[]): Promise<string[]> => {
      const { body } = await engine.batch(ORDERS, lines);
      return body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { status: number; code?: string; duplicate?: boolean })
        .map(({ status, code, duplicate }) => `${status} ${code ?? (duplicate ? 'duplicate' : 'new')}`);
    };
    const orders = Array.from({ length: ENTRIES + 200 }, (_, n) => order(`o-${n}`));
    const filled = await statuses(orders);
    expect(filled.slice(0, ENTRIES)).toEqual(new Array(ENTRIES).fill('201 new'));
    expect(new Set(filled.slice(ENTRIES))).toEqual(new Set(['503 ERR_IDENTITY_WINDOW_FULL']));
    const refused = await engine.post(ORDERS, order('o-one-more'));
    expect([refused.status, refused.json['code'], refused.json['retryable']]).toEqual([
      503,
      'ERR_IDENTITY_WINDOW_FULL',
      true,
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(new Set(await statuses(orders.slice(0, 10)))).toEqual(new Set(['201 duplicate']));

    let status = 503;
    while (status === 503) {
      await sleep(50);
      ({ status } = await engine.post(ORDERS, order('o-one-more')));
    }
    expect(status).toBe(201);
    // Forgotten on time: the order is still open, so the shop ignores that it is placed again.
    expect(await statuses(orders.slice(0, 1))).toEqual(['201 new']);
    await engine.kill();
  });
});
