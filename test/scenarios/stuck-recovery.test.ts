import { describe, expect, it, vi } from 'vitest';
import { moka } from '../main/moka-process.ts';
import { EngineProcess, type Exit } from './support/engine-process.ts';
import { freshPath } from './support/scratch.ts';
import {
  accept,
  bytesOf,
  deadLetters,
  ENDLESS,
  endAndReplay,
  JOBS,
  reportOf,
  row,
  sendInVain,
  startEndless as start,
  until,
  WATCHED,
} from './support/stuck.ts';

/**
 * An operator that returned when an event was first run, and does not when the log is replayed: a setting that the
 * topology's fingerprint does not see is another one.
 */

/** Up to six lives each, side by side. */
vi.setConfig({ testTimeout: 120_000 });

function startInVain(data: string, env: Record<string, string> = {}, partitions = 2): Promise<Exit> {
  return EngineProcess.startInVain({ data, topology: ENDLESS, partitions, env: { ...WATCHED, ...env } });
}

/** A till that lies in partition 0, and the id of a job that is moved from there to partition 1. */
async function probe(engine: EngineProcess): Promise<{ till: string; id: string }> {
  const keys: string[] = [];
  for (let n = 0; keys[0] === undefined || keys[1] === undefined; n++) {
    const { partition } = await accept(engine, { id: `probe-${n}`, till: `key-${n}`, where: 'nowhere' });
    keys[partition] = `key-${n}`;
  }
  return { till: keys[0], id: keys[1] };
}

describe.concurrent('an operator that does not return while the log is replayed', () => {
  it('ends that start, and no later one', async () => {
    const data = freshPath();
    const first = await start(data, {}, 1);
    const { partition, offset } = await accept(first, { id: 'a', till: 'till-1' });
    await accept(first, { id: 'b', till: 'till-1' });
    await accept(first, { id: 'c', till: 'till-2' });
    await first.kill();

    const report = reportOf(await startInVain(data, { STUCK_JOB: 'a' }, 1));
    const place = { partition, offset, operator: 'first', stream: 'jobs', key: 'till-1' };
    expect(report).toMatchObject({ ...place, isNoted: true });
    expect(report.msg).toMatch(/which is in the log/);

    const third = await start(data, {}, 1);
    expect([await row(third, 'first', 'till-1'), await row(third, 'first', 'till-2')]).toEqual([1, 1]);
    const letters = await deadLetters(third);
    expect(letters).toMatchObject([{ partition, offset, operator: 'first' }]);
    expect(bytesOf(letters[0] as (typeof letters)[number])).toEqual({ id: 'a', till: 'till-1' });
    await endAndReplay(third, data, ENDLESS);

    const args = ['replay', '--json', '--from', '0', '--data', data, '--topology', ENDLESS];
    const replay = moka(args, { ...WATCHED, STUCK_JOB: 'b' });
    expect(replay.code).toBe(72);
    expect(replay.stderr).toMatch(/operator=first did not return .*partition=0 offset=1 stream=jobs key=.*only reads/);
  });

  it('is left out as a whole where other partitions hold nothing of it, one after the other', async () => {
    const data = freshPath();
    const first = await start(data);
    const { till, id } = await probe(first);
    const { partition, offset } = await accept(first, { id: 'a', till, where: 'nowhere' });
    await accept(first, { id, till });
    await until(async () => (await row(first, 'moved', id)) !== undefined);
    await first.kill();

    const stuck = { STUCK_JOB: 'a', STUCK_MOVED: id };
    const report = reportOf(await startInVain(data, stuck));
    expect(report).toMatchObject({ partition, offset, operator: 'first', key: till, isNoted: true });
    expect(report.msg).toMatch(/returned when it was first run.*if the log without it makes all that they hold/);

    // The next one is in what it sent, where that arrived.
    const other = reportOf(await startInVain(data, stuck));
    expect(other).toMatchObject({ partition: 1, operator: 'moved', key: id, isNoted: true });
    expect(other.msg).toMatch(/what partition=0 sent, which is in the log/);

    const third = await start(data, stuck);
    expect(await row(third, 'first', till)).toBe(2);
    expect(await row(third, 'moved', id)).toBeUndefined();
    expect(await deadLetters(third)).toMatchObject([
      { partition, offset, operator: 'first' },
      { partition: 1, operator: 'moved', key: id },
    ]);
    await accept(third, { id: `${id}-2`, till });
    await until(async () => (await row(third, 'moved', `${id}-2`)) !== undefined);
    await endAndReplay(third, data, ENDLESS);
  });

  it('is left out with what it has sent, where that has not left yet', async () => {
    const data = freshPath();
    const first = await start(data, { MOKA_FAILPOINT: 'exchange.before-hand-over' });
    const { till, id } = await probe(first);
    await sendInVain(first, { id, till });
    expect((await first.exited).signal).toBe('SIGKILL');

    const report = reportOf(await startInVain(data, { STUCK_JOB: id }));
    expect(report).toMatchObject({ partition: 0, operator: 'first', key: till, isNoted: true });

    const third = await start(data);
    expect((await third.post(JOBS, { id, till })).json['duplicate']).toBe(true);
    await accept(third, { id: 'b', till: id });
    expect(await deadLetters(third)).toMatchObject([{ partition: 0, offset: report.offset, operator: 'first' }]);
    expect(await row(third, 'moved', id)).toBeUndefined();
    await endAndReplay(third, data, ENDLESS);
  });

  it('waits for a person where other partitions hold what it sent; with leave, that stands', async () => {
    const data = freshPath();
    const first = await start(data);
    const { till, id } = await probe(first);
    const { offset } = await accept(first, { id, till });
    await accept(first, { id: 'b', till, where: 'nowhere' });
    await until(async () => (await row(first, 'moved', id)) !== undefined);
    await first.kill();

    const stuck = { STUCK_JOB: id };
    expect(reportOf(await startInVain(data, stuck))).toMatchObject({ partition: 0, offset, isNoted: true });
    const undecided = await startInVain(data, stuck);
    expect(undecided.code).toBe(77);
    const { code, message } = JSON.parse(undecided.stderr.trim().split('\n').at(-1) as string) as Record<
      string,
      string
    >;
    expect(code).toBe('ERR_OPERATOR_STUCK_LOGGED');
    expect(message).toMatch(new RegExp(`^operator=first did not return .* at offset=${offset} of partition=0 `));
    expect(message).toMatch(/put back.*setAsidePartly=true/);

    // Put back, all is as it was.
    const back = await start(data);
    expect([await row(back, 'first', till), await deadLetters(back)]).toEqual([3, []]);
    await back.kill();

    expect(reportOf(await startInVain(data, stuck))).toMatchObject({ partition: 0, offset, isNoted: true });
    const partly = await start(data, { MOKA_SET_ASIDE_PARTLY: 'true' });
    expect(await row(partly, 'first', till)).toBe(2);
    expect(await deadLetters(partly)).toMatchObject([{ partition: 0, offset, operator: 'first' }]);
    expect(await row(partly, 'moved', id)).toEqual({ id, till });
    expect(await row(partly, 'moved-count', id)).toBe(1);
    // The numbers on the way go on behind those that are taken.
    await accept(partly, { id: `${id}-2`, till });
    await accept(partly, { id, till: `${till}-2` });
    await until(async () => (await row(partly, 'moved-count', id)) === 2);
    await endAndReplay(partly, data, ENDLESS);
  });
});
