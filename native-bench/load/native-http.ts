import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HTTP_CLIENT_SOURCE, SCRATCH_DIRECTORY } from '../run/places.ts';
import { OrderBook } from './canonical-order.ts';
import { TEMPLATES_PER_CONNECTION } from './http-load.ts';
import { HttpRequest } from './http-request.ts';
import type { LoadOptions } from './load-options.ts';
import type { Tally } from './tally.ts';

const BINARY = join(SCRATCH_DIRECTORY, 'http-client');
const PLAN_HEAD_BYTES = 24;

/** What `http-client.cpp` prints. */
interface NativeReport {
  seconds: number;
  sent: number;
  accepted: number;
  rejected: number;
  refused: number;
  measured: number;
  payloadBytes: number;
  cpuUs: number;
  maxUs: number;
  buckets: [bucket: number, count: number][];
  complaints: string[];
}

/** Builds the native client unless it is newer than its source; returns false where there is no C++ compiler. */
export function buildNativeHttpClient(): boolean {
  if (existsSync(BINARY) && statSync(BINARY).mtimeMs > statSync(HTTP_CLIENT_SOURCE).mtimeMs) return true;
  mkdirSync(SCRATCH_DIRECTORY, { recursive: true });
  const fresh = `${BINARY}.${process.pid}`;
  try {
    execFileSync('g++', ['-O2', '-o', fresh, HTTP_CLIENT_SOURCE], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  renameSync(fresh, BINARY);
  return true;
}

/**
 * Runs the whole load in the native client and puts what it counted into `tally`; the expected totals and the journal
 * are written by the client itself.
 *
 * @returns the measured seconds and the client's CPU in them, in µs.
 */
export async function runNativeHttp(options: LoadOptions, tally: Tally): Promise<{ seconds: number; cpuUs: number }> {
  const { host, port, connections, seconds, warmupSeconds, ratePerSecond, firstOrder, expected, journal } = options;
  const directory = mkdtempSync(join(tmpdir(), 'moka-load-'));
  const plan = join(directory, 'plan');
  writeFileSync(plan, planOf(options));
  const numbers = [connections, seconds, warmupSeconds, ratePerSecond ?? 0, firstOrder].map(String);
  const args = [host, String(port), ...numbers, plan, expected ?? '-', journal ?? '-'];
  const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, 'close');
  rmSync(directory, { recursive: true });
  if (code !== 0) throw new Error(`native HTTP client ended with code=${code}: ${args.join(' ')}`);
  const report = JSON.parse(output) as NativeReport;
  const { sent, accepted, rejected, refused, measured, payloadBytes, complaints } = report;
  Object.assign(tally, { sent, accepted, rejected, refused, measured, payloadBytes });
  tally.latency.addBuckets(report.buckets, report.maxUs);
  for (const complaint of complaints) tally.complain(complaint);
  return { seconds: report.seconds, cpuUs: report.cpuUs };
}

/** Per request six uint32 (length, where order id, customer and time stand, bytes of the body, cents), then its bytes. */
function planOf(options: LoadOptions): Buffer {
  const { host, port, path, connections, seed } = options;
  const book = new OrderBook(seed, connections * TEMPLATES_PER_CONNECTION);
  const parts: Buffer[] = [];
  for (let template = 0; template < book.templateCount; template++) {
    const request = new HttpRequest(book, template, host, port, path);
    const { bytes, orderIdAt, customerAt, placedAtAt, bodyBytes } = request;
    const head = [bytes.length, orderIdAt, customerAt, placedAtAt, bodyBytes, book.totalCents[template] as number];
    const headBytes = Buffer.alloc(PLAN_HEAD_BYTES);
    for (const [index, value] of head.entries()) headBytes.writeUInt32LE(value, index * 4);
    parts.push(headBytes, bytes);
  }
  return Buffer.concat(parts);
}
