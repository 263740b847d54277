import { expect, it } from 'vitest';
import { checkReplay } from '../../../native-bench/crash/check-replay.ts';
import { EveryOperatorScenario } from '../../../native-bench/crash/every-operator-scenario.ts';
import { Random } from '../../../native-bench/load/random.ts';
import { EngineProcess, TWO_WORKERS } from '../../scenarios/support/engine-process.ts';
import { freshPath, topologyFile } from '../../scenarios/support/scratch.ts';

const PRODUCERS = 8;

it('checkReplay finds nothing after every operator, and a computation that a setting changes', async () => {
  const data = freshPath();
  const scenario = new EveryOperatorScenario();
  const { topology } = scenario;
  const engine = await EngineProcess.start({ data, topology, partitions: 2, env: TWO_WORKERS });
  const random = new Random(1);
  scenario.reset();
  for (let producer = 0; producer < PRODUCERS; producer++) {
    const events = Array.from({ length: 200 }, () => scenario.draft(producer, random).value);
    expect((await engine.batch(`/v1/streams/${scenario.streamOf(producer)}`, events)).status).toBe(200);
  }
  expect((await engine.stop()).code).toBe(0);
  const same = checkReplay(data, topology);
  expect(same.violations).toEqual([]);
  expect(same.events).toBeGreaterThan(PRODUCERS * 200);
  expect(same.rows).toBeGreaterThan(1000);
  const { violations } = checkReplay(data, topology, { SURCHARGE_CENTS: '1' });
  expect(new Set(violations.map(({ kind }) => kind))).toEqual(new Set(['replay']));
  expect(violations[0]?.detail).toMatch(/^partition=\d store=sum-of key="c-\d+" replayed=\d+ saved=\d+$/);
});

it('checkReplay finds a topology that looks at the clock on the wall', async () => {
  const data = freshPath();
  const topology = topologyFile('wall-clock');
  const engine = await EngineProcess.start({ data, topology, partitions: 1 });
  const sales = Array.from({ length: 50 }, (_, n) => ({ id: `s-${n}`, store: 'left' }));
  expect((await engine.batch('/v1/streams/sales', sales)).status).toBe(200);
  expect((await engine.stop()).code).toBe(0);
  const { violations } = checkReplay(data, topology);
  expect(violations.length).toBeGreaterThan(10);
  expect(violations[0]?.detail).toContain('store=seen-sales key="s-0" replayed={"id":"s-0","store":"left","seenAt":');
});

it('checkReplay reports a replay that does not come about', () => {
  const { violations } = checkReplay(freshPath(), topologyFile('wall-clock'));
  expect(violations.map(({ kind, detail }) => [kind, detail])).toEqual([
    ['replay', expect.stringContaining('ERR_DATA_UNUSABLE')],
  ]);
});
