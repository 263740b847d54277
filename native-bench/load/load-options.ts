import { parseArgs } from 'node:util';

export const TRANSPORTS = ['http', 'ws-json', 'ws-binary'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** `customers` sends placed orders only; `life-cycle` sends each order again as it is changed, ready and collected. */
export const WORKLOADS = ['customers', 'life-cycle'] as const;
export type Workload = (typeof WORKLOADS)[number];

/** What sends HTTP: the native program of `http-client.cpp`, or this process. */
export const HTTP_CLIENTS = ['native', 'node'] as const;
export type HttpClientKind = (typeof HTTP_CLIENTS)[number];

export interface LoadOptions {
  transport: Transport;
  /** Native is used where there is a C++ compiler, and WebSocket never uses it. */
  client: HttpClientKind;
  workload: Workload;
  host: string;
  port: number;
  /** Path of the stream, without `/ws`. */
  path: string;
  connections: number;
  seconds: number;
  warmupSeconds: number;
  /** Orders per second of an open loop; null is a closed loop. */
  ratePerSecond: number | null;
  /** WebSocket: orders per frame, and frames of one connection that may be without an ack. */
  frameEvents: number;
  window: number;
  /** WebSocket: identity by producer and sequence; else the stream's own id field is all there is. */
  hasProducer: boolean;
  /** The events' number of the first order: different runs against one engine must not overlap. */
  firstOrder: number;
  seed: number;
  journal: string | null;
  /** Life cycle: rounds between two stages of an order; 3 × depth × frame × connections orders are open. */
  depth: number;
  /** Where to write what the view must show in the end; see `expected-file.ts`. */
  expected: string | null;
}

const DEFAULT_CONNECTIONS: Record<Transport, number> = { http: 512, 'ws-json': 8, 'ws-binary': 8 };

export const LOAD_USAGE = `load-generator --url http://127.0.0.1:8080 [options]
  --transport http|ws-json|ws-binary   (http)
  --workload customers|life-cycle      (customers)
  --client native|node   HTTP: the native client where a C++ compiler is found, or this process (native)
  --stream NAME          stream to send to (orders)
  --connections N        (512 for http, 8 for WebSocket)
  --seconds S            measured time (5)
  --warmup S             time before it (1)
  --rate N               open loop: orders per second; without it a closed loop
  --frame N              orders per WebSocket frame (250)
  --window N             WebSocket frames in flight per connection (8)
  --producer             WebSocket identity by producer name and sequence
  --first-order N        number of the first order (0)
  --seed N               (1)
  --journal FILE         write every acknowledged order
  --depth N              life cycle: rounds between two stages (4)
  --expected FILE        write what the view must show in the end`;

export function parseLoadOptions(args: string[]): LoadOptions {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string' },
      transport: { type: 'string', default: 'http' },
      workload: { type: 'string', default: 'customers' },
      client: { type: 'string', default: 'native' },
      stream: { type: 'string', default: 'orders' },
      connections: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      warmup: { type: 'string', default: '1' },
      rate: { type: 'string' },
      frame: { type: 'string', default: '250' },
      window: { type: 'string', default: '8' },
      producer: { type: 'boolean', default: false },
      'first-order': { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      journal: { type: 'string' },
      depth: { type: 'string', default: '4' },
      expected: { type: 'string' },
    },
  });
  if (values.url === undefined) throw new RangeError(`url missing\n${LOAD_USAGE}`);
  const url = new URL(values.url);
  const transport = oneOf(TRANSPORTS, values.transport, 'transport');
  return {
    transport,
    client: oneOf(HTTP_CLIENTS, values.client, 'client'),
    workload: oneOf(WORKLOADS, values.workload, 'workload'),
    host: url.hostname,
    port: Number(url.port),
    path: `/v1/streams/${values.stream}`,
    connections: numberOf(values.connections ?? String(DEFAULT_CONNECTIONS[transport]), 'connections'),
    seconds: numberOf(values.seconds, 'seconds'),
    warmupSeconds: numberOf(values.warmup, 'warmup'),
    ratePerSecond: values.rate === undefined ? null : numberOf(values.rate, 'rate'),
    frameEvents: numberOf(values.frame, 'frame'),
    window: numberOf(values.window, 'window'),
    hasProducer: values.producer,
    firstOrder: numberOf(values['first-order'], 'first-order'),
    seed: numberOf(values.seed, 'seed'),
    journal: values.journal ?? null,
    depth: numberOf(values.depth, 'depth'),
    expected: values.expected ?? null,
  };
}

function oneOf<T extends string>(choices: readonly T[], value: string, name: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new RangeError(`${name}=${value}, must be one of ${choices.join(', ')}`);
  return choice;
}

function numberOf(value: string, name: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new RangeError(`${name}=${value} is not a number`);
  return number;
}
