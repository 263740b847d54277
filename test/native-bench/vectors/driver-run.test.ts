import { describe, expect, it } from 'vitest';
import { checkTable, type DriverOptions, journalRow, runInDriver } from '../../../native-bench/vectors/driver-run.ts';
import { runTwice } from '../../../native-bench/vectors/judge.ts';
import type { Row } from '../../../native-bench/vectors/row.ts';
import { stageOf } from '../../../native-bench/vectors/scene.ts';
import { stepsOf } from '../../../native-bench/vectors/steps.ts';
import { windowKey } from '../../../src/operators/window-key.ts';

const RECORDS = [
  { stream: 'in', key: 7, value: 'x', ts: 5 },
  { control: 'wallClock', advanceMs: 10 },
  { stream: 'other', key: 'b', value: null, ts: 0 },
  { stream: 'in', key: null, value: 2.5, ts: 1 },
];

describe('runInDriver', () => {
  it('tells key, value, time and the input that brought a row about', () => {
    const stage = stageOf(
      { build: (scene) => scene.observe(scene.records('in').merge(scene.records('other'))) },
      RECORDS,
    );
    expect(runInDriver(stage, RECORDS)).toEqual([
      { output: 'out', key: '7', value: 'x', ts: 5, afterInput: 0 },
      { output: 'out', key: 'b', value: null, ts: 0, afterInput: 2 },
      { output: 'out', key: null, value: 2.5, ts: 1, afterInput: 3 },
    ]);
  });

  it('does for an input what it is told to do', () => {
    const stage = stageOf({ build: (scene) => scene.observe(scene.records('in')) }, RECORDS);
    const twice: DriverOptions['steps'] = (input, index) =>
      index === 0 ? [...stepsOf(input), { untilMs: 40 }, ...stepsOf(input)] : [{ advanceMs: 1 }, 'restart'];
    expect(runInDriver(stage, RECORDS, { steps: twice }).map((row) => row.afterInput)).toEqual([0, 0]);
  });

  it('runs in several partitions, where a key lies in one of them', () => {
    const records = Array.from({ length: 40 }, (_, n) => ({ stream: 'in', key: n % 8, value: n, ts: 0 }));
    const stage = stageOf({ build: (scene) => scene.observe(scene.records('in')) }, records);
    const rows = runInDriver(stage, records, { partitionCount: 4 });
    expect(rows).toEqual(runInDriver(stage, records));
  });

  it('takes the time of an event without one from the clock', () => {
    const untimed = [
      { control: 'processingTime', ts: 17 },
      { stream: 'in', key: 'a', value: 1 },
    ];
    const stage = stageOf({ build: (scene) => scene.observe(scene.records('in')) }, untimed);
    expect(runInDriver(stage, untimed)).toEqual([{ output: 'out', key: 'a', value: 1, ts: 17, afterInput: 1 }]);
  });

  it('puts the rows of several outputs in the order of their inputs', () => {
    const stage = stageOf(
      {
        build: (scene) => {
          scene.observe(scene.records('other'), 'second');
          scene.observe(scene.records('in'), 'first');
        },
      },
      RECORDS,
    );
    expect(runInDriver(stage, RECORDS).map((row) => row.output)).toEqual(['first', 'second', 'first']);
  });
});

describe('journalRow', () => {
  it('refuses a row that says it came of another event', () => {
    const entry = { key: 'a', value: 1, time: 0, offset: 4 };
    expect(journalRow('out', entry, 3, [3, 4])).toMatchObject({ key: 'a', afterInput: 3 });
    expect(journalRow('out', entry, 3, [null])).toMatchObject({ key: 'a', afterInput: 3 });
    expect(() => journalRow('out', entry, 3, [3])).toThrow(
      'a row of key=a after input=3 says that it came of offset=4',
    );
  });
});

describe('runTwice', () => {
  it('fails an operator that remembers what is not in its store', () => {
    let calls = 0;
    const build: Parameters<typeof runTwice>[0]['build'] = (scene) =>
      scene.observe(scene.records('in').map(() => ++calls));
    expect(() => runTwice({ build }, RECORDS)).toThrow('row 0 is another after a restart: 7=1 @5 #0, then 7=3 @5 #0');
  });
});

describe('checkTable', () => {
  const rows: Row[] = [
    { output: 'out', key: 'a', value: 1, ts: 1, afterInput: 0 },
    { output: 'out', key: 'b', value: 1, ts: 1, afterInput: 0 },
    { output: 'out', key: 'b', value: null, ts: 2, afterInput: 1 },
  ];
  const windowed: Row[] = [{ output: 'out', key: 'a', window: { start: 0, end: 5 }, value: 1, ts: 1, afterInput: 0 }];

  it('takes a view that shows what the changes add up to', () => {
    expect(() => checkTable('out', rows, [['a', 1]])).not.toThrow();
    expect(() => checkTable('out', windowed, [[windowKey('a', 0, 5), 1]])).not.toThrow();
  });

  it('notices what a view shows wrongly, too much, or not at all', () => {
    expect(() => checkTable('out', rows, [['a', 2]])).toThrow('the view shows a=2; the changes end with a=1 @1 #0');
    expect(() =>
      checkTable('out', rows, [
        ['a', 1],
        ['b', 1],
      ]),
    ).toThrow('the view shows b=1');
    expect(() =>
      checkTable('out', rows, [
        ['a', 1],
        ['c', 1],
      ]),
    ).toThrow('the changes end with nothing');
    expect(() => checkTable('out', rows, [])).toThrow('the view does not show a=1');
    expect(() => checkTable('out', windowed, [[windowKey('a', 0, 5), 2]])).toThrow('the view shows a[0,5]=2');
  });

  it('lets a view of windows forget those that are over', () => {
    expect(() => checkTable('out', windowed, [])).not.toThrow();
  });
});
