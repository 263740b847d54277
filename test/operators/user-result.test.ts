import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlatMapOperator } from '../../src/operators/flat-map.ts';
import { disown, refuseResult } from '../../src/operators/user-result.ts';
import { contextAt, Recorder } from './fixtures.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => {
  unhandled.push(reason);
};

beforeEach(() => {
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('unhandledRejection', note);
  unhandled.length = 0;
});

async function failing(afterMs: number): Promise<never> {
  await sleep(afterMs);
  throw new Error('nobody waits for this');
}

describe('a promise that is refused', () => {
  it('may reject at once or later without being missed', async () => {
    expect(() => refuseResult('odd', failing(0), 'a value')).toThrow('operator=odd reason=returned a promise');
    expect(() => refuseResult('odd', Promise.reject(new Error('at once')), 'a value')).toThrow('returned a promise');
    await sleep(20);
    expect(unhandled).toEqual([]);
  });

  it('may be one of several', async () => {
    const flatMap = new FlatMapOperator('odd', contextAt(), () => [1, failing(0), failing(1)], new Recorder());
    expect(() => flatMap.push('a', 1, undefined, 1)).toThrow('a value at index 1 of the array');
    await sleep(20);
    expect(unhandled).toEqual([]);
  });

  it('may be anything that has a then', () => {
    const moody = {
      // biome-ignore lint/suspicious/noThenProperty: it is what this is about
      then: () => {
        throw new Error('not today');
      },
    };
    expect(() => disown(moody)).not.toThrow();
    for (const value of [null, undefined, 1, 'then', {}, []]) expect(() => disown(value)).not.toThrow();
  });
});
