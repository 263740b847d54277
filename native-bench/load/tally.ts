import { CUSTOMER_COUNT } from './canonical-order.ts';
import { Histogram } from './histogram.ts';

/** What one run of load did: everything ever sent and answered, and the part that falls into the measured time. */
export class Tally {
  readonly latency = new Histogram();
  readonly customers = new CustomerTotals();
  isMeasuring = false;
  sent = 0;
  /** Of everything sent: the bodies or messages, without HTTP heads and WebSocket framing. */
  payloadBytes = 0;
  accepted = 0;
  duplicates = 0;
  /** Permanently refused orders; a correct run has none. */
  rejected = 0;
  /** 429, 503 and 507: sent again later with the same identity. */
  refused = 0;
  /** Orders answered within the measured time. */
  measured = 0;
  /** Connections that the server closed, or that broke. */
  lostConnections = 0;
  /** The first things that went wrong, for a person to read. */
  readonly complaints: string[] = [];

  /** Orders accepted by one answer. */
  answered(orders: number, latencyUs: number): void {
    this.accepted += orders;
    if (!this.isMeasuring) return;
    this.measured += orders;
    this.latency.record(latencyUs, orders);
  }

  complain(what: string): void {
    if (this.complaints.length < 8) this.complaints.push(what);
  }

  get outstanding(): number {
    return this.sent - this.accepted - this.duplicates - this.rejected;
  }
}

/** What the view of the canonical topology must show once every sent order is acknowledged. */
export class CustomerTotals {
  readonly orders = new Int32Array(CUSTOMER_COUNT);
  readonly cents = new Float64Array(CUSTOMER_COUNT);

  add(customer: number, cents: number): void {
    this.orders[customer] = (this.orders[customer] as number) + 1;
    this.cents[customer] = (this.cents[customer] as number) + cents;
  }
}
