import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { moka } from '../../main/moka-process.ts';
import { EngineProcess, type Exit } from './engine-process.ts';
import { topologyFile } from './scratch.ts';

/** A process that ends as soon as it can be told that an operator does not return. */
export const WATCHED = { MOKA_WATCHDOG_MS: '1000' };
export const JOBS = '/v1/streams/jobs';
/** A topology with every way not to return. */
export const ENDLESS = topologyFile('endless');

export interface DeadLetter {
  readonly stream: string;
  readonly key: string;
  readonly partition: number;
  readonly offset: number;
  readonly operator: string;
  readonly errors: readonly string[];
  readonly value: string;
}

export interface Report {
  readonly level: number;
  readonly code: string;
  readonly partition: number;
  readonly offset: number;
  readonly operator: string | null;
  readonly stream: string | null;
  readonly key: string | null;
  readonly isNoted: boolean;
  readonly msg: string;
}

export function startEndless(data: string, env: Record<string, string> = {}, partitions = 2): Promise<EngineProcess> {
  return EngineProcess.start({ data, topology: ENDLESS, partitions, env: { ...WATCHED, ...env } });
}

/** Ends the process, or the engine does before. */
export function sendInVain(engine: EngineProcess, event: object, stream = JOBS): Promise<unknown> {
  return engine.post(stream, event).catch(() => null);
}

export async function accept(
  engine: EngineProcess,
  event: object,
  stream = JOBS,
): Promise<{ partition: number; offset: number }> {
  const { status, json } = await engine.post(stream, event);
  expect([status, json['processed']]).toEqual([201, true]);
  return json as unknown as { partition: number; offset: number };
}

export async function deadLetters(engine: EngineProcess): Promise<DeadLetter[]> {
  const { json } = await engine.get('/v1/views/dead-letters');
  return (json['rows'] as { value: DeadLetter }[]).map(({ value }) => value);
}

export async function row(engine: EngineProcess, view: string, key: string): Promise<unknown> {
  return (await engine.get(`/v1/views/${view}/${key}`)).json['value'];
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

/** What was said of each thread that did not come round. */
export function reportsOf({ code, stderr }: Exit): Report[] {
  expect(code).toBe(72);
  return stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Report)
    .filter(({ level }) => level === 60);
}

export function reportOf(exit: Exit): Report {
  return reportsOf(exit).at(-1) as Report;
}

export function bytesOf({ value }: DeadLetter): unknown {
  return JSON.parse(Buffer.from(value, 'base64').toString());
}

/** The state that is left when everything is said and done is that of the log, from its beginning. */
export async function endAndReplay(engine: EngineProcess, data: string, topology: string): Promise<void> {
  expect((await engine.stop()).code).toBe(0);
  const { code, stdout } = moka(['replay', '--json', '--from', '0', '--data', data, '--topology', topology]);
  const differences = stdout
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { differences: string[] }).differences);
  expect([code, differences]).toEqual([0, []]);
}
