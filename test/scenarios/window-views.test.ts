import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type * as Moka from '../../src/index.ts';
import { BUILD, EngineProcess } from './support/engine-process.ts';
import { EventStream } from './support/event-stream.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('late');
const VIEW = '/v1/views/minutes';
const NOON = Date.parse('2026-03-01T12:00Z');
const minute = (n: number): number => NOON + n * 60_000;
const sale = (till: string, n: number): object => ({ till, at: minute(n) + 1 });
const SALES = [sale('a', 0), sale('a/1', 0), sale('a', 1), sale('b', 1), sale('a', 1), sale('a', 2), sale('a/1', 2)];

interface Answer {
  readonly rows: readonly { readonly window: { key: string; start: number; end: number }; readonly value: number }[];
  readonly cursor: string | null;
}

const shown = ({ rows }: Answer): unknown[] =>
  rows.map(({ window: { key, start, end }, value }) => [key, (start - NOON) / 60_000, end - start, value]);

describe('a view of windows', () => {
  it('is read by key and window, and by key and span of time, and watched', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 3 });
    expect((await engine.batch('/v1/streams/sales', SALES)).status).toBe(200);
    const range = async (query: string): Promise<Answer> => (await engine.get(`${VIEW}?${query}`)).json as never;

    expect(shown(await range('key=a'))).toEqual([
      ['a', 0, 60_000, 1],
      ['a', 1, 60_000, 2],
      ['a', 2, 60_000, 1],
    ]);
    expect(shown(await range('key=a%2F1'))).toEqual([
      ['a/1', 0, 60_000, 1],
      ['a/1', 2, 60_000, 1],
    ]);
    expect(shown(await range(`key=a&from=${minute(1)}&to=${minute(2)}`))).toEqual([['a', 1, 60_000, 2]]);
    const first = await range(`key=a&to=${minute(2)}&limit=1`);
    expect(shown(first)).toEqual([['a', 0, 60_000, 1]]);
    const second = await range(`key=a&to=${minute(2)}&limit=1&cursor=${first.cursor}`);
    expect([shown(second), second.cursor]).toEqual([[['a', 1, 60_000, 2]], null]);

    const one = await engine.get(`${VIEW}/a?start=${minute(1)}&end=${minute(2)}`);
    const window = { key: 'a', start: minute(1), end: minute(2) };
    expect([one.status, one.json]).toEqual([200, expect.objectContaining({ window, value: 2 })]);
    const { key } = one.json as { key: string };
    expect((await engine.get(`${VIEW}/${encodeURIComponent(key)}`)).json).toEqual(one.json);
    expect((await engine.get(`${VIEW}/a?start=${minute(1)}&end=${minute(3)}`)).status).toBe(404);

    const feed = await EventStream.open(engine.port, `${VIEW}/changes?key=a&from=${minute(2)}`);
    expect((await feed.next())?.event).toBe('reset');
    const rows = await feed.next();
    expect(shown(rows?.data as never)).toEqual([['a', 2, 60_000, 1]]);
    feed.close();
    expect((await engine.stop()).code).toBe(0);
  });

  it('says what is wrong with a question', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 1 });
    const ask = async (path: string): Promise<[number, unknown]> => {
      const { status, json } = await engine.get(path);
      return [status, (json as { detail?: string }).detail];
    };
    const refused: [string, string][] = [
      [`${VIEW}?key=`, 'key is empty'],
      [`${VIEW}?key=a&from=noon`, 'from is not a whole number of ms since 1970, 3000000000000000 at most'],
      [`${VIEW}?key=a&from=2&to=1`, 'from lies after to'],
      [`${VIEW}?key=a&prefix=a`, 'key excludes prefix'],
      [`${VIEW}/changes?key=a&to=x`, 'to is not a whole number of ms since 1970, 3000000000000000 at most'],
      [`${VIEW}/a`, 'the rows of view=minutes are of a key and a window; say start and end, or read a range with key'],
      [`${VIEW}/a?start=1`, 'start and end name a window together'],
      [`${VIEW}/a?start=2&end=1`, 'start lies after end'],
      [`${VIEW}/a?start=1&ende=2`, 'no such parameter: name=ende; did you mean end'],
      ['/v1/views/history?key=a', 'the rows of view=history have no windows; read one by its key'],
      ['/v1/views/history/a?start=1&end=2', 'the rows of view=history have no windows; leave start and end out'],
    ];
    for (const [path, detail] of refused) expect([path, ...(await ask(path))]).toEqual([path, 400, detail]);
    const { json } = await engine.get('/openapi.json');
    const { paths } = json as { paths: Record<string, { get: { parameters: { name: string }[] } }> };
    const namesOf = (path: string): string[] => (paths[path]?.get.parameters ?? []).map(({ name }) => name);
    expect(namesOf(VIEW)).toEqual(['key', 'from', 'to', 'prefix', 'limit', 'cursor', 'after', 'timeoutMs']);
    expect(namesOf(`${VIEW}/{key}`)).toEqual(['key', 'start', 'end', 'after', 'timeoutMs']);
    expect(namesOf('/v1/views/history')).not.toContain('key');
    expect((await engine.stop()).code).toBe(0);
  });

  it('is read from the process that it runs in', async () => {
    const moka = (await import(pathToFileURL(join(BUILD, 'index.js')).href)) as typeof Moka;
    const engine = await moka.createEngine(topology, {
      http: { port: 0 },
      admin: { port: 0 },
      log: { segmentBytes: 4 * 1024 * 1024 },
      logLevel: 'error',
      dataDir: freshPath(),
      partitions: 2,
    });
    for (const one of SALES) await engine.ingest('sales', one);
    const minutes = engine.view<number>('minutes');
    const window = { start: minute(1), end: minute(2) };
    expect(await minutes.get('a', { window })).toBe(2);
    expect(await minutes.get('a', { window: { start: minute(5), end: minute(6) } })).toBeUndefined();
    expect(await minutes.get(moka.windowKey('a', window.start, window.end))).toBe(2);
    const { rows } = await minutes.range({ key: 'a', from: minute(1) });
    expect(rows.map((row) => [row.window?.key, row.window?.start, row.value])).toEqual([
      ['a', minute(1), 2],
      ['a', minute(2), 1],
    ]);
    await expect(minutes.get('a')).rejects.toMatchObject({ code: 'ERR_VIEW_QUERY' });
    await expect(minutes.range({ from: 3 })).rejects.toMatchObject({
      message: 'from is a number, which it is only with the key of a view of windows',
    });
    await engine.close();
  });
});
