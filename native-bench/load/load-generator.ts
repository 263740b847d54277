#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { OrderBook } from './canonical-order.ts';
import { CustomerFrames } from './customer-frames.ts';
import { writeCustomerTotals, writeOpenOrders } from './expected-file.ts';
import { HttpLoad, TEMPLATES_PER_CONNECTION } from './http-load.ts';
import { Journal } from './journal.ts';
import { LifeCycleFrames } from './life-cycle-frames.ts';
import { type LoadOptions, parseLoadOptions } from './load-options.ts';
import { buildNativeHttpClient, runNativeHttp } from './native-http.ts';
import { Tally } from './tally.ts';
import { WebSocketLoad } from './websocket-load.ts';

/**
 * The load generator, a process of its own: opens its connections, sends orders for a while, waits for every ack and
 * prints one line of JSON.
 *
 *   load-generator ──orders──► engine or floor
 *         ▲  └─ journal, expected totals
 *         └────────acks──────────
 *
 *   node .bench/build/native-bench/load/load-generator.js --url http://127.0.0.1:8080 --transport ws-json --seconds 5
 */
interface Load {
  open(): Promise<void>;
  start(): void;
  stop(): void;
  close(): void;
}

const DRAIN_MS_MAX = 20_000;

const options = parseLoadOptions(process.argv.slice(2));
const tally = new Tally();
const lifeCycles: LifeCycleFrames[] = [];
const isNative = options.transport === 'http' && options.client === 'native' && buildNativeHttpClient();
const { seconds, cpuUs } = isNative ? await runNativeHttp(options, tally) : await runHere();
console.log(
  JSON.stringify({
    transport: options.transport,
    client: isNative ? 'native' : 'node',
    connections: options.connections,
    frameEvents: options.transport === 'http' ? 1 : options.frameEvents,
    ratePerSecond: options.ratePerSecond,
    seconds,
    sent: tally.sent,
    accepted: tally.accepted,
    duplicates: tally.duplicates,
    rejected: tally.rejected,
    refused: tally.refused,
    unanswered: tally.outstanding,
    measured: tally.measured,
    ordersPerSecond: Math.round(tally.measured / seconds),
    payloadBytesPerOrder: tally.sent === 0 ? 0 : tally.payloadBytes / tally.sent,
    latency: tally.latency.summary(),
    generatorCpuUsPerOrder: tally.measured === 0 ? 0 : cpuUs / tally.measured,
    generatorCores: cpuUs / 1e6 / seconds,
    complaints: tally.complaints,
  }),
);
process.exitCode = tally.outstanding === 0 && tally.rejected === 0 && tally.complaints.length === 0 ? 0 : 1;

/** The whole load in this process. */
async function runHere(): Promise<{ seconds: number; cpuUs: number }> {
  const journal = options.journal === null ? null : new Journal(options.journal);
  const load = options.transport === 'http' ? httpLoad(options, journal) : frameLoad(options, journal);
  await load.open();
  load.start();
  await sleep(options.warmupSeconds * 1000);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  tally.isMeasuring = true;
  await sleep(options.seconds * 1000);
  tally.isMeasuring = false;
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  load.stop();
  const drainUntil = performance.now() + DRAIN_MS_MAX;
  while (tally.outstanding > 0 && tally.lostConnections < options.connections && performance.now() < drainUntil) {
    await sleep(5);
  }
  load.close();
  journal?.close();
  if (options.expected !== null) {
    if (options.workload === 'customers') writeCustomerTotals(options.expected, tally.customers);
    else writeOpenOrders(options.expected, lifeCycles);
  }
  return { seconds, cpuUs: cpu.user + cpu.system };
}

function httpLoad(options: LoadOptions, journal: Journal | null): Load {
  const book = new OrderBook(options.seed, options.connections * TEMPLATES_PER_CONNECTION);
  return new HttpLoad(options, book, tally, journal);
}

function frameLoad(options: LoadOptions, journal: Journal | null): Load {
  const { connections, window, frameEvents, firstOrder, hasProducer, transport, depth } = options;
  const book = new OrderBook(options.seed, connections * window * frameEvents);
  const sources = Array.from({ length: connections }, (_, connection) => {
    if (options.workload === 'life-cycle') {
      const place = { connection, connections, window, eventsPerFrame: frameEvents, firstOrder, depth };
      const source = new LifeCycleFrames({ book, ...place });
      lifeCycles.push(source);
      return source;
    }
    return new CustomerFrames({
      codec: transport === 'ws-json' ? 'ws-json' : 'ws-binary',
      book,
      totals: tally.customers,
      eventsPerFrame: frameEvents,
      window,
      hasSequence: hasProducer,
      placeCount: connections * window,
      firstPlace: connection * window,
      firstOrder,
    });
  });
  return new WebSocketLoad(options, tally, journal, sources, Math.max(...sources.map((source) => source.bytesMax)));
}
