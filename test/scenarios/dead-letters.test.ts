import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { connectIntake, JSON_PROTOCOL, jsonFrame } from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

/** An event that an operator cannot take changes nothing, stops nobody, and is kept with the reason. */
const data = freshPath();
const topology = topologyFile('failing');
const SALES = '/v1/streams/sales';
let engine: EngineProcess;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, topology, partitions: 2 });
});

afterAll(() => engine.kill());

interface DeadLetter {
  key: string;
  value: { operator: string; code: string; errors: string[]; offset: number; value: string } & Record<string, unknown>;
}

async function deadLetters(): Promise<DeadLetter[]> {
  const { json } = await engine.get('/v1/views/dead-letters');
  return json['rows'] as DeadLetter[];
}

async function value(view: string, till: string): Promise<unknown> {
  return (await engine.get(`/v1/views/${view}/${till}`)).json['value'];
}

let sales = 0;

function sale(till: string, trouble?: string): object {
  sales += 1;
  return { saleId: `s-${sales}`, till, cents: 100, ...(trouble === undefined ? {} : { trouble }) };
}

/** Sent with spaces, so that the bytes that are kept can be told from any that were written anew. */
async function send(event: object): Promise<{ partition: number; offset: number; duplicate: boolean }> {
  const { status, json } = await engine.post(SALES, JSON.stringify(event, null, 1));
  expect([status, json['processed']]).toEqual([201, true]);
  return json as unknown as { partition: number; offset: number; duplicate: boolean };
}

describe.each([
  ['throw', 'sale s-2 is too much'],
  ['promise', 'promise'],
  ['nothing', 'undefined'],
  ['deep', 'call stack'],
])('an event whose operator ends in: %s', (trouble, reason) => {
  const till = `till-${trouble}`;

  it('is acknowledged, undone and kept with the reason, its place and its bytes', async () => {
    await send(sale(till));
    const before = [await value('takings', till), await value('last', till)];
    expect(before[0]).toEqual({ sales: 1, cents: 100 });
    const bad = sale(till, trouble);
    const { partition, offset } = await send(bad);

    expect([await value('takings', till), await value('last', till)]).toEqual(before);
    const letter = (await deadLetters()).find(({ value }) => value['key'] === till) as DeadLetter;
    expect(letter.key).toBe(`${partition}/${String(offset).padStart(16, '0')}`);
    expect(letter.value).toMatchObject({ stream: 'sales', key: till, partition, offset, operator: 'trouble' });
    expect(letter.value.code).toBe('ERR_OPERATOR_FAILED');
    expect(letter.value.errors.join('; ').toLowerCase()).toContain(reason.toLowerCase());
    expect(Buffer.from(letter.value.value, 'base64').toString()).toBe(JSON.stringify(bad, null, 1));
  });

  it('holds up nobody, not even its own till', async () => {
    await send(sale(`other-${trouble}`));
    await send(sale(till));
    expect(await value('takings', till)).toEqual({ sales: 2, cents: 200 });
    expect(await value('takings', `other-${trouble}`)).toEqual({ sales: 1, cents: 100 });
  });
});

describe('dead letters', () => {
  it('tell the error and what caused it', async () => {
    const letter = (await deadLetters()).find(({ value }) => value['key'] === 'till-throw') as DeadLetter;
    expect(letter.value.errors.at(-1)).toBe('the till is full');
    expect(letter.value.errors.join()).not.toMatch(/\n|\.ts:/);
  });

  it('come once, however often the event comes', async () => {
    const bad = sale('till-again', 'throw');
    const first = await send(bad);
    expect(await send(bad)).toMatchObject({ ...first, duplicate: true });
    expect((await deadLetters()).filter(({ value }) => value['key'] === 'till-again')).toHaveLength(1);
  });

  it('come from the middle of a frame without spoiling it', async () => {
    const { socket } = await connectIntake(engine.port, `${SALES}/ws`, JSON_PROTOCOL);
    const events = [sale('till-frame'), sale('till-frame', 'throw'), sale('till-frame')];
    socket.sendText(jsonFrame({ frame: 1 }, events).toString());
    expect(await socket.nextJson()).toMatchObject({ accepted: 3, rejected: [] });
    expect(await value('takings', 'till-frame')).toEqual({ sales: 2, cents: 200 });
    socket.close();
  });

  it.each(['kill', 'stop'] as const)('are the same after a %s', async (end) => {
    const letters = await deadLetters();
    const takings = (await engine.get('/v1/views/takings')).json['rows'];
    await engine[end]();
    engine = await EngineProcess.start({ data, topology });
    expect(await deadLetters()).toEqual(letters);
    expect((await engine.get('/v1/views/takings')).json['rows']).toEqual(takings);
  });

  it('are in the log as well: nothing that was acknowledged is gone', async () => {
    const letters = await deadLetters();
    await engine.stop();
    const logged = readLogs(data);
    expect(logged).toHaveLength(sales);
    for (const { value } of letters) {
      const { bytes } = logged.find(
        ({ partition, offset }) => partition === value['partition'] && offset === value.offset,
      ) as {
        bytes: Buffer;
      };
      expect(bytes.toString('base64')).toBe(value.value);
    }
  });
});
