import { describe, expect, it, vi } from 'vitest';
import type { EngineProcess } from './support/engine-process.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import {
  accept,
  bytesOf,
  type DeadLetter,
  deadLetters,
  ENDLESS,
  endAndReplay as endAndReplayOf,
  JOBS,
  reportOf,
  row,
  sendInVain,
  startEndless as start,
  until,
} from './support/stuck.ts';

/** An operator that does not return ends the process once: what it was given is set aside, and everything else goes on. */

const START = 1_763_600_000_000;

/** Three lives each, side by side. */
vi.setConfig({ testTimeout: 120_000 });

/** The state that is left is that of the log. */
function endAndReplay(engine: EngineProcess, data: string): Promise<void> {
  return endAndReplayOf(engine, data, ENDLESS);
}

describe.concurrent('an operator that does not return', () => {
  it('is named with its event, which goes to the dead letters when it comes again', async () => {
    const data = freshPath();
    const first = await start(data);
    const before = await accept(first, { id: 'a', till: 'till-1' });
    const bad = { id: 'b', till: 'till-1', where: 'first' };
    const [, exit] = await Promise.all([sendInVain(first, bad), first.exited]);
    const report = reportOf(exit);
    expect([report.partition, report.offset]).toEqual([before.partition, before.offset + 1]);
    expect(report).toMatchObject({ level: 60, code: 'ERR_OPERATOR_STUCK' });
    expect(report).toMatchObject({ operator: 'first', stream: 'jobs', key: 'till-1', isNoted: true });
    expect(report.msg).toMatch(
      /operator=first did not return for ms=\d+: partition=\d offset=\d+ stream=jobs key="till-1".*not in the log.*acknowledged is lost.*dead letters/,
    );

    const second = await start(data);
    expect(await row(second, 'first', 'till-1')).toBe(1);
    await accept(second, { id: 'c', till: 'till-1' });
    const { partition, offset } = await accept(second, bad);
    await accept(second, { id: 'd', till: 'till-2' });
    expect((await second.post(JOBS, bad)).json['duplicate']).toBe(true);
    expect([await row(second, 'first', 'till-1'), await row(second, 'first', 'till-2')]).toEqual([2, 1]);
    const letters = await deadLetters(second);
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ stream: 'jobs', key: 'till-1', partition, offset, operator: 'first' });
    expect(letters[0]?.errors[0]).toMatch(/operator=first .*did not return for ms=/);
    expect(bytesOf(letters[0] as DeadLetter)).toEqual(bad);
    await second.kill();

    const third = await start(data);
    expect(await deadLetters(third)).toEqual(letters);
    await endAndReplay(third, data);
    expect(readLogs(data)).toHaveLength(4);
  });

  it('behind a keyBy sets aside what was sent there; the event stays done where it came in', async () => {
    const data = freshPath();
    const first = await start(data);
    const { partition: source } = await accept(first, { id: 'fine', till: 'till-1' });
    // A key that lies in the other partition than its till.
    let id = '';
    for (let n = 0; id === ''; n++) {
      const { partition } = await accept(first, { id: `probe-${n}`, till: `elsewhere-${n}` });
      if (partition !== source) id = `elsewhere-${n}`;
    }
    await accept(first, { id, till: 'till-1', where: 'moved' });
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ partition: 1 - source, operator: 'moved', stream: null, key: id, isNoted: true });
    expect(report.msg).toContain(`what partition=${source} sent`);

    const second = await start(data);
    await accept(second, { id: 'fine-2', till: 'till-1' });
    await until(async () => (await row(second, 'moved', 'fine-2')) !== undefined);
    await until(async () => (await deadLetters(second)).length === 1);
    expect(await deadLetters(second)).toMatchObject([{ key: id, partition: 1 - source, operator: 'moved' }]);
    expect(await row(second, 'first', 'till-1')).toBe(3);
    expect((await second.post(JOBS, { id, till: 'till-1', where: 'moved' })).json['duplicate']).toBe(true);
    await endAndReplay(second, data);
  });

  it.each(['log-time', 'event-time'])('in a timer gives up that timer alone: %s', async (where) => {
    const data = freshPath();
    const first = await start(data);
    const timing = where === 'event-time' ? { at: START, after: 300 } : { after: 3000 };
    for (const till of ['till-1', 'till-2', 'till-3', 'till-4']) {
      await accept(first, { id: till, till, ...timing, ...(till === 'till-2' ? { where } : {}) });
    }
    const later = (id: string, till: string): object => ({
      id,
      till,
      ...(where === 'event-time' ? { at: START + 500 } : {}),
    });
    for (const till of ['till-1', 'till-2', 'till-3', 'till-4']) void sendInVain(first, later(`${till}-later`, till));
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ operator: 'alarm', stream: null, key: 'till-2', isNoted: true });
    expect(report.msg).toMatch(new RegExp(`what alarm was to do at ${where}=`));

    const second = await start(data);
    for (const till of ['till-1', 'till-2', 'till-3', 'till-4']) {
      expect((await second.post(JOBS, later(`${till}-later`, till))).status).toBe(201);
    }
    await until(async () => (await deadLetters(second)).length === 1);
    for (const till of ['till-1', 'till-3', 'till-4'])
      await until(async () => (await row(second, 'rung', till)) === till);
    expect(await deadLetters(second)).toMatchObject([{ key: 'till-2', operator: 'alarm' }]);
    await endAndReplay(second, data);
  });

  it('for a window that is over sets aside its result, and not the event that ended it', async () => {
    const data = freshPath();
    const first = await start(data);
    for (const till of ['till-1', 'till-2', 'till-3', 'till-4']) {
      await accept(first, { id: till, till, at: START, ...(till === 'till-3' ? { where: 'window' } : {}) });
    }
    const tills = ['till-1', 'till-2', 'till-3', 'till-4'];
    for (const till of tills) void sendInVain(first, { id: `${till}-later`, till, at: START + 1500 });
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ operator: 'tell', isNoted: true });
    expect(report.msg).toContain('a result of by-second for row="till-3');

    const second = await start(data);
    for (const till of tills) {
      expect((await second.post(JOBS, { id: `${till}-later`, till, at: START + 1500 })).status).toBe(201);
    }
    expect(await deadLetters(second)).toMatchObject([{ key: 'till-3', operator: 'tell' }]);
    for (const till of tills) expect(await row(second, 'first', till)).toBe(2);
    const { json } = await second.get('/v1/views/seconds');
    expect((json['rows'] as unknown[]).length).toBe(3);
    await endAndReplay(second, data);
  });

  it('for an answer from outside gives up the event that waited for it', async () => {
    const data = freshPath();
    const first = await start(data);
    const bad = { id: 'a', till: 'till-1', where: 'answer' };
    await sendInVain(first, bad);
    const report = reportOf(await first.exited);
    expect(report).toMatchObject({ operator: 'ask', key: 'till-1', isNoted: true });
    expect(report.msg).toContain('an answer to ask');

    const second = await start(data);
    await accept(second, { id: 'b', till: 'till-1', after: 0 });
    await until(async () => (await row(second, 'answered', 'till-1')) !== undefined);
    await second.post(JOBS, bad);
    const letters = await deadLetters(second);
    expect(letters).toMatchObject([{ stream: 'jobs', key: 'till-1', operator: 'ask' }]);
    expect(bytesOf(letters[0] as DeadLetter)).toEqual(bad);
    await endAndReplay(second, data);
  });

  it('is known to the next start also when the process is killed as soon as it is noted', async () => {
    const data = freshPath();
    const first = await start(data, { MOKA_FAILPOINT: 'stuck.noted' });
    const bad = { id: 'a', till: 'till-1', where: 'first' };
    await sendInVain(first, bad);
    expect((await first.exited).signal).toBe('SIGKILL');
    const second = await start(data);
    await accept(second, bad);
    expect(await deadLetters(second)).toMatchObject([{ key: 'till-1', operator: 'first' }]);
    await endAndReplay(second, data);
  });
});
