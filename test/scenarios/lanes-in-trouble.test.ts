import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

/** A lane that is busy keeps others waiting, no longer than they said; one that is stuck ends the process. */
const TASKS = '/v1/streams/tasks';
const topology = topologyFile('slow');
const task = (id: string, burnMs: number): object => ({ id, burnMs });

describe.concurrent('a lane that is busy', () => {
  it('answers 504 when the time is up, and with the event when it is asked again', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 1 });
    const event = task('long', 2000);
    const late = await engine.post(TASKS, event, { Prefer: 'wait=1' });
    expect([late.status, late.json['code'], late.json['retryable']]).toEqual([504, 'ERR_HTTP_TIMEOUT', true]);
    const again = await engine.post(TASKS, event);
    expect([again.status, again.json['duplicate'], again.json['offset']]).toEqual([201, true, 0]);
    await engine.kill();
  });

  it('answers 202 when the time is up and the client said that this will do', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 1 });
    const answer = await engine.post(TASKS, task('long', 1500), { Prefer: 'respond-async, wait=1' });
    expect([answer.status, answer.json['level'], answer.json['offset']]).toEqual([202, 'received', null]);
    await engine.kill();
  });

  it('lets a reader go when its time is up', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: 1 });
    expect((await engine.post(TASKS, task('long', 1500), { Prefer: 'respond-async' })).status).toBe(202);
    // An ack on receipt does not say that the event is under way.
    let answer = await engine.get('/v1/views/done/long?timeoutMs=200');
    while (answer.status === 404) answer = await engine.get('/v1/views/done/long?timeoutMs=200');
    expect([answer.status, answer.json['retryable'], answer.headers.get('retry-after')]).toEqual([504, true, '1']);
    expect((await engine.get('/v1/views/done/long')).status).toBe(200);
    await engine.kill();
  });

  it('finishes what a client sent that has gone meanwhile', async () => {
    const data = freshPath();
    const engine = await EngineProcess.start({ data, topology, partitions: 1 });
    const { socket } = await connectIntake(engine.port, `${TASKS}/ws`, JSON_PROTOCOL);
    socket.sendText(jsonFrame({ frame: 1 }, [task('a', 300), task('b', 1)]).toString());
    while ((await engine.metric('moka_events_received_total')) < 2);
    socket.close();
    const again = await engine.post(TASKS, task('b', 1));
    expect([again.status, again.json['duplicate']]).toEqual([201, true]);
    expect((await engine.stop()).code).toBe(0);
    expect(readLogs(data)).toHaveLength(2);
  });
});

describe.concurrent('a lane that is stuck', () => {
  it('ends the process with a code of its own, and what it was stuck in was never acknowledged', async () => {
    const data = freshPath();
    const engine = await EngineProcess.start({ data, topology, partitions: 1, env: { MOKA_WATCHDOG_MS: '1000' } });
    expect((await engine.post(TASKS, task('fine', 0))).status).toBe(201);
    const stuck = engine.post(TASKS, task('stuck', 1e9)).then(
      ({ status }) => status,
      () => 'closed',
    );
    const { code } = await engine.exited;
    expect([code, await stuck]).toEqual([72, 'closed']);
    const next = await EngineProcess.start({ data, topology });
    expect((await next.get('/v1/views/done/fine')).status).toBe(200);
    expect((await next.stop()).code).toBe(0);
    expect(readLogs(data)).toHaveLength(1);
  });

  it('is told from a process that was paused as a whole', async () => {
    const engine = await EngineProcess.start({
      data: freshPath(),
      topology,
      partitions: 1,
      env: { MOKA_WATCHDOG_MS: '1000' },
    });
    engine.signal('SIGSTOP');
    await sleep(2500);
    engine.signal('SIGCONT');
    expect((await engine.post(TASKS, task('awake', 0))).status).toBe(201);
    await sleep(1500);
    expect((await engine.get('/livez')).status).toBe(200);
    expect((await engine.stop()).code).toBe(0);
  });
});

describe.concurrent('a lane whose thread is ended by an operator', () => {
  it.each([
    ['exit', /worker exited with code: 0/],
    ['later', /user code failed outside of an event.*sale s-2 comes back to bite.* at Timeout/],
    ['left', /user code failed outside of an event.*sale s-2 comes back to bite/],
  ])('takes the process with it, says why, and nothing that was acknowledged is lost: %s', async (trouble, reason) => {
    const data = freshPath();
    const failing = topologyFile('failing');
    const engine = await EngineProcess.start({ data, topology: failing, partitions: 1 });
    const sale = (saleId: string, more: object = {}): object => ({ saleId, till: 'a', cents: 1, ...more });
    expect((await engine.post('/v1/streams/sales', sale('s-1'))).status).toBe(201);
    const last = await engine.post('/v1/streams/sales', sale('s-2', { trouble })).catch(() => null);
    const { code, stderr } = await engine.exited;
    expect([code, (JSON.parse(stderr) as { level: number }).level]).toEqual([1, 60]);
    expect(stderr).toMatch(reason);
    const ids = readLogs(data).map(({ bytes }) => (JSON.parse(bytes.toString()) as { saleId: string }).saleId);
    // without an ack nothing is known of the last sale: it may be there
    expect(ids.slice(0, 1)).toEqual(['s-1']);
    expect(last === null ? ['s-2', undefined] : ['s-2']).toContain(ids[1]);
    expect(ids.length).toBeLessThanOrEqual(2);
  });
});

describe.concurrent('an event whose operator left something behind that fails', () => {
  it.each(['later', 'left'])('ends the process once, and no start after it: %s', async (trouble) => {
    const options = { data: freshPath(), topology: topologyFile('failing'), partitions: 1 };
    const first = await EngineProcess.start(options);
    const sale = { saleId: 's-1', till: 'a', cents: 1, trouble, afterMs: 500 };
    expect((await first.post('/v1/streams/sales', sale)).status).toBe(201);
    expect((await first.exited).code).toBe(1);

    const second = await EngineProcess.start(options);
    while ((await second.metric('moka_checkpoints_total')) === 0) await sleep(50);
    expect((await second.post('/v1/streams/sales', { saleId: 's-2', till: 'a', cents: 1 })).status).toBe(201);
    const { stderr } = await second.kill();
    expect(stderr).toMatch(
      /user code failed outside of an event.*sale s-1 comes back to bite.*left behind by the replay/,
    );

    const third = await EngineProcess.start({ ...options, env: { MOKA_LOG_LEVEL: 'info' } });
    expect((await third.get('/v1/views/takings/a')).json['value']).toEqual({ sales: 2, cents: 2 });
    await sleep(1000);
    const { code, stderr: quiet } = await third.stop();
    expect([code, quiet.includes('replayed=1 '), quiet.includes('bite')]).toEqual([0, true, false]);
  });
});
