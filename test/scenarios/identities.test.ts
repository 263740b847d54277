import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import {
  BINARY_PROTOCOL,
  binaryFrame,
  connectIntake,
  JSON_PROTOCOL,
  jsonFrame,
  readBinaryAck,
} from './support/intake-socket.ts';
import { readLogs } from './support/log-contents.ts';
import { freshPath } from './support/scratch.ts';
import { later, ORDERS, order } from './support/shop.ts';

/**
 * Whatever is sent twice is taken once and answered twice, whichever way it came and however the engine ended between:
 * drained, which leaves a checkpoint, or killed, which leaves the log.
 */
const data = freshPath();
const WS = `${ORDERS}/ws`;
let engine: EngineProcess;

beforeAll(async () => {
  engine = await EngineProcess.start({ data, partitions: 2, env: TWO_WORKERS });
});

afterAll(() => engine.kill());

interface Answer {
  status: number;
  ack: { partition: number; offset: number; epoch: number; duplicate: boolean };
  code: unknown;
}

async function send(event: object, key?: string): Promise<Answer> {
  const { status, json } = await engine.post(ORDERS, event, key === undefined ? {} : { 'Idempotency-Key': key });
  return { status, ack: json as unknown as Answer['ack'], code: json['code'] };
}

/** What was sent, with its first answer; all of it is sent again after every end of the process. */
const sent: { event: object; key: string | undefined; answer: Answer }[] = [];

async function sendFirst(event: object, key?: string): Promise<Answer> {
  const answer = await send(event, key);
  expect([answer.status, answer.ack.duplicate]).toEqual([201, false]);
  sent.push({ event, key, answer });
  return answer;
}

async function expectDuplicate(first: Answer, event: object, key?: string): Promise<void> {
  const again = await send(event, key);
  const { partition, offset } = first.ack;
  expect([again.status, again.ack]).toMatchObject([201, { partition, offset, duplicate: true }]);
}

/** Each identity, in every state of the engine. */
function identities(state: string): void {
  describe(`identities, engine ${state}`, () => {
    it('of everything sent so far are known, with the first place of each', async () => {
      for (const { event, key, answer } of sent) await expectDuplicate(answer, event, key);
    });

    it('by the id that an event has of itself', async () => {
      const event = order(`natural-${state}`);
      const first = await sendFirst(event);
      await expectDuplicate(first, event);
    });

    it('by Idempotency-Key, bare or in quotes', async () => {
      await sendFirst(order(`key-${state}`));
      const event = later(`key-${state}`, 'ready');
      const first = await sendFirst(event, `ready-${state}`);
      await expectDuplicate(first, event, `"ready-${state}"`);
    });

    it('are scoped to the key of the order', async () => {
      await sendFirst(order(`scope-a-${state}`), `scope-${state}`);
      await sendFirst(order(`scope-b-${state}`), `scope-${state}`);
    });

    it('with other content are 422', async () => {
      await sendFirst(order(`mismatch-${state}`), `mismatch-${state}`);
      const other = await send(order(`mismatch-${state}`, { totalCents: 1 }));
      expect([other.status, other.code]).toEqual([422, 'ERR_IDENTITY_MISMATCH']);
      const byKey = await send(later(`mismatch-${state}`, 'ready'), `mismatch-${state}`);
      expect([byKey.status, byKey.code]).toEqual([422, 'ERR_IDENTITY_MISMATCH']);
    });

    it('that are missing are 400', async () => {
      const answer = await send(later(`natural-${state}`, 'ready'));
      expect([answer.status, answer.code]).toEqual([400, 'ERR_IDENTITY_MISSING']);
    });

    it('of an event that is not flushed yet are answered with its flush', async () => {
      const event = order(`flight-${state}`);
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(event)));
      const firsts = answers.filter(({ ack }) => !ack.duplicate);
      expect(firsts).toHaveLength(1);
      const { partition, offset } = (firsts[0] as Answer).ack;
      for (const { status, ack } of answers)
        expect([status, ack.partition, ack.offset]).toEqual([201, partition, offset]);
      sent.push({ event, key: undefined, answer: firsts[0] as Answer });
    });

    it('hold from one transport to the other', async () => {
      const event = order(`transport-${state}`);
      await sendFirst(event);
      const { socket } = await connectIntake(engine.port, WS, JSON_PROTOCOL);
      socket.sendText(jsonFrame({ frame: 1 }, [event]).toString());
      expect(await socket.nextJson()).toMatchObject({ accepted: 0, duplicate: 1 });
      socket.close();
      const batch = await engine.batch(ORDERS, [event]);
      expect(JSON.parse(batch.body)).toMatchObject({ status: 201, duplicate: true });
    });

    it('of a frame make its repetition a duplicate as a whole', async () => {
      const id = `frame-${state}`;
      const events = [later(`natural-${state}`, 'changed', { totalCents: 1 }), later(`natural-${state}`, 'ready')];
      const { socket } = await connectIntake(engine.port, WS, JSON_PROTOCOL);
      socket.sendText(jsonFrame({ frame: 1, id }, events).toString());
      expect(await socket.nextJson()).toMatchObject({ accepted: 2, duplicate: 0 });
      socket.sendText(jsonFrame({ frame: 2, id }, events).toString());
      expect(await socket.nextJson()).toMatchObject({ accepted: 0, duplicate: 2 });
      socket.close();
    });
  });
}

/** A producer numbers its events and needs no other identity. */
function producers(state: string): void {
  const steps = ['ready', 'changed'].map((type) => later(`natural-${state}`, type));

  describe(`a producer, engine ${state}`, () => {
    const path = `${WS}?producer=till-${state}`;

    it('is told by the hello after which number to go on', async () => {
      const { socket, hello } = await connectIntake(engine.port, path, JSON_PROTOCOL);
      expect(hello).toMatchObject({ producer: `till-${state}`, lastSeq: -1 });
      socket.sendText(jsonFrame({ frame: 1, seq: 0 }, steps).toString());
      socket.sendText(jsonFrame({ frame: 2, seq: 2 }, steps).toString());
      expect(await socket.nextJson()).toMatchObject({ frame: 1, accepted: 2 });
      expect(await socket.nextJson()).toMatchObject({ frame: 2, accepted: 2 });
      socket.close();
      await socket.closed();
      const again = await connectIntake(engine.port, path, BINARY_PROTOCOL);
      expect(again.hello).toMatchObject({ lastSeq: 3 });
      again.socket.close();
    });

    it('that goes back sends duplicates', async () => {
      const { socket } = await connectIntake(engine.port, path, BINARY_PROTOCOL);
      const bytes = steps.map((step) => Buffer.from(JSON.stringify(step)));
      socket.sendBinary(binaryFrame({ frame: 1, firstSequence: 2 }, bytes));
      expect(readBinaryAck((await socket.next()).payload)).toMatchObject({ accepted: 0, duplicate: 2 });
      socket.sendBinary(binaryFrame({ frame: 2, firstSequence: 4 }, bytes));
      expect(readBinaryAck((await socket.next()).payload)).toMatchObject({ accepted: 2, duplicate: 0 });
      socket.close();
    });

    it('that connects again takes over from its older connection', async () => {
      const older = await connectIntake(engine.port, path, JSON_PROTOCOL);
      const newer = await connectIntake(engine.port, path, JSON_PROTOCOL);
      expect(await older.socket.nextJson()).toMatchObject({ type: 'error', code: 'ERR_PRODUCER_FENCED' });
      expect(await older.socket.closed()).toBe(1008);
      expect(newer.hello['epoch']).toBe((older.hello['epoch'] as number) + 1);
      newer.socket.sendText(jsonFrame({ frame: 1, seq: 6 }, steps).toString());
      expect(await newer.socket.nextJson()).toMatchObject({ accepted: 2 });
      newer.socket.close();
    });
  });
}

identities('new');
producers('new');

describe('an engine that was drained', () => {
  it('starts again', async () => {
    expect((await engine.stop()).code).toBe(0);
    engine = await EngineProcess.start({ data });
  });

  it('knows where its producers are', async () => {
    const { socket, hello } = await connectIntake(engine.port, `${WS}?producer=till-new`, JSON_PROTOCOL);
    expect(hello).toMatchObject({ lastSeq: 7 });
    socket.close();
  });
});

identities('drained');
producers('drained');

describe('an engine that was killed', () => {
  it('starts again', async () => {
    await engine.kill();
    engine = await EngineProcess.start({ data });
  });

  it('knows where its producers are', async () => {
    for (const name of ['new', 'drained']) {
      const { socket, hello } = await connectIntake(engine.port, `${WS}?producer=till-${name}`, JSON_PROTOCOL);
      expect(hello).toMatchObject({ lastSeq: 7 });
      socket.close();
    }
  });
});

identities('killed');

/** What a read answers that waits for this position. */
async function statusAfter(partition: number, offset: number, epoch: number): Promise<number> {
  return (await engine.get(`/v1/views/orders/natural-new?after=${partition}:${offset}:${epoch}`)).status;
}

describe('a position', () => {
  it('of an ack from before is still one to wait for', async () => {
    const { key, answer } = sent[0] as (typeof sent)[0];
    const { partition, offset, epoch } = answer.ack;
    expect([key, epoch]).toEqual([undefined, 1]);
    const { status } = await engine.get(`/v1/views/orders/natural-new?after=${partition}:${offset}:${epoch}`);
    expect(status).toBe(200);
  });

  it('of each ack is one to wait for, and that of an older epoch at the same place is gone', async () => {
    for (const isRestarted of [false, true]) {
      if (isRestarted) {
        // What stands before a checkpoint is not read again.
        expect((await engine.stop()).code).toBe(0);
        engine = await EngineProcess.start({ data });
      }
      expect(new Set(sent.map(({ answer }) => answer.ack.epoch))).toEqual(new Set([1, 2, 3]));
      for (const { answer } of sent) {
        const { partition, offset, epoch } = answer.ack;
        expect(await statusAfter(partition, offset, epoch)).toBe(200);
        expect(await statusAfter(partition, offset, epoch - 1)).toBe(410);
      }
    }
  });

  it('that an earlier epoch never reached is gone', async () => {
    const { status, json } = await engine.get('/v1/views/orders/natural-new?after=0:1000000:1');
    expect([status, json['code']]).toEqual([410, 'ERR_VIEW_POSITION_LOST']);
  });
});

describe('the log', () => {
  it('holds every event once', async () => {
    await engine.stop();
    const texts = readLogs(data).map(({ bytes }) => bytes.toString());
    for (const { event, answer } of sent) {
      expect([answer.ack, texts.filter((text) => text === JSON.stringify(event)).length]).toEqual([answer.ack, 1]);
    }
  });
});
