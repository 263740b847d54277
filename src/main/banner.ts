import { resolve } from 'node:path';
import type { EngineConfig } from '../engine/config.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { Colour } from './output.ts';
import { packageVersion } from './version.ts';

/** What a banner tells about. */
interface RunningEngine {
  readonly url: string;
  readonly adminUrl: string;
  readonly config: EngineConfig;
  readonly topology: CompiledTopology;
}

type Paint = (colour: Colour, text: string) => string;

const ORDER = {
  orderId: 'ord_1',
  customerId: 'c-4821',
  storeId: 'kiosk-7',
  placedAt: 1763600000000,
  items: [{ sku: 'flat-white', qty: 1, priceCents: 420, options: ['oat'] }],
  totalCents: 420,
  currency: 'EUR',
};

/** What a person wants to know when the engine has come up: where it is, where to look, and what to try. */
export function banner(engine: RunningEngine, paint: Paint): string[] {
  const { url, adminUrl, config, topology } = engine;
  const counts = `${count(config.partitions, 'partition')} on ${count(Math.max(1, config.workers), 'thread')}`;
  return [
    `${paint('bold', `moka ${packageVersion()}`)} runs ${paint('bold', topology.name)}: ${counts}, data in ${resolve(config.dataDir)}`,
    '',
    ...topology.streams.map(({ name }) => `  events in   ${paint('cyan', `POST ${url}/v1/streams/${name}`)}`),
    ...topology.views.map(({ name }) => `  view        ${paint('cyan', `${url}/v1/views/${name}`)}`),
    `  interface   ${paint('cyan', `${url}/openapi.json`)}`,
    `  metrics     ${paint('cyan', `${adminUrl}/metrics`)}`,
    '',
    ...tryIt(url, topology),
    paint('dim', 'Ctrl-C drains and stops.'),
  ];
}

function tryIt(url: string, topology: CompiledTopology): string[] {
  if (topology.name !== 'coffee-shop') return [];
  const order = { ...ORDER, placedAt: Date.now() };
  return [
    'Place an order, then look at it:',
    `  curl -s ${url}/v1/streams/orders -H 'Content-Type: application/json' -d '${JSON.stringify(order)}'`,
    `  curl -s ${url}/v1/views/orders/${order.orderId}`,
    '',
  ];
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
