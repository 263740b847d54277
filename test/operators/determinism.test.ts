import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/operators/operator-context.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';

const Event = Type.Object({ id: Type.String() });
const FORMAT = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' });

function driverOf(call: (context: Context) => unknown): TopologyTestDriver {
  return new TopologyTestDriver(
    defineTopology('asking', (t) => {
      t.stream('events', { schema: Event, key: 'id' })
        .map('ask', (event, context) => ({ ...event, answer: call(context) }))
        .toView('answers');
    }),
  );
}

describe('development mode', () => {
  it.each<[string, () => unknown, string]>([
    ['Date.now()', () => Date.now(), 'context.now()'],
    ['new Date()', () => new Date().toISOString(), 'new Date(context.now())'],
    ['Date()', () => Date(), 'new Date(context.now())'],
    ['Math.random()', () => Math.random(), 'context.random()'],
    ['performance.now()', () => performance.now(), 'context.now()'],
    ['crypto.randomUUID()', () => crypto.randomUUID(), 'context.id()'],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(2)), 'context.random()'],
    ['randomUUID() of node:crypto', () => randomUUID(), 'context.id()'],
    ['randomBytes() of node:crypto', () => randomBytes(2), 'context.random()'],
    ['randomInt() of node:crypto', () => randomInt(9), 'context.random()'],
    ['process.hrtime()', () => process.hrtime(), 'context.now()'],
    ['process.hrtime.bigint()', () => process.hrtime.bigint(), 'context.now()'],
    ['process.uptime()', () => process.uptime(), 'context.now()'],
    ['format() of Intl.DateTimeFormat without a date', () => FORMAT.format(), 'format(context.now())'],
    [
      'formatToParts() of Intl.DateTimeFormat without a date',
      () => FORMAT.formatToParts(),
      'formatToParts(context.now())',
    ],
  ])('names the operator that asks %s, and says what to ask instead', (call, ask, instead) => {
    const driver = driverOf(ask);
    expect(() => driver.send('events', { id: 'a' })).toThrowError(
      expect.objectContaining({
        code: 'ERR_OPERATOR_FAILED',
        operator: 'ask',
        message: expect.stringContaining(`called ${call}, which a replay would answer differently; use ${instead}`),
      }),
    );
    expect(driver.view('answers').size).toBe(0);
    expect(() => ask()).not.toThrow();
  });

  it('lets a date be made of a time, and the context be asked', () => {
    const driver = driverOf((context) => [
      new Date(context.now()).toISOString(),
      Date.parse('2026-11-20'),
      context.random(),
      FORMAT.format(0),
      [0, 0].map(FORMAT.format),
    ]);
    driver.send('events', { id: 'a' });
    const { answer } = driver.view<{ answer: unknown[] }>('answers').get('a') as { answer: unknown[] };
    expect(answer.slice(0, 2)).toEqual([new Date(driver.now).toISOString(), Date.parse('2026-11-20')]);
    expect(answer.slice(3)).toEqual(['1/1/1970', ['1/1/1970', '1/1/1970']]);
    expect(new Date() instanceof Date).toBe(true);
  });
});
