import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CompiledTopology, defineTopology, TopologyTestDriver, Type } from 'moka';
import { describe, expect, it } from 'vitest';
import { EveryOperatorScenario } from '../../../native-bench/crash/every-operator-scenario.ts';
import { Random } from '../../../native-bench/load/random.ts';
import { PROJECT_DIRECTORY } from '../../../native-bench/run/places.ts';
import * as windows from '../../../src/topology/windows.ts';

const TOPOLOGY = join(PROJECT_DIRECTORY, 'native-bench/crash/every-operator');
const BUILT = pathToFileURL(join(PROJECT_DIRECTORY, '.bench/build/native-bench/crash/every-operator/topology.js')).href;
const PRODUCERS = 8;
const EVENTS = 6000;
/** What a topology is written down with: the classes of these names. */
const FLUENT = /^(TopologyBuilder|\w*Stream|\w*Table|\w*Cogroup)$/;

/** What the methods alone do not tell. */
const FORMS = [
  ...["time: 'processing'", "every: '200ms'", "time: 'event'"],
  ...[
    'session({ gap',
    'session({ timeout',
    'untilWindowCloses',
    'untilWindowEnds',
    'untilTimeLimit',
    'hours.late.',
    'paid.late.',
    'changed.late.',
    "per: 'partition'",
    "emit: 'final'",
    'merge:',
    'window?.start',
    'panes: true',
  ],
  ...['valueState<', 'listState<', 'mapState<', 'ttl:', "refresh: 'read'", 'outputs:'],
  ...[
    'setEventTime(',
    'setLogTime(',
    'deleteEventTime(',
    '.random()',
    '.id()',
    '.now()',
    'eventTime:',
    'outOfOrderness',
    'whenIdle',
  ],
  ...['absent: true', '.timedOut.', "skip: 'none'", 'maxPartial', 'cancelledBy', "keep: 'latest'"],
  ...["keep: 'first'", "keep: 'last'", "order: 'arrival'", "order: 'event-time'"],
  ...['orders.join(payments,', 'orders.leftJoin(payments,', 'orders.outerJoin(payments,', 'within:', 'before:'],
  ...['bySku.join(latest,', 'bySku.leftJoin(latest,', 'bySku.join(history,', 'bySku.leftJoin(history,', 'history:'],
  ...['orders.join(regions,', 'orders.leftJoin(regions,'],
  ...['open.join(paid,', 'open.leftJoin(paid,', 'open.outerJoin(paid,'],
  ...['.enrich(', 'result:', 'onFailure:'],
  ...['open.join(priced,', 'open.leftJoin(priced,', 'foreignKey:'],
];

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** `Stream.filter`, …, each with whether it was called since it was first seen. */
type Called = Map<string, boolean>;

/** Looks on from here: what a method of the language returns is of the language as well. */
function watch(value: unknown, called: Called): void {
  if (typeof value !== 'object' || value === null) return;
  for (let at: object | null = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const name = at.constructor.name;
    if (FLUENT.test(name)) watchMethods(name, at as Methods, called);
  }
}

function watchMethods(name: string, methods: Methods, called: Called): void {
  for (const method of Object.getOwnPropertyNames(methods)) {
    const original = Object.getOwnPropertyDescriptor(methods, method)?.value;
    if (method === 'constructor' || typeof original !== 'function' || called.has(`${name}.${method}`)) continue;
    called.set(`${name}.${method}`, false);
    methods[method] = function (this: unknown, ...args) {
      called.set(`${name}.${method}`, true);
      const result = original.apply(this, args) as unknown;
      for (const one of [result, ...Object.values(result ?? {})]) watch(one, called);
      return result;
    };
  }
}

async function calledMethods(use: () => Promise<unknown>): Promise<Called> {
  const called: Called = new Map();
  defineTopology('first', (t) => {
    t.stream('first', { schema: Type.Object({ key: Type.String() }), key: 'key' }).toJournal('first', { keep: 1 });
    watch(t, called);
  });
  await use();
  return called;
}

describe('the every-operator topology', () => {
  it('uses every method that a topology can be written with', async () => {
    const called = await calledMethods(() => import(/* @vite-ignore */ BUILT));
    expect(called.size).toBeGreaterThan(50);
    expect([...called].filter(([, isCalled]) => !isCalled).map(([name]) => name)).toEqual([]);
  });

  it('uses every window, every kind of state, and every form of what has several', async () => {
    const source = readdirSync(TOPOLOGY)
      .map((file) => readFileSync(join(TOPOLOGY, file), 'utf8'))
      .join('\n')
      .replaceAll(/\s/g, '');
    const forms = [...Object.keys(windows).map((window) => `.window(${window}(`), ...FORMS];
    expect(forms.filter((form) => !source.includes(form.replaceAll(' ', '')))).toEqual([]);
  });

  it('comes to something in every view', async () => {
    const { topology } = (await import(/* @vite-ignore */ BUILT)) as { topology: CompiledTopology };
    let now = Date.parse('2026-10-24T09:00Z');
    const scenario = new EveryOperatorScenario(() => now);
    const driver = new TopologyTestDriver(topology, { now, partitionCount: 2 });
    const random = new Random(1);
    const failures: unknown[] = [];
    for (let n = 0; n < EVENTS; n++) {
      const { value } = scenario.draft(n % PRODUCERS, random);
      try {
        driver.send(scenario.streamOf(n % PRODUCERS), value);
      } catch (error) {
        failures.push(error);
      }
      now += 2;
      if (n % 4 === 0) driver.advance(8);
    }
    await driver.settle();
    const views = topology.describe().views.map(({ name }) => name);
    expect(views.filter((view) => driver.changes(view).length === 0)).toEqual([]);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures)
      expect(String(failure)).toMatch(/^OperatorError: operator=care .* cents=(0|499|998)$/);
  });
});
