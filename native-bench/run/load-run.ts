import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LatencySummary } from '../load/histogram.ts';
import { LOAD_GENERATOR } from './places.ts';

/** What the load generator prints. */
export interface LoadReport {
  transport: string;
  /** What sent it: for HTTP the native client where it could be built. */
  client: 'native' | 'node';
  connections: number;
  frameEvents: number;
  ratePerSecond: number | null;
  seconds: number;
  sent: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  refused: number;
  unanswered: number;
  measured: number;
  ordersPerSecond: number;
  payloadBytesPerOrder: number;
  latency: LatencySummary;
  generatorCpuUsPerOrder: number;
  generatorCores: number;
  complaints: string[];
}

/** Runs the load generator as a process of its own and reads its line. @throws when it printed none. */
export async function runLoad(args: readonly string[]): Promise<LoadReport> {
  const child = spawn(process.execPath, [LOAD_GENERATOR, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'close');
  if (output === '') throw new Error(`load generator said nothing: ${args.join(' ')}`);
  return JSON.parse(output) as LoadReport;
}

/** Why a run cannot count: an order that was not accepted, or a client that complained. Null when all is well. */
export function flawOf(report: LoadReport): string | null {
  const { sent, accepted, duplicates, rejected, unanswered, complaints } = report;
  if (accepted === sent && complaints.length === 0 && sent > 0) return null;
  return `sent=${sent} accepted=${accepted} duplicates=${duplicates} rejected=${rejected} unanswered=${unanswered} ${complaints.join(' | ')}`;
}
