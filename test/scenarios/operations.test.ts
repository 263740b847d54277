import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { head, type RawAnswer, RawHttpClient, request } from '../http/raw-http-client.ts';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { hasProc, niceOfThreads } from './support/proc.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

/** What whoever runs the engine looks at: health, numbers, control, and the description of all of it. */
let engine: EngineProcess;

beforeAll(async () => {
  engine = await EngineProcess.start({ data: freshPath(), partitions: 2 });
});

afterAll(() => engine.kill());

const admin = (path: string, method = 'GET'): Promise<RawAnswer> => request(engine.adminPort, method, path);

describe('health', () => {
  it.each(['/livez', '/readyz'])('%s is ok on both listeners', async (path) => {
    for (const answer of [await engine.get(path), await admin(path)]) {
      expect([answer.status, answer.body]).toEqual([200, 'ok\n']);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
  });

  it('tells the state of every partition to whoever asks for more', async () => {
    const { status, json } = await engine.get('/readyz?verbose');
    expect(status).toBe(200);
    expect(json).toEqual({
      ready: true,
      reason: null,
      partitions: [0, 1].map((partition) => ({
        partition,
        state: 'running',
        epoch: 1,
        processedOffset: -1,
        durableOffset: -1,
        checkpointOffset: -1,
        pressure: 'ok',
        fillRatio: 0,
        drainRate: 0,
        intakeBlockedBy: null,
      })),
    });
  });

  it('answers HEAD without a body, and goes on', async () => {
    const client = await RawHttpClient.open(engine.port);
    client.send(head('HEAD', '/livez'));
    const answer = await client.answer(false);
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '3']);
    client.send(head('GET', '/livez'));
    expect((await client.answer()).body).toBe('ok\n');
    client.close();
  });
});

describe.skipIf(!hasProc)('the threads', () => {
  it('are of one priority, but the one that saves state gives way to all others', () => {
    const nice = niceOfThreads(engine.pid).sort((left, right) => left - right);
    const usual = nice[0] as number;
    expect(nice.slice(0, -1).every((one) => one === usual)).toBe(true);
    expect(nice.at(-1)).toBe(Math.min(usual + 5, 19));
  });
});

describe('/metrics', () => {
  it('count what was done', async () => {
    expect((await engine.post(ORDERS, order('m-1'))).status).toBe(201);
    expect((await engine.post(ORDERS, order('m-1'))).status).toBe(201);
    expect((await engine.post(ORDERS, order('m-2', { totalCents: -1 }))).status).toBe(422);
    await engine.batch(ORDERS, [order('m-3'), order('m-4')]);
    const { socket } = await connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL);
    socket.sendText(
      jsonFrame({ frame: 1, id: 'm' }, [order('m-5'), later('m-5', 'ready'), later('m-5', 'eaten')]).toString(),
    );
    await socket.nextJson();
    await engine.get('/v1/views/orders/m-1');

    const expected: Record<string, number> = {
      'moka_events_received_total{transport="http"}': 3,
      'moka_events_received_total{transport="batch"}': 2,
      'moka_events_received_total{transport="websocket"}': 3,
      'moka_events_rejected_total{code="ERR_EVENT_SCHEMA"}': 2,
      moka_websocket_connections: 1,
      'moka_queries_total{kind="get"}': 1,
    };
    const logged = ['moka_events_logged_total', 'moka_events_processed_total'];
    let body = '';
    // The numbers of a partition are a moment old.
    do ({ body } = await admin('/metrics'));
    while (sumOf(body, 'moka_durable_offset') < 5 - 2);
    for (const [name, value] of Object.entries(expected))
      expect(`${name} ${numberOf(body, name)}`).toBe(`${name} ${value}`);
    for (const name of logged) expect(`${name} ${sumOf(body, name)}`).toBe(`${name} 5`);
    expect(sumOf(body, 'moka_dedupe_hits_total')).toBe(1);
    socket.close();
  });

  it('are in the format of Prometheus, each with a help and a type', async () => {
    const { headers, body } = await engine.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const names = new Set([...body.matchAll(/^(moka_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm)].map(([, name]) => name));
    expect(names.size).toBeGreaterThan(30);
    for (const name of names)
      expect(body).toMatch(new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} (counter|gauge|histogram)$`, 'm'));
  });
});

function numberOf(body: string, name: string): number | undefined {
  const line = body.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

function sumOf(body: string, name: string): number {
  const lines = body.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

describe('control', () => {
  it('is on the admin listener and nowhere else', async () => {
    for (const path of ['/admin/checkpoint', '/admin/drain', '/admin/partitions', '/admin/pause', '/admin/profile']) {
      expect((await engine.post(path, '')).status).toBe(404);
    }
    expect((await admin(ORDERS, 'POST')).status).toBe(404);
  });

  it('saves a checkpoint when asked to', async () => {
    expect((await admin('/admin/checkpoint', 'POST')).status).toBe(202);
    const { json } = await admin('/admin/partitions');
    const offsets = (json['partitions'] as { processedOffset: number }[]).map(({ processedOffset }) => processedOffset);
    let body = '';
    do ({ body } = await admin('/metrics'));
    while (
      offsets.some(
        (offset, partition) => (numberOf(body, `moka_checkpoint_offset{partition="${partition}"}`) ?? -2) < offset,
      )
    );
    expect(sumOf(body, 'moka_state_dirty_bytes')).toBe(0);
  });

  it('answers when the checkpoint is on disk, with what it reflects', async () => {
    const answers = await Promise.all([order('saved-1'), order('saved-2')].map((one) => engine.post(ORDERS, one)));
    const { status, json } = await admin('/admin/checkpoint?wait=30', 'POST');
    const partitions = json['partitions'] as { partition: number; checkpointOffset: number }[];
    expect([status, json['pid'], partitions.map(({ partition }) => partition)]).toEqual([200, engine.pid, [0, 1]]);
    for (const { json: ack } of answers) {
      expect(partitions[ack['partition'] as number]?.checkpointOffset).toBeGreaterThanOrEqual(ack['offset'] as number);
    }
    expect((await admin('/admin/partitions')).json['partitions']).toMatchObject(partitions);
    const wrong = await admin('/admin/checkpoint?wait=long', 'POST');
    expect([wrong.status, wrong.json['detail']]).toEqual([400, 'wait must be a number from 0.1 to 600']);
  });

  it('pauses the intake, on every way in, and goes on with what waited', async () => {
    const { socket } = await connectIntake(engine.port, `${ORDERS}/ws`, JSON_PROTOCOL);
    expect((await admin('/admin/pause', 'POST')).status).toBe(202);
    const refused = await engine.post(ORDERS, order('paused'));
    expect([refused.status, refused.json['code']]).toEqual([503, 'ERR_INTAKE_PAUSED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await engine.batch(`${ORDERS}`, [order('paused')])).status).toBe(503);
    const ready = await admin('/readyz');
    expect([ready.status, ready.body]).toEqual([503, 'intake paused\n']);
    expect((await engine.get('/v1/views/orders')).status).toBe(200);
    socket.sendText(jsonFrame({ frame: 1, id: 'paused' }, [order('waiting')]).toString());
    expect((await engine.get('/v1/views/orders/waiting')).status).toBe(404);
    expect((await admin('/admin/resume', 'POST')).status).toBe(202);
    expect(await socket.nextJson()).toMatchObject({ type: 'ack', frame: 1, accepted: 1 });
    expect((await engine.post(ORDERS, order('paused'))).status).toBe(201);
    expect((await admin('/readyz')).status).toBe(200);
    socket.close();
  });

  it.each(['main', 'worker-0', 'checkpoints'])('says what the CPU of thread %s goes into', async (thread) => {
    const recording = admin(`/admin/profile?thread=${thread}&seconds=0.3`, 'POST');
    const second = await admin('/admin/profile?seconds=1', 'POST');
    expect([second.status, second.json['code']]).toEqual([503, 'ERR_NOT_READY']);
    const { status, headers, json } = await recording;
    expect([status, headers.get('content-disposition')]).toEqual([
      200,
      `attachment; filename="moka-${thread}-0.3s.cpuprofile"`,
    ]);
    expect((json['nodes'] as unknown[]).length).toBeGreaterThan(0);
    expect(json['endTime']).toBeGreaterThan((json['startTime'] as number) + 250_000);
  });

  it.each([
    ['thread=nobody', 'thread=nobody, must be one of main, checkpoints, worker-0'],
    ['seconds=0', 'seconds must be a number from 0.1 to 60'],
    ['seconds=soon', 'seconds must be a number from 0.1 to 60'],
  ])('refuses a profile with %s', async (query, detail) => {
    const { status, json } = await admin(`/admin/profile?${query}`, 'POST');
    expect([status, json['code'], json['detail']]).toEqual([
      400,
      'ERR_HTTP_BAD_REQUEST',
      expect.stringContaining(detail),
    ]);
  });

  it.each([
    ['GET', '/admin/checkpoint', 405, 'ERR_HTTP_METHOD'],
    ['POST', '/livez', 405, 'ERR_HTTP_METHOD'],
    ['GET', '/admin', 404, 'ERR_HTTP_NOT_FOUND'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await admin(path, method);
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });
});

interface Description {
  openapi: string;
  info: { title: string };
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown>; required?: string[] }> };
}

describe('/openapi.json', () => {
  let description: Description;

  beforeAll(async () => {
    const answer = await engine.get('/openapi.json');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    description = answer.json as unknown as Description;
  });

  it('describes every stream and view of the topology', () => {
    expect([description.openapi, description.info.title]).toEqual(['3.1.0', 'coffee-shop']);
    for (const stream of ['orders', 'payments']) {
      expect(Object.keys(description.paths)).toEqual(
        expect.arrayContaining([`/v1/streams/${stream}`, `/v1/streams/${stream}/batch`, `/v1/streams/${stream}/ws`]),
      );
    }
    for (const view of ['orders', 'open-orders', 'dead-letters']) {
      expect(Object.keys(description.paths)).toEqual(
        expect.arrayContaining([`/v1/views/${view}`, `/v1/views/${view}/{key}`, `/v1/views/${view}/changes`]),
      );
    }
  });

  it('names no path that is not there, and each operation once', async () => {
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ path, method, operationId })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, method } of operations) {
      if (path.endsWith('/changes')) continue;
      const { status, json } = await request(engine.port, method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'));
      expect([path, method, status, json['code']]).not.toEqual([path, method, 404, 'ERR_HTTP_NOT_FOUND']);
      expect([path, method, status]).not.toEqual([path, method, 405]);
    }
  });

  it('has the schema that events are held against, and the answer that they get', async () => {
    const event = description.components.schemas['Event.orders'] as { anyOf: { properties: object }[] };
    expect(Object.keys(event.anyOf[0]?.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(order('x'))));
    const { json } = await engine.post(ORDERS, order('described'));
    expect(Object.keys(description.components.schemas['Ack']?.properties ?? {}).sort()).toEqual(
      Object.keys(json).sort(),
    );
  });

  it('holds every reference that it makes', () => {
    const text = JSON.stringify(description);
    for (const [, pointer] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = (pointer as string)
        .split('/')
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], description);
      expect([pointer, typeof target]).toEqual([pointer, 'object']);
    }
  });
});
