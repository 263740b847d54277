import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { compare, frameClient, httpClient, Journal, type LoadTarget, NOTHING_WRONG } from './support/load.ts';
import { readLogs } from './support/log-contents.ts';
import { hasProc, residentMib } from './support/proc.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

/**
 * More is offered than the one partition can do: every event keeps it busy for a while, and its ring holds a fraction of
 * what all clients have under way. Who comes back when told to, and sends no more than its credit, loses nothing.
 */
const BURN_MS = 0.7;
const PADDING = 'x'.repeat(8 * 1024);
const RING_BYTES = 1024 * 1024;
const CREDIT_BYTES = 512 * 1024;
const STAGING_BYTES = 4 * 1024 * 1024;
/** Of clients' own making: their bodies and frames on the way, before anything is refused. */
const GROWTH_MIB_MAX = 192;

async function slowEngine(data: string): Promise<EngineProcess> {
  return EngineProcess.start({
    data,
    topology: topologyFile('slow'),
    partitions: 1,
    env: {
      MOKA_RING_BYTES: String(RING_BYTES),
      MOKA_WEBSOCKET_CREDIT_BYTES: String(CREDIT_BYTES),
      MOKA_WEBSOCKET_STAGING_BYTES: String(STAGING_BYTES),
      MOKA_WEBSOCKET_MAX_FRAME_BYTES: String(128 * 1024),
    },
  });
}

function idsOf(data: string): string[] {
  return readLogs(data).map(({ bytes }) => (JSON.parse(bytes.toString()) as { id: string }).id);
}

/** The most that a process had in memory meanwhile, beyond what it had at first; 0 where that cannot be seen. */
async function growthMib(pid: number, work: Promise<unknown>): Promise<number> {
  if (!hasProc) {
    await work;
    return 0;
  }
  const before = residentMib(pid);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentMib(pid));
  }, 20);
  await work.finally(() => clearInterval(timer));
  return most - before;
}

describe('overload', () => {
  const event = (id: string): string => JSON.stringify({ id, burnMs: BURN_MS, padding: PADDING });

  it('over HTTP is refused with a time to come back, and everything is taken in the end', async () => {
    const data = freshPath();
    const engine = await slowEngine(data);
    const target: LoadTarget = { port: engine.port, path: '/v1/streams/tasks', event };
    const journal = new Journal();
    // A quiet spell before the storm: how little came then says nothing about how fast the queue goes down.
    await httpClient(target, 'early', 1, journal);
    await sleep(1000);
    await httpClient(target, 'late', 1, journal);
    const clients = Promise.all(Array.from({ length: 300 }, (_, n) => httpClient(target, `http-${n}`, 3, journal)));
    const growth = await growthMib(engine.pid, clients);

    expect(journal.complaints).toEqual([]);
    expect(journal.acked.size).toBe(902);
    expect(journal.refusals).toBeGreaterThan(100);
    expect(journal.waitSecondsMax).toBeLessThanOrEqual(3);
    expect(growth).toBeLessThan(GROWTH_MIB_MAX);
    expect((await engine.stop()).code).toBe(0);
    expect(compare(journal, idsOf(data))).toEqual(NOTHING_WRONG);
  });

  it('over WebSocket is held back by credit, and nothing is refused', async () => {
    const data = freshPath();
    const engine = await slowEngine(data);
    const target: LoadTarget = { port: engine.port, path: '/v1/streams/tasks', event };
    const journal = new Journal();
    const clients = Promise.all(Array.from({ length: 6 }, (_, n) => frameClient(target, `ws-${n}`, 250, journal)));
    let mostStaged = 0;
    let isDone = false;
    const watched = (async () => {
      while (!isDone) mostStaged = Math.max(mostStaged, await engine.metric('moka_websocket_staged_bytes'));
    })();
    const growth = await growthMib(engine.pid, clients);
    isDone = true;
    await watched;

    expect(journal.complaints).toEqual([]);
    expect(journal.acked.size).toBe(1500);
    expect(mostStaged).toBeGreaterThan(0);
    expect(mostStaged).toBeLessThanOrEqual(STAGING_BYTES);
    expect(growth).toBeLessThan(GROWTH_MIB_MAX);
    expect((await engine.stop()).code).toBe(0);
    expect(compare(journal, idsOf(data))).toEqual(NOTHING_WRONG);
  });

  it('of a batch is refused line by line from the first refusal on, so that order holds', async () => {
    const data = freshPath();
    const engine = await slowEngine(data);
    const lines = Array.from({ length: 120 }, (_, n) => event(`line-${n}`));
    const answers = await Promise.all(
      [0, 1, 2].map((batch) => engine.batch('/v1/streams/tasks', lines, { 'Idempotency-Key': `b-${batch}` })),
    );
    const refused = answers.filter(({ body }) => body.includes('ERR_OVERLOAD'));
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, headers } of refused) {
      const statuses = body
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { status: number }).status);
      const first = statuses.indexOf(503);
      expect(statuses.slice(first).every((status) => status === 503)).toBe(true);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    await engine.kill();
  });
});
