import { join } from 'node:path';
import { checkAggregate } from '../run/aggregate-check.ts';
import { flawOf, type LoadReport, runLoad } from '../run/load-run.ts';
import {
  BENCH_CONFIG,
  builtModule,
  ENGINE_MAIN,
  FLOOR_HANDOVER,
  FLOOR_UWS,
  removeDirectory,
  scratchDirectory,
} from '../run/places.ts';
import { ServerProcess } from '../run/process.ts';
import { costOf } from '../run/process-cost.ts';
import type { Measurement } from './plan.ts';

export interface MeasureOptions {
  seconds: number;
  warmupSeconds: number;
  httpConnections: number;
  /** Where data directories are made; null: on the project's disk. */
  directory: string | null;
  /** Orders per second of an open loop; null measures saturation. */
  ratePerSecond: number | null;
}

/** One run of one measurement; `flaws` is empty in a run that counts. */
export interface Result {
  load: LoadReport;
  flaws: string[];
  /** CPU of the server per order, all threads, in µs; warm-up and drain included. */
  serverCpuUsPerOrder: number;
  /** Bytes sent to the disk per byte of payload. */
  writtenPerPayload: number;
  residentMib: number;
}

const READY_MS = 30_000;

/** Starts a fresh server, drives it, compares what it shows with what was sent, and stops it. */
export async function measure(measurement: Measurement, options: MeasureOptions): Promise<Result> {
  const data = scratchDirectory(measurement.name, options.directory);
  const expected = join(data, 'expected');
  const server = new ServerProcess(serverArguments(measurement, join(data, 'data')), {});
  try {
    const { url, pid } = await server.whenReady(READY_MS);
    const before = costOf(pid);
    const load = await runLoad(loadArguments(measurement, options, url, expected));
    const after = costOf(pid);
    const flaws: string[] = [];
    const flaw = flawOf(load);
    if (flaw !== null) flaws.push(flaw);
    if (measurement.topology !== null) flaws.push(...(await checkAggregate(measurement.workload, url, expected)));
    const { code, signal } = await server.stop();
    if (measurement.topology !== null && code !== 0) flaws.push(`server ended code=${code} signal=${signal}`);
    const difference = (field: 'cpuSeconds' | 'deviceBytes'): number => (after?.[field] ?? 0) - (before?.[field] ?? 0);
    return {
      load,
      flaws: flaws.length === 0 ? flaws : [...flaws, server.errors].filter((text) => text !== ''),
      serverCpuUsPerOrder: (difference('cpuSeconds') * 1e6) / load.sent,
      writtenPerPayload: difference('deviceBytes') / (load.sent * load.payloadBytesPerOrder),
      residentMib: (after?.residentBytes ?? 0) / 2 ** 20,
    };
  } finally {
    await server.kill();
    removeDirectory(data);
  }
}

function serverArguments(measurement: Measurement, data: string): string[] {
  if (measurement.floor !== null) return [measurement.floor === 'uws' ? FLOOR_UWS : FLOOR_HANDOVER];
  const topology = builtModule(measurement.topology as string);
  const ports = ['--port', '0', '--admin-port', '0'];
  return [ENGINE_MAIN, 'serve', '--json', '--config', BENCH_CONFIG, '--data', data, ...ports, '--topology', topology];
}

function loadArguments(measurement: Measurement, options: MeasureOptions, url: string, expected: string): string[] {
  const { transport, workload, hasProducer } = measurement;
  const { seconds, warmupSeconds, httpConnections, ratePerSecond } = options;
  const args = ['--url', url, '--transport', transport, '--workload', workload, '--expected', expected];
  args.push('--seconds', String(seconds), '--warmup', String(warmupSeconds));
  if (transport === 'http') args.push('--connections', String(httpConnections));
  if (hasProducer) args.push('--producer');
  if (ratePerSecond !== null) args.push('--rate', String(Math.floor(ratePerSecond)));
  return args;
}
