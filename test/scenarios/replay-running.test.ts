import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EveryOperatorScenario } from '../../native-bench/crash/every-operator-scenario.ts';
import { Random } from '../../native-bench/load/random.ts';
import { request } from '../http/raw-http-client.ts';
import { type Outcome, startMoka } from '../main/moka-process.ts';
import { EngineProcess, TWO_WORKERS } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const SALES = '/v1/streams/sales';
const PRODUCERS = 8;
const BATCH = 20;
const PAUSE_MS = 20;
const REPLAYS = 2;
const SALE_BYTES = 60_000;

interface Report {
  readonly enginePid: number | null;
  readonly partition: number;
  readonly base: string | null;
  readonly events: number;
  readonly throughOffset: number;
  readonly logThroughOffset: number | null;
  readonly differences: readonly string[];
}

interface Replayed extends Outcome {
  readonly reports: readonly Report[];
}

async function replayed(data: string, topology: string, env = {}, ...more: string[]): Promise<Replayed> {
  const args = ['replay', '--json', '--data', data, '--topology', topology, ...more];
  const outcome = await startMoka(args, env);
  const lines = outcome.stdout.split('\n').filter((line) => line !== '');
  return { ...outcome, reports: lines.map((line) => JSON.parse(line) as Report) };
}

/** One sale; comes back while the next segment is being made. @returns its offset */
async function sell(engine: EngineProcess, id: string, bytes = 0): Promise<number> {
  for (;;) {
    const sale = JSON.stringify({ id, store: `store-${id.length % 7}`, cents: 100 }).padEnd(bytes);
    const { status, json } = await engine.post(SALES, sale);
    if (status === 201) return json['offset'] as number;
    expect(status).toBe(503);
    await sleep(20);
  }
}

async function save(engine: EngineProcess): Promise<number> {
  const { status, json } = await request(engine.adminPort, 'POST', '/admin/checkpoint?wait=30');
  expect(status).toBe(200);
  return (json['partitions'] as { checkpointOffset: number }[])[0]?.checkpointOffset as number;
}

describe('moka replay beside a running engine', { timeout: 60_000 }, () => {
  it('finds the state of now, under load, whatever the operators', async () => {
    const data = freshPath();
    const scenario = new EveryOperatorScenario();
    const { topology } = scenario;
    const env = { ...TWO_WORKERS, MOKA_CHECKPOINT_MAX_TAIL_MS: '50' };
    const engine = await EngineProcess.start({ data, topology, partitions: 2, env });
    const random = new Random(7);
    scenario.reset();
    const acked = [-1, -1];
    let isLoaded = true;
    const load = async (): Promise<void> => {
      for (let producer = 0; isLoaded; producer = (producer + 1) % PRODUCERS) {
        const events = Array.from({ length: BATCH }, () => scenario.draft(producer, random).value);
        const { status, body } = await engine.batch(`/v1/streams/${scenario.streamOf(producer)}`, events);
        expect(status).toBe(200);
        for (const line of body.trim().split('\n')) {
          const { partition, offset } = JSON.parse(line) as { partition?: number; offset?: number };
          if (partition !== undefined) acked[partition] = Math.max(acked[partition] as number, offset as number);
        }
        // So much that checkpoints are made all the time, and not all that two cores can do.
        await sleep(PAUSE_MS);
      }
    };
    const loading = load();
    for (let n = 0; n < REPLAYS; n++) {
      const before = [...acked];
      const { code, reports, stderr } = await replayed(data, topology);
      expect([code, reports.flatMap(({ differences }) => differences), stderr]).toEqual([0, [], '']);
      for (const { enginePid, partition, throughOffset } of reports) {
        expect(enginePid).toBe(engine.pid);
        expect(throughOffset).toBeGreaterThanOrEqual(before[partition] as number);
      }
    }
    isLoaded = false;
    await loading;
    const broken = await replayed(data, topology, { SURCHARGE_CENTS: '1' });
    expect(broken.code).toBe(71);
    expect(broken.reports[0]?.differences.length).toBeGreaterThan(5);
    expect((await engine.stop()).code).toBe(0);
  });

  it('reads one state while newer ones are saved, and begins again when the log is let go of beneath it', async () => {
    const data = freshPath();
    const topology = topologyFile('lingering');
    const env = {
      MOKA_LOG_RETENTION_BYTES: '0',
      MOKA_LOG_RETENTION_MS: '1000',
      MOKA_DEDUPE_WINDOW_MS: '1000',
      MOKA_DEDUPE_MAX_ENTRIES: '10000',
    };
    const engine = await EngineProcess.start({ data, topology, partitions: 1, env });
    let sales = 0;
    /** A replay that stands still in its first event while `meanwhile` goes on. */
    const replayedMeanwhile = async (meanwhile: () => Promise<void>): Promise<Report | undefined> => {
      const awaited = freshPath('awaited');
      const running = replayed(data, topology, { AWAITED_FILE: awaited });
      while (!existsSync(`${awaited}.waiting`)) await sleep(10);
      await meanwhile();
      writeFileSync(awaited, '');
      const { code, reports, stderr } = await running;
      expect([code, reports[0]?.differences, stderr]).toEqual([0, [], '']);
      return reports[0];
    };
    for (; sales < 100; sales++) await sell(engine, `s-${sales}`, SALE_BYTES);
    const first = await replayedMeanwhile(async () => {
      for (; sales < 110; sales++) await sell(engine, `s-${sales}`).then(() => save(engine));
    });
    expect([first?.base, first?.throughOffset]).toEqual(['empty', 99]);

    let saved = 0;
    const second = await replayedMeanwhile(async () => {
      const currentFile = join(data, 'state/0/CURRENT');
      const generation = (): number => (JSON.parse(readFileSync(currentFile, 'utf8')) as { current: number }).current;
      const firstOffset = (): number => readLog(data, 0).events[0]?.offset ?? 0;
      const before = generation();
      while (generation() < before + 2 || firstOffset() === 0) {
        for (const until = sales + 100; sales < until; sales++) await sell(engine, `s-${sales}`, SALE_BYTES);
        await save(engine);
      }
      for (const until = sales + 5; sales < until; sales++) await sell(engine, `s-${sales}`);
      saved = await save(engine);
    });
    expect([second?.base, second?.throughOffset]).toEqual(['checkpoint', saved]);
    expect(second?.events).toBeGreaterThanOrEqual(5);
    expect(readdirSync(join(data, 'state/0')).filter((name) => name.startsWith('held-'))).toEqual([]);
    expect((await engine.stop()).code).toBe(0);
  });

  it('finds what the running engine holds and the log does not say, also while the intake is paused', async () => {
    const data = freshPath();
    const topology = topologyFile('wall-clock');
    const engine = await EngineProcess.start({ data, topology, partitions: 1 });
    await sell(engine, 's-0');
    await request(engine.adminPort, 'POST', '/admin/pause');
    const { code, reports } = await replayed(data, topology);
    expect([code, reports[0]?.enginePid, reports[0]?.throughOffset]).toEqual([71, engine.pid, 0]);
    expect(reports[0]?.differences[0]).toContain('store=seen-sales key="s-0" replayed={');
    await engine.kill();
  });

  it('says that a stopped engine does not answer, and after its end what was never saved', async () => {
    const data = freshPath();
    const topology = topologyFile('lingering');
    const env = { MOKA_CHECKPOINT_MAX_TAIL_MS: '60000' };
    const engine = await EngineProcess.start({ data, topology, partitions: 1, env });
    const saved = await sell(engine, 's-0').then(() => save(engine));
    const last = await sell(engine, 's-1');
    engine.signal('SIGSTOP');
    const silent = await replayed(data, topology);
    expect([silent.code, silent.reports]).toEqual([1, []]);
    expect(silent.stderr).toContain('does not answer');
    expect(silent.stderr).toContain('--no-checkpoint');
    const alone = await replayed(data, topology, {}, '--no-checkpoint');
    const killed = await engine.kill().then(() => replayed(data, topology));
    for (const { code, reports } of [alone, killed]) {
      expect([code, reports[0]]).toMatchObject([
        0,
        { enginePid: null, throughOffset: saved, logThroughOffset: last, differences: [] },
      ]);
    }
    const { stdout } = await startMoka(['replay', '--data', data, '--topology', topology]);
    expect(stdout).toContain(`behind the checkpoint, not compared: offsets ${saved + 1} to ${last}`);
  });
});
