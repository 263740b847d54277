import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('windowed');
const NOON = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
const TILLS = Array.from({ length: 20 }, (_, n) => `till/${n}`);
const MINUTES = [0, 1];

interface Row {
  readonly key: string;
  readonly window: { readonly key: string; readonly start: number; readonly end: number };
  readonly value: unknown;
}

/** How often each till sells in each minute. */
const salesOf = (till: number, minute: number): number => 1 + ((till + minute) % 3);

const SALES = TILLS.flatMap((till, n) =>
  MINUTES.flatMap((minute) =>
    Array.from({ length: salesOf(n, minute) }, (_, sale) => ({ till, at: NOON + minute * 60_000 + sale })),
  ),
);

/** By view: the value of each till and minute. */
const WANTED: Record<string, (till: number, minute: number) => unknown> = {
  rows: salesOf,
  delayed: salesOf,
  texts: (till, minute) => `${TILLS[till]} ${NOON + minute * 60_000} ${salesOf(till, minute)}`,
  lonely: (till, minute) => (salesOf(till, minute) === 1 ? 1 : undefined),
  reminded: (till, minute) => [TILLS[till], NOON + minute * 60_000, salesOf(till, minute), null],
};

async function rowsOf(engine: EngineProcess, view: string): Promise<Row[]> {
  return (await engine.get(`/v1/views/${view}?limit=100`)).json['rows'] as Row[];
}

const textOf = (till: string, start: number, value: unknown): string => JSON.stringify([till, start, value]);

function wantedOf(view: string): string[] {
  const value = WANTED[view] as (till: number, minute: number) => unknown;
  const all = TILLS.flatMap((till, n) =>
    MINUTES.filter((minute) => value(n, minute) !== undefined).map((minute) => {
      return textOf(till, NOON + minute * 60_000, value(n, minute));
    }),
  );
  return all.sort();
}

async function shownOf(engine: EngineProcess, view: string): Promise<string[]> {
  const rows = await rowsOf(engine, view);
  return rows.map(({ window, value }) => textOf(window.key, window.start, value)).sort();
}

describe('behind a stream made of windows', () => {
  it('everything waits and happens by key and window through a kill, and every row that is listed can be read', async () => {
    const data = freshPath();
    const options = { data, topology, partitions: 2, env: { MOKA_CHECKPOINT_MAX_TAIL_MS: '50' } };
    const first = await EngineProcess.start(options);
    // In one batch, so that what is lonely has no time to become so in between.
    expect((await first.batch('/v1/streams/sales', SALES)).status).toBe(200);
    expect(await shownOf(first, 'rows')).toEqual(wantedOf('rows'));
    await first.kill();

    const second = await EngineProcess.start(options);
    for (const view of Object.keys(WANTED)) {
      const wanted = wantedOf(view);
      let shown: string[] = [];
      for (let tries = 0; tries < 100; tries++) {
        shown = await shownOf(second, view);
        if (shown.length === wanted.length) break;
        await sleep(100);
      }
      expect([view, shown]).toEqual([view, wanted]);
      for (const { key, window, value } of await rowsOf(second, view)) {
        const { start, end, key: till } = window;
        const byRowKey = await second.get(`/v1/views/${view}/${encodeURIComponent(key)}`);
        expect([byRowKey.status, byRowKey.json['value']]).toEqual([200, value]);
        const byWindow = await second.get(`/v1/views/${view}/${encodeURIComponent(till)}?start=${start}&end=${end}`);
        expect([byWindow.status, byWindow.json['value']]).toEqual([200, value]);
      }
    }
    expect((await second.get('/v1/views/dead-letters')).json['rows']).toEqual([]);
    expect((await second.stop()).code).toBe(0);
  });
});
