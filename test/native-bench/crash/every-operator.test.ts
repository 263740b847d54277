import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROJECT_DIRECTORY } from '../../../native-bench/run/places.ts';

const TOPOLOGY = join(PROJECT_DIRECTORY, 'native-bench/crash/every-operator');
const LANGUAGE = join(PROJECT_DIRECTORY, 'dist/topology');
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
    "emit: 'final'",
    'merge:',
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
  ],
  ...['absent: true', '.timedOut.', "skip: 'none'", 'maxPartial', 'cancelledBy', "keep: 'latest'"],
  ...["keep: 'first'", "keep: 'last'", "order: 'arrival'", "order: 'event-time'"],
  ...['orders.join(payments,', 'orders.leftJoin(payments,', 'orders.outerJoin(payments,', 'within:', 'before:'],
  ...['bySku.join(latest,', 'bySku.leftJoin(latest,', 'bySku.join(history,', 'bySku.leftJoin(history,', 'history:'],
  ...['orders.join(regions,', 'orders.leftJoin(regions,'],
  ...['open.join(paid,', 'open.leftJoin(paid,', 'open.outerJoin(paid,'],
  ...['open.join(priced,', 'open.leftJoin(priced,', 'foreignKey:'],
];

type Methods = Record<string, (...args: unknown[]) => unknown>;

async function modulesOf(directory: string): Promise<Record<string, unknown>[]> {
  const files = readdirSync(directory).filter((file) => file.endsWith('.js'));
  return Promise.all(files.map((file) => import(/* @vite-ignore */ pathToFileURL(join(directory, file)).href)));
}

/** @returns `Stream.filter`, …, each with whether it was called while `use` ran */
async function calledMethods(use: () => Promise<unknown>): Promise<Map<string, boolean>> {
  const called = new Map<string, boolean>();
  const exported = (await modulesOf(LANGUAGE)).flatMap((module) => Object.entries(module));
  for (const [name, value] of exported) {
    if (!FLUENT.test(name) || typeof value !== 'function') continue;
    const methods = value.prototype as Methods;
    for (const method of Object.getOwnPropertyNames(methods).filter((one) => one !== 'constructor')) {
      const original = methods[method] as Methods[string];
      called.set(`${name}.${method}`, false);
      methods[method] = function (this: unknown, ...args) {
        called.set(`${name}.${method}`, true);
        return original.apply(this, args);
      };
    }
  }
  await use();
  return called;
}

describe('the every-operator topology', () => {
  it('uses every method that a topology can be written with', async () => {
    const built = join(PROJECT_DIRECTORY, '.bench/build/native-bench/crash/every-operator/topology.js');
    const called = await calledMethods(() => import(/* @vite-ignore */ pathToFileURL(built).href));
    expect(called.size).toBeGreaterThan(50);
    expect([...called].filter(([, isCalled]) => !isCalled).map(([name]) => name)).toEqual([]);
  });

  it('uses every window, every kind of state, and every form of what has several', async () => {
    const source = readdirSync(TOPOLOGY)
      .map((file) => readFileSync(join(TOPOLOGY, file), 'utf8'))
      .join('\n')
      .replaceAll(/\s/g, '');
    const windows = (await modulesOf(LANGUAGE)).find((module) => 'tumbling' in module) as object;
    const forms = [...Object.keys(windows).map((window) => `.window(${window}(`), ...FORMS];
    expect(forms.filter((form) => !source.includes(form.replaceAll(' ', '')))).toEqual([]);
  });
});
