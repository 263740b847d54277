import { describe, expect, it, vi } from 'vitest';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import {
  accept,
  bytesOf,
  type DeadLetter,
  deadLetters,
  endAndReplay,
  JOBS,
  type Report,
  reportOf,
  reportsOf,
  row,
  sendInVain,
  until,
  WATCHED,
} from './support/stuck.ts';

/** Functions of a topology besides those of `map` and `process`: what one does not return for costs one life each. */
const topology = topologyFile('careless');
const HINTS = '/v1/streams/hints';

/** Several lives each, side by side. */
vi.setConfig({ testTimeout: 120_000 });

interface Lives {
  /** That none of them ends any more. */
  readonly engine: EngineProcess;
  /** Of those that ended, in their order. */
  readonly reports: readonly Report[];
}

function start(data: string, env: Record<string, string> = {}, partitions = 1): Promise<EngineProcess> {
  return EngineProcess.start({ data, topology, partitions, env: { ...WATCHED, ...env } });
}

/** Sends events, all of them together, for as many lives as it takes until each is answered. */
async function sendAll(data: string, events: readonly object[], env = {}, partitions = 1): Promise<Lives> {
  const reports: Report[] = [];
  for (;;) {
    const engine = await start(data, env, partitions);
    const answers = await Promise.all(events.map((event) => sendInVain(engine, event)));
    if (answers.every((answer) => answer !== null)) return { engine, reports };
    reports.push(...reportsOf(await engine.exited));
    expect(reports.length).toBeLessThanOrEqual(events.length);
  }
}

function statusesOf(body: string): unknown[] {
  return body
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { status: number }).status);
}

function byOperator(letters: readonly DeadLetter[]): unknown[] {
  const texts = letters.map((letter) => JSON.stringify([letter.operator, bytesOf(letter)]));
  return texts.sort().map((text) => JSON.parse(text) as unknown);
}

describe.concurrent('a function that does not return', () => {
  it('is named, the selector of a keyBy and a watermark one after the other', async () => {
    const data = freshPath();
    const bad = ['key', 'watermark'].map((where) => ({ id: where, till: 'till-1', where }));
    const { engine, reports } = await sendAll(data, bad);
    expect(reports.map(({ operator }) => operator).sort()).toEqual(['by-id', 'watermark']);
    await accept(engine, { id: 'fine', till: 'till-1' });
    expect(byOperator(await deadLetters(engine))).toEqual([
      ['by-id', bad[0]],
      ['watermark', bad[1]],
    ]);
    expect([await row(engine, 'ids', 'fine'), await row(engine, 'totals', 'till-1')]).toEqual([
      1,
      { till: 'till-1', jobs: 1 },
    ]);
    await endAndReplay(engine, data, topology);
  });

  it('in two partitions at the same time costs one life of each at most', async () => {
    const data = freshPath();
    const bad = ['a', 'b'].map((till) => ({ id: till, till, where: 'filter' }));
    const { engine } = await sendAll(data, bad, TWO_WORKERS, 2);
    expect(byOperator(await deadLetters(engine))).toEqual(bad.map((event) => ['sieve', event]));
    await endAndReplay(engine, data, topology);
  });

  it('before the event is one has it refused when it comes again', async () => {
    const data = freshPath();
    const bad = { id: 'bad', till: 'till-1', code: `${'a'.repeat(60)}!` };
    const first = await start(data);
    const lines = [{ id: 'a', till: 'till-1' }, bad, { id: 'b', till: 'till-2' }];
    void first.batch(JOBS, lines).catch(() => null);
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ operator: 'jobs', stream: 'jobs', key: 'till-1', isNoted: true });
    expect(report.msg).toMatch(/being checked by the schema and id.when.*not in the log.*refused with 422/);

    const second = await start(data);
    expect(statusesOf((await second.batch(JOBS, lines)).body)).toEqual([201, 422, 201]);
    const { status, json } = await second.post(JOBS, bad);
    expect([status, json['code']]).toEqual([422, 'ERR_EVENT_SCHEMA']);
    await second.kill();
  });

  it('to tell the identities of what is in the log ends each start with a code of its own', async () => {
    const data = freshPath();
    const first = await start(data);
    await accept(first, { id: 'a', till: 'till-1' });
    await first.kill();
    const env = { ...WATCHED, STUCK_ID: 'a' };
    const { code, stderr } = await EngineProcess.startInVain({ data, topology, partitions: 1, env });
    expect(code).toBe(77);
    expect(stderr).toMatch(/operator=id.when did not return .*partition=0 offset=0.*put back/);
    const back = await start(data);
    expect((await back.post(JOBS, { id: 'a', till: 'till-1' })).json['duplicate']).toBe(true);
    await back.kill();
  });

  it('before it has asked the outside gives up the event that waits', async () => {
    const data = freshPath();
    const first = await start(data);
    const bad = { id: 'bad', till: 'till-1', where: 'lookup' };
    await sendInVain(first, bad);
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ operator: 'ask', key: 'till-1', isNoted: true });
    expect(report.msg).toContain('a question of it');

    const second = await start(data);
    await until(async () => (await deadLetters(second)).length === 1);
    expect(byOperator(await deadLetters(second))).toEqual([['ask', bad]]);
    expect((await second.post(JOBS, bad)).json['duplicate']).toBe(true);
    await endAndReplay(second, data, topology);
  });

  it('to bring a row up to date sets aside the event that it is read for, not the reader', async () => {
    const data = freshPath();
    const first = await start(data);
    for (const till of ['stale', 'fresh']) await accept(first, { id: 'a', till });
    expect((await first.stop()).code).toBe(0);

    const env = { CARELESS_VERSION: '2' };
    const second = await start(data, env);
    await accept(second, { id: 'b', till: 'fresh' });
    const bad = { id: 'b', till: 'stale' };
    const [, exit] = await Promise.all([sendInVain(second, bad), second.exited]);
    expect(reportOf(exit)).toMatchObject({ operator: 'totals', stream: 'jobs', key: 'stale', isNoted: true });

    const third = await start(data, env);
    await accept(third, bad);
    expect(byOperator(await deadLetters(third))).toEqual([['totals', bad]]);
    expect(await row(third, 'totals', 'fresh')).toEqual({ till: 'fresh', jobs: 2 });
    void row(third, 'totals', 'stale').catch(() => null);
    const report = reportOf(await third.exited);
    expect(report).toMatchObject({ operator: 'totals', isNoted: false });
    expect(report.msg).toMatch(/a row of an earlier version that is asked for.*cannot be set aside/);
  });

  it('of an at-most-once stream loses what was received behind it, and is set aside when it comes again', async () => {
    const data = freshPath();
    const first = await start(data);
    await accept(first, { id: 'a', till: 'till-1' });
    const bad = { id: 'bad', till: 'till-1', where: 'hint' };
    const { status, json } = await first.post(HINTS, bad);
    expect([status, json['level']]).toEqual([202, 'received']);
    expect(reportOf(await first.exited)).toMatchObject({ operator: 'hint', stream: 'hints', isNoted: true });

    const second = await start(data);
    expect([await row(second, 'totals', 'till-1'), await deadLetters(second)]).toEqual([
      { till: 'till-1', jobs: 1 },
      [],
    ]);
    await second.post(HINTS, bad);
    await until(async () => (await deadLetters(second)).length === 1);
    expect(byOperator(await deadLetters(second))).toEqual([['hint', bad]]);
    await second.kill();
  });
});
