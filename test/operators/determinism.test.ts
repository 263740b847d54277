import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/operators/operator-context.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';

const Event = Type.Object({ id: Type.String() });

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
    ]);
    driver.send('events', { id: 'a' });
    const { answer } = driver.view<{ answer: unknown[] }>('answers').get('a') as { answer: unknown[] };
    expect(answer.slice(0, 2)).toEqual([new Date(driver.now).toISOString(), Date.parse('2026-11-20')]);
    expect(new Date() instanceof Date).toBe(true);
  });
});
