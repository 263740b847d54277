import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CUSTOMER_COUNT, OrderBook } from '../../native-bench/load/canonical-order.ts';
import { CustomerFrames } from '../../native-bench/load/customer-frames.ts';
import { readCustomerTotals, writeCustomerTotals } from '../../native-bench/load/expected-file.ts';
import { HttpLoad, TEMPLATES_PER_CONNECTION } from '../../native-bench/load/http-load.ts';
import { readJournal } from '../../native-bench/load/journal.ts';
import { type LoadOptions, parseLoadOptions } from '../../native-bench/load/load-options.ts';
import { buildNativeHttpClient } from '../../native-bench/load/native-http.ts';
import { Tally } from '../../native-bench/load/tally.ts';
import { WebSocketLoad } from '../../native-bench/load/websocket-load.ts';
import { checkAggregate } from '../../native-bench/run/aggregate-check.ts';
import { flawOf, runLoad } from '../../native-bench/run/load-run.ts';
import { builtModule, ENGINE_MAIN, removeDirectory, scratchDirectory } from '../../native-bench/run/places.ts';
import { ServerProcess } from '../../native-bench/run/process.ts';

/** The canonical run, as small as it can be: every order is taken once and the view shows all of them. */
const LOAD_MS = 300;
const DRAINED_MS_MAX = 10_000;
const EVENTS_PER_FRAME = 50;
const WINDOW = 4;

let scratch = '';
let server: ServerProcess;
let url = '';

beforeAll(async () => {
  scratch = scratchDirectory('scenario');
  const topology = builtModule('examples/canonical/topology');
  const args = ['serve', '--json', '--data', join(scratch, 'data'), '--port', '0', '--admin-port', '0'];
  server = new ServerProcess([ENGINE_MAIN, ...args, '--topology', topology], { MOKA_LOG_LEVEL: 'error' });
  url = (await server.whenReady(15_000)).url;
});

afterAll(async () => {
  await server.kill();
  removeDirectory(scratch);
});

interface Load {
  open(): Promise<void>;
  start(): void;
  stop(): void;
  close(): void;
}

async function drive(load: Load, tally: Tally): Promise<void> {
  await load.open();
  load.start();
  await sleep(LOAD_MS);
  load.stop();
  for (let waited = 0; tally.outstanding > 0 && waited < DRAINED_MS_MAX; waited += 5) await sleep(5);
  load.close();
}

function framesOf(options: LoadOptions, book: OrderBook, tally: Tally): CustomerFrames[] {
  return Array.from({ length: options.connections }, (_, connection) => {
    return new CustomerFrames({
      codec: options.transport === 'ws-json' ? 'ws-json' : 'ws-binary',
      book,
      totals: tally.customers,
      eventsPerFrame: EVENTS_PER_FRAME,
      window: WINDOW,
      hasSequence: false,
      placeCount: options.connections * WINDOW,
      firstPlace: connection * WINDOW,
      firstOrder: options.firstOrder,
    });
  });
}

function count(totals: Int32Array | Float64Array, customer: number): number {
  return totals[customer] as number;
}

describe('the canonical topology', () => {
  const tally = new Tally();

  it('takes every order over HTTP', async () => {
    const options = parseLoadOptions(['--url', url, '--connections', '16']);
    const book = new OrderBook(options.seed, options.connections * TEMPLATES_PER_CONNECTION);
    await drive(new HttpLoad(options, book, tally, null), tally);
    expect(tally.complaints).toEqual([]);
    expect(tally.accepted).toBe(tally.sent);
    expect(tally.sent).toBeGreaterThan(0);
  });

  it('takes every order of the load generator, whose client is native where there is a compiler', async () => {
    const client = buildNativeHttpClient() ? 'native' : 'node';
    const expected = join(scratch, 'expected-native');
    const journal = join(scratch, 'journal-native');
    const args = ['--url', url, '--connections', '16', '--seconds', '0.3', '--warmup', '0', '--first-order', '3000000'];
    const report = await runLoad([...args, '--expected', expected, '--journal', journal]);
    expect(report.client).toBe(client);
    expect(flawOf(report)).toBeNull();
    const entries = readJournal(journal);
    expect(entries).toHaveLength(report.sent);
    for (const entry of entries)
      expect(entry).toMatchObject({ partition: expect.any(Number), connection: expect.any(Number) });
    expect(new Set(entries.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(report.sent);
    const totals = readCustomerTotals(expected);
    for (let customer = 0; customer < CUSTOMER_COUNT; customer++) {
      tally.customers.orders[customer] = count(tally.customers.orders, customer) + count(totals.orders, customer);
      tally.customers.cents[customer] = count(tally.customers.cents, customer) + count(totals.cents, customer);
    }
  });

  it.each(['ws-json', 'ws-binary'])('takes every order over %s', async (transport) => {
    const sentBefore = tally.sent;
    const firstOrder = transport === 'ws-json' ? 1_000_000 : 2_000_000;
    const args = ['--url', url, '--transport', transport, '--connections', '2', '--first-order', String(firstOrder)];
    const options = { ...parseLoadOptions(args), frameEvents: EVENTS_PER_FRAME, window: WINDOW };
    const book = new OrderBook(options.seed, options.connections * WINDOW * EVENTS_PER_FRAME);
    const sources = framesOf(options, book, tally);
    const bytesMax = Math.max(...sources.map((source) => source.bytesMax));
    await drive(new WebSocketLoad(options, tally, null, sources, bytesMax), tally);
    expect(tally.complaints).toEqual([]);
    expect(tally.duplicates + tally.rejected).toBe(0);
    expect(tally.accepted).toBe(tally.sent);
    expect(tally.sent).toBeGreaterThan(sentBefore + EVENTS_PER_FRAME);
  });

  it('shows of every customer what was sent', async () => {
    const expected = join(scratch, 'expected');
    writeCustomerTotals(expected, tally.customers);
    expect(await checkAggregate('customers', url, expected)).toEqual([]);
  });

  it('drains on SIGTERM', async () => {
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
