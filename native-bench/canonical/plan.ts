import type { Transport, Workload } from '../load/load-options.ts';

/** One measured thing of the canonical run. */
export interface Measurement {
  name: MeasurementName;
  what: string;
  /** Module under `dist/`; null measures a floor. */
  topology: string | null;
  /** Module of the floor; null measures the engine. */
  floor: Floor | null;
  transport: Transport;
  workload: Workload;
  hasProducer: boolean;
}

/** `uws`: the bare transport. `handover`: the transport, and a thread that hands everything back. */
export type Floor = 'uws' | 'handover';

export type MeasurementName =
  | 'floor-http'
  | 'floor-handover'
  | 'floor-ws-json'
  | 'http'
  | 'ws-json'
  | 'ws-binary'
  | 'ws-json-by-id'
  | 'ws-binary-by-id'
  | 'order-table';

const BY_ORDER_ID = 'examples/canonical/topology';
const BY_PRODUCER = 'examples/canonical/by-producer';
const ORDER_TABLE = 'examples/canonical/order-table';

function customers(
  name: MeasurementName,
  transport: Transport,
  topology: string | null,
  hasProducer: boolean,
  what: string,
): Measurement {
  const floor = topology === null ? 'uws' : null;
  return { name, what, topology, floor, transport, workload: 'customers', hasProducer };
}

/** In the order of one round; rounds alternate over all of them. */
export const CANONICAL_PLAN: readonly Measurement[] = [
  customers('floor-http', 'http', null, false, 'bare uWS answering 202, HTTP'),
  {
    ...customers('floor-handover', 'http', null, false, 'bare uWS, each body to a thread and back, HTTP'),
    floor: 'handover',
  },
  customers('http', 'http', BY_ORDER_ID, false, 'durable HTTP, identity by orderId'),
  customers('floor-ws-json', 'ws-json', null, false, 'bare uWS acknowledging unread frames, WebSocket'),
  customers('ws-json', 'ws-json', BY_PRODUCER, true, 'durable WebSocket JSON, identity by producer'),
  customers('ws-binary', 'ws-binary', BY_PRODUCER, true, 'durable WebSocket msgpack record, identity by producer'),
  customers('ws-json-by-id', 'ws-json', BY_ORDER_ID, false, 'durable WebSocket JSON, identity by orderId'),
  customers('ws-binary-by-id', 'ws-binary', BY_ORDER_ID, false, 'durable WebSocket msgpack record, by orderId'),
  {
    name: 'order-table',
    what: 'order table by id, full life cycle, WebSocket JSON',
    topology: ORDER_TABLE,
    floor: null,
    transport: 'ws-json',
    workload: 'life-cycle',
    hasProducer: true,
  },
];
