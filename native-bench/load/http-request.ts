import { type OrderBook, writeCustomer, writeDigits, writeOrderId } from './canonical-order.ts';

const PLACED_AT_DIGITS = 13;

/** A prepared `POST` of one order: the ids and the time are patched in place, everything else never changes. */
export class HttpRequest {
  readonly bytes: Buffer;
  readonly template: number;
  readonly bodyBytes: number;
  orderNumber = 0;
  readonly orderIdAt: number;
  readonly customerAt: number;
  readonly placedAtAt: number;

  constructor(book: OrderBook, template: number, host: string, port: number, path: string) {
    const body = JSON.stringify(book.template(template));
    const head =
      `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n`;
    this.bytes = Buffer.from(head + body, 'latin1');
    this.template = template;
    this.bodyBytes = body.length;
    this.orderIdAt = positionAfter(this.bytes, '"orderId":"ord_');
    this.customerAt = positionAfter(this.bytes, '"customerId":"c-');
    this.placedAtAt = positionAfter(this.bytes, '"placedAt":');
  }

  fill(orderNumber: number, customer: number, placedAt: number): void {
    this.orderNumber = orderNumber;
    writeOrderId(this.bytes, this.orderIdAt, orderNumber);
    writeCustomer(this.bytes, this.customerAt, customer);
    writeDigits(this.bytes, this.placedAtAt, PLACED_AT_DIGITS, placedAt);
  }
}

/** Where the text that follows `marker` begins. */
export function positionAfter(bytes: Buffer, marker: string, from = 0): number {
  const position = bytes.indexOf(marker, from, 'latin1');
  if (position < 0) throw new RangeError(`marker=${marker} not in the prepared bytes`);
  return position + marker.length;
}
