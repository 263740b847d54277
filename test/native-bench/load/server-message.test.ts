import { describe, expect, it } from 'vitest';
import { readBinaryMessage, readTextMessage } from '../../../native-bench/load/server-message.ts';
import { binaryProtocol } from '../../../src/ingress/binary-protocol.ts';
import { ConnectionCredit, CreditBudget } from '../../../src/ingress/credit.ts';
import { jsonProtocol } from '../../../src/ingress/json-protocol.ts';
import { DEFAULT_INTAKE_LIMITS } from '../../../src/ingress/limits.ts';
import { LEVEL_DURABLE } from '../../../src/record/intake-message.ts';

const HELLO = { stream: 'orders', producer: 'p', epoch: 2, lastSeq: 41, maxFrameBytes: 1000, maxFrameEvents: 10 };
const OUTCOME = { frame: 7, accepted: 3, duplicate: 2, rejected: [], level: LEVEL_DURABLE };
const REJECTED = [{ index: 1, refusal: { code: 'ERR_EVENT_SCHEMA', status: 422, detail: 'no such thing' } }] as never;

function openCredit(): ConnectionCredit {
  const credit = new ConnectionCredit(new CreditBudget(DEFAULT_INTAKE_LIMITS), DEFAULT_INTAKE_LIMITS);
  credit.open();
  return credit;
}

describe.each([
  ['readTextMessage', readTextMessage, jsonProtocol],
  ['readBinaryMessage', readBinaryMessage, binaryProtocol],
])('%s', (_, read, protocol) => {
  const credit = openCredit();
  const readBack = (message: string | Uint8Array): ReturnType<typeof readTextMessage> =>
    read(typeof message === 'string' ? Buffer.from(message) : Buffer.from(message));
  const limits = { limitEvents: credit.limitEvents, limitBytes: credit.limitBytes };

  it('reads a hello', () => {
    const hello = readBack(protocol.hello(HELLO, credit));
    expect(hello).toMatchObject({ type: 'hello', lastSequence: 41, ...limits, detail: '' });
  });

  it('reads an ack', () => {
    const ack = readBack(protocol.ack(OUTCOME as never, credit));
    expect(ack).toMatchObject({ type: 'ack', frame: 7, accepted: 3, duplicate: 2, rejected: 0, ...limits, detail: '' });
  });

  it('reads what was rejected', () => {
    const ack = readBack(protocol.ack({ ...OUTCOME, rejected: REJECTED } as never, credit));
    expect(ack.rejected).toBe(1);
    expect(ack.detail).toContain('no such thing');
  });

  it('reads new credit and an error', () => {
    expect(readBack(protocol.credit(credit))).toMatchObject({ type: 'credit', ...limits });
    expect(readBack(protocol.error('ERR_DRAINING', 'later'))).toMatchObject({ type: 'error', limitEvents: -1 });
  });
});
