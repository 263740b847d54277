import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { valueState } from '../../src/operators/process-state.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';

type Loose = (...args: unknown[]) => Stream<unknown>;

function mistakesOf(options: unknown): string[] {
  try {
    defineTopology('t', (t) => {
      const events = t.stream('events', { schema: Type.Object({ id: Type.String() }), key: 'id' });
      (events.process.bind(events) as unknown as Loose)('own', options).toJournal('out', { keep: 1 });
    });
  } catch (error) {
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
}

const onEvent = (): void => {};
const STATE = "process 'own' state 'seen'";

describe('process, written down wrongly', () => {
  it.each<[string, unknown, string[]]>([
    [
      'state that is none',
      { state: { seen: 0 }, onEvent },
      ["process 'own': its state 'seen' is a number; use valueState(), listState() or mapState()"],
    ],
    [
      'a state whose name reads like the window of a row',
      { state: { '45035996273704964503599627370506': valueState() }, onEvent },
      ["process 'own': its state '45035996273704964503599627370506' reads like a window; put a letter into its name"],
    ],
    [
      'a ttl that is no time',
      { state: { seen: valueState({ ttl: '1 hour' }) }, onEvent },
      [`${STATE}: ttl is "1 hour"; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 1 ms at least`],
    ],
    [
      'a ttl beyond everything',
      { state: { seen: valueState({ ttl: '99999d' }) }, onEvent },
      [`${STATE}: ttl is more than a hundred years; use a shorter time`],
    ],
    [
      'another refresh',
      { state: { seen: valueState({ ttl: 1, refresh: 'never' as never }) }, onEvent },
      [`${STATE}: refresh is "never"; use one of write, read`],
    ],
    [
      'a refresh without a ttl',
      { state: { seen: valueState({ refresh: 'read' }) }, onEvent },
      [`${STATE}: it is refreshed, but lives for ever; give it a ttl such as '1h', or take refresh out`],
    ],
    [
      'an option that there is not',
      { state: { seen: valueState({ tll: 1 } as never) }, onEvent },
      [`${STATE}: there is no option 'tll'; did you mean 'ttl'?`],
    ],
  ])('%s', (_, options, mistakes) => {
    expect(mistakesOf(options)).toEqual(mistakes);
  });

  it('a state that expires, written down rightly', () => {
    expect(mistakesOf({ state: { seen: valueState({ ttl: '1h', refresh: 'read' }) }, onEvent })).toEqual([]);
  });
});
