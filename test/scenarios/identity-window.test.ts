import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, type FrameAck, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

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

  it('of producers that is full refuses new ones, knows those in it, and has room again when its time is up', async () => {
    const PRODUCERS = 100;
    const data = freshPath();
    const env = { MOKA_DEDUPE_WINDOW_MS: '8000', MOKA_DEDUPE_MAX_PRODUCERS: String(PRODUCERS) };
    let engine = await EngineProcess.start({ data, partitions: 1, env });
    const send = async (producer: string): Promise<string> => {
      const { socket } = await connectIntake(engine.port, `${ORDERS}/ws?producer=${producer}`, JSON_PROTOCOL);
      socket.sendText(jsonFrame({ frame: 1, seq: 0 }, [later('o-1', 'changed')]).toString());
      const { accepted, duplicate, rejected } = (await socket.nextJson()) as unknown as FrameAck;
      socket.close();
      const [refusal] = rejected ?? [];
      return refusal ? `${refusal.status} ${refusal.code}` : `accepted=${accepted} duplicate=${duplicate}`;
    };
    const NEW = 'accepted=1 duplicate=0';
    const KNOWN = 'accepted=0 duplicate=1';
    const FULL = '503 ERR_IDENTITY_WINDOW_FULL';
    expect(await send('victim')).toBe(NEW);
    const others = Array.from({ length: PRODUCERS - 1 }, (_, n) => `till-${n}`);
    expect(new Set(await Promise.all(others.map(send)))).toEqual(new Set([NEW]));
    expect(await send('late-comer')).toBe(FULL);
    expect(await send('victim')).toBe(KNOWN);
    await expect.poll(() => engine.metric('moka_dedupe_producers'), { timeout: 3000 }).toBe(PRODUCERS);
    await engine.kill();
    engine = await EngineProcess.start({ data, partitions: 1, env });
    expect([await send('late-comer'), await send('victim'), await send('till-7')]).toEqual([FULL, KNOWN, KNOWN]);

    let outcome = FULL;
    while (outcome === FULL) {
      await sleep(50);
      outcome = await send('late-comer');
    }
    expect(outcome).toBe(NEW);
    // It took the place of the one that was silent for longest.
    const { socket, hello } = await connectIntake(engine.port, `${ORDERS}/ws?producer=victim`, JSON_PROTOCOL);
    expect(hello).toMatchObject({ lastSeq: -1 });
    socket.close();
    await engine.kill();
  });
});
