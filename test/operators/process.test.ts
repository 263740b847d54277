import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  eventType,
  listState,
  mapState,
  OperatorError,
  TopologyTestDriver,
  valueState,
} from '../../src/index.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';

const Order = Type.Object({
  id: Type.String(),
  at: Type.Optional(Type.Number()),
  type: Type.Optional(Type.String()),
});
const START = 1_763_600_000_000;

/** Tells of orders that were not paid ten minutes after they were placed. */
const unpaid = defineTopology('unpaid', (t) => {
  t.stream('orders', { schema: Order, key: 'id', eventTime: 'at' })
    .process('payment', {
      state: { due: valueState<number>() },
      emits: eventType<{ unpaid: string; lateBy: number }>(),
      onEvent: (order, { state, timers, eventTime }) => {
        if (order.type === 'paid') {
          const due = state.due.get();
          if (due !== undefined) timers.deleteLogTime(due);
          state.due.clear();
          return;
        }
        state.due.set(eventTime + 600_000);
        timers.setLogTime(eventTime + 600_000);
      },
      onTimer: ({ lateBy }, { state, emit, key }) => {
        state.due.clear();
        emit({ unpaid: key, lateBy });
      },
    })
    .toJournal('unpaid', { keep: 100 });
});

function journal(driver: TopologyTestDriver, name: string): unknown[] {
  return driver
    .view<{ value: unknown }>(name)
    .rows()
    .map(([, row]) => row.value);
}

describe('process with timers in log time', () => {
  it('goes off when time passes and nothing comes, for the keys that still wait', () => {
    const driver = new TopologyTestDriver(unpaid, { now: START });
    driver.send('orders', { id: 'a', at: START });
    driver.send('orders', { id: 'b', at: START });
    driver.send('orders', { id: 'a', type: 'paid' });
    driver.advance(599_999);
    expect(journal(driver, 'unpaid')).toEqual([]);
    driver.advance(1);
    expect(journal(driver, 'unpaid')).toEqual([{ unpaid: 'b', lateBy: 0 }]);
    driver.advance(10_000_000);
    expect(journal(driver, 'unpaid')).toHaveLength(1);
  });

  it('goes off before the next event when time leapt, and says how late it is', () => {
    const driver = new TopologyTestDriver(unpaid, { now: START });
    driver.send('orders', { id: 'a', at: START });
    driver.send('orders', { id: 'late', at: START - 3_600_000 });
    driver.send('orders', { id: 'b', at: START });
    expect(journal(driver, 'unpaid')).toEqual([{ unpaid: 'late', lateBy: 3_000_000 }]);
  });

  it('goes on after a restart', () => {
    const driver = new TopologyTestDriver(unpaid, { now: START });
    driver.send('orders', { id: 'a', at: START });
    driver.restart();
    driver.advance(600_000);
    expect(journal(driver, 'unpaid')).toEqual([{ unpaid: 'a', lateBy: 0 }]);
  });
});

/** Every event sets the timers its text names: `+5` an event-time timer five ms on. */
function timersIn(watermark: { outOfOrderness: number; idleAfter?: number } | undefined): CompiledTopology {
  return defineTopology('timers', (t) => {
    const options = { schema: Order, key: 'id', eventTime: 'at' } as const;
    const events = t.stream('events', watermark === undefined ? options : { ...options, watermark });
    const others = t.stream('others', watermark === undefined ? options : { ...options, watermark });
    events
      .merge(others)
      .process('alarm', {
        emits: eventType<string>(),
        onEvent: (event, { timers, eventTime }) => {
          if (event.type?.startsWith('+')) timers.setEventTime(eventTime + Number(event.type));
          if (event.type?.startsWith('-')) timers.deleteEventTime(eventTime - Number(event.type));
        },
        onTimer: ({ time, lateBy }, { emit, key, watermark: reached }) => {
          emit(`${key} ${time - START} ${lateBy} ${reached - START}`);
        },
      })
      .toJournal('alarms', { keep: 100 });
  });
}

describe('process with timers in event time', () => {
  it('of streams without watermarks, goes off when an event of that time has been through', () => {
    const driver = new TopologyTestDriver(timersIn(undefined), { now: START });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.send('others', { id: 'b', at: START + 4 });
    expect(journal(driver, 'alarms')).toEqual([]);
    driver.send('others', { id: 'b', at: START + 7 });
    expect(journal(driver, 'alarms')).toEqual(['a 5 2 7']);
  });

  it('goes off in the order of time, then key', () => {
    const driver = new TopologyTestDriver(timersIn(undefined), { now: START });
    for (const [id, type] of [
      ['b', '+2'],
      ['a', '+2'],
      ['c', '+1'],
    ]) {
      driver.send('events', { id, at: START, type });
    }
    driver.send('events', { id: 'x', at: START + 10 });
    expect(journal(driver, 'alarms')).toEqual(['c 1 9 10', 'a 2 8 10', 'b 2 8 10']);
  });

  it('of streams with watermarks, waits for the bound and for the slower stream', () => {
    const driver = new TopologyTestDriver(timersIn({ outOfOrderness: 10 }), { now: START });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.send('events', { id: 'a', at: START + 1_000 });
    expect(journal(driver, 'alarms')).toEqual([]);
    driver.send('others', { id: 'b', at: START + 15 });
    expect(journal(driver, 'alarms')).toEqual([]);
    driver.send('others', { id: 'b', at: START + 16 });
    expect(journal(driver, 'alarms')).toEqual(['a 5 0 5']);
  });

  it('does not wait for a stream that is silent for longer than it may be, until it speaks again', () => {
    const driver = new TopologyTestDriver(timersIn({ outOfOrderness: 0, idleAfter: 30_000 }), { now: START });
    driver.send('others', { id: 'b', at: START });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.advance(29_999);
    driver.send('events', { id: 'a', at: START + 100 });
    expect(journal(driver, 'alarms')).toEqual([]);
    driver.advance(1);
    expect(journal(driver, 'alarms')).toEqual(['a 5 94 99']);
    driver.send('others', { id: 'b', at: START + 50, type: '+1' });
    driver.send('events', { id: 'a', at: START + 200 });
    // 51 has been passed already: the watermark does not fall, and goes on without the stream that is behind it.
    expect(journal(driver, 'alarms')).toEqual(['a 5 94 99', 'b 51 48 99']);
    driver.send('others', { id: 'b', at: START + 150, type: '+20' });
    expect(journal(driver, 'alarms')).toHaveLength(3);
  });

  it('does not wait for ever for a stream that never said anything', () => {
    const driver = new TopologyTestDriver(timersIn({ outOfOrderness: 0, idleAfter: 30_000 }), { now: START });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.advance(29_999);
    driver.send('events', { id: 'a', at: START + 100 });
    expect(journal(driver, 'alarms')).toEqual([]);
    driver.advance(1);
    expect(journal(driver, 'alarms')).toEqual(['a 5 94 99']);
  });

  it('does not go off once deleted', () => {
    const driver = new TopologyTestDriver(timersIn(undefined), { now: START });
    driver.send('events', { id: 'a', at: START, type: '+5' });
    driver.send('events', { id: 'a', at: START, type: '-5' });
    driver.send('events', { id: 'a', at: START, type: '+6' });
    driver.send('events', { id: 'a', at: START + 10 });
    expect(journal(driver, 'alarms')).toEqual(['a 6 4 10']);
  });
});

describe('process with state', () => {
  const kept = defineTopology('kept', (t) => {
    const { outputs } = t.stream('events', { schema: Order, key: 'id' }).process('keep', {
      state: { last: valueState<string>(), all: listState<string>(), counts: mapState<number>() },
      outputs: { changed: eventType<unknown>() },
      onEvent: ({ type = '' }, { state, emitTo }) => {
        if (type === 'fail') throw new RangeError('as told');
        if (type === 'clear') {
          state.last.clear();
          state.all.clear();
          state.counts.delete('x');
        } else {
          state.last.set(type);
          state.all.add(type);
          state.counts.set(type, (state.counts.get(type) ?? 0) + 1);
        }
        emitTo('changed', [state.last.get() ?? null, state.all.get(), state.counts.entries()]);
      },
    });
    outputs.changed.toJournal('changes', { keep: 10 });
  });

  it('keeps values, lists and maps apart by key and name', () => {
    const driver = new TopologyTestDriver(kept);
    for (const [id, type] of [
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'x'],
      ['a', 'w'],
      ['a', 'clear'],
    ]) {
      driver.send('events', { id, type });
    }
    expect(journal(driver, 'changes')).toEqual([
      ['x', ['x'], [['x', 1]]],
      ['y', ['y'], [['y', 1]]],
      ['x', ['x', 'x'], [['x', 2]]],
      [
        'w',
        ['x', 'x', 'w'],
        [
          ['w', 1],
          ['x', 2],
        ],
      ],
      [null, [], [['w', 1]]],
    ]);
  });

  it('takes back what a failing event wrote, and names the operator', () => {
    const driver = new TopologyTestDriver(kept);
    driver.send('events', { id: 'a', type: 'x' });
    expect(() => driver.send('events', { id: 'a', type: 'fail' })).toThrowError(OperatorError);
    driver.send('events', { id: 'a', type: 'x' });
    expect(journal(driver, 'changes').at(-1)).toEqual(['x', ['x', 'x'], [['x', 2]]]);
  });
});

describe('process that does wrong', () => {
  function failing(call: (context: never) => unknown): () => void {
    const topology = defineTopology('wrong', (t) => {
      t.stream('events', { schema: Order, key: 'id' })
        .process('wrong', { onEvent: (_, context) => call(context as never) as undefined })
        .toJournal('out', { keep: 1 });
    });
    return () => new TopologyTestDriver(topology).send('events', { id: 'a' });
  }
  it.each([
    ['a promise', async () => {}, 'returned a promise'],
    [
      'an unknown output',
      (c: { emitTo(way: string, event: number): void }) => c.emitTo('nowhere', 1),
      "emits to 'nowhere'",
    ],
    [
      'undefined',
      (c: { emit(event: unknown): void }) => c.emit(undefined),
      'returned undefined; expected an event to emit',
    ],
    [
      'a timer at NaN',
      (c: { timers: { setLogTime(t: number): void } }) => c.timers.setLogTime(Number.NaN),
      'sets a timer to NaN',
    ],
  ])('%s', (_, call, reason) => {
    expect(failing(call as never)).toThrowError(
      expect.objectContaining({ operator: 'wrong', message: expect.stringContaining(reason) }),
    );
  });

  it('a timer whose function throws is given up, and the next one goes off', () => {
    const topology = defineTopology('wrong', (t) => {
      t.stream('events', { schema: Order, key: 'id', eventTime: 'at' })
        .process('alarm', {
          emits: eventType<string>(),
          onEvent: (_, { timers, eventTime }) => timers.setLogTime(eventTime),
          onTimer: (_, { key, emit }) => {
            if (key === 'bad') throw new RangeError('as told');
            emit(key);
          },
        })
        .toJournal('out', { keep: 10 });
    });
    const driver = new TopologyTestDriver(topology, { now: START });
    driver.send('events', { id: 'bad', at: START + 1 });
    driver.send('events', { id: 'good', at: START + 2 });
    expect(() => driver.advance(10)).toThrowError(/operator=alarm.*as told/);
    driver.advance(0);
    expect(journal(driver, 'out')).toEqual(['good']);
  });
});
