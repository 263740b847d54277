import { customerOf, type OrderBook } from './canonical-order.ts';
import type { FrameSource } from './frame-source.ts';
import { encodeOrder } from './order-codec.ts';
import { type FrameCodec, OrderFrame } from './order-frame.ts';
import type { CustomerTotals } from './tally.ts';

export interface CustomerFramesOptions {
  codec: FrameCodec;
  book: OrderBook;
  totals: CustomerTotals;
  eventsPerFrame: number;
  window: number;
  hasSequence: boolean;
  /** Frames that all connections together have on the way at most; this connection's are `firstPlace` … + window. */
  placeCount: number;
  firstPlace: number;
  firstOrder: number;
}

/**
 * Placed orders of all customers. Frame buffers are used in turn; the buffer at place `p` carries in its round `r` the
 * orders from `(r * placeCount + p) * eventsPerFrame` on, so its contents and its order numbers always fit together.
 */
export class CustomerFrames implements FrameSource {
  readonly #options: CustomerFramesOptions;
  readonly #frames: OrderFrame[] = [];
  readonly #customers: Int32Array;
  #sent = 0;

  constructor(options: CustomerFramesOptions) {
    const { codec, book, window, firstPlace, eventsPerFrame, hasSequence } = options;
    this.#options = options;
    this.#customers = new Int32Array(eventsPerFrame);
    for (let place = firstPlace; place < firstPlace + window; place++) {
      const events = Array.from({ length: eventsPerFrame }, (_, index) => {
        return encodeOrder(codec, book.template(place * eventsPerFrame + index));
      });
      this.#frames.push(new OrderFrame({ codec, events, hasSequence, hasCustomer: true, hasTime: true }));
    }
  }

  /** The greatest payload this source sends. */
  get bytesMax(): number {
    return Math.max(...this.#frames.map((frame) => frame.payloadBytes));
  }

  next(frameNumber: number, sequence: number): OrderFrame | null {
    const { window, placeCount, firstPlace, eventsPerFrame, firstOrder } = this.#options;
    const slot = this.#sent % window;
    const frame = this.#frames[slot] as OrderFrame;
    if (frame.isInFlight) return null;
    const round = Math.floor(this.#sent / window);
    this.#sent++;
    const relative = (round * placeCount + firstPlace + slot) * eventsPerFrame;
    this.#draw(firstOrder + relative, relative);
    frame.fill(frameNumber, sequence, firstOrder + relative, Date.now(), this.#customers);
    frame.isInFlight = true;
    return frame;
  }

  release(frame: OrderFrame): void {
    frame.isInFlight = false;
  }

  #draw(orderNumber: number, template: number): void {
    const { book, totals, eventsPerFrame } = this.#options;
    const { orders, cents } = totals;
    const customers = this.#customers;
    const totalCents = book.totalCents;
    const firstTemplate = template % book.templateCount;
    for (let index = 0; index < eventsPerFrame; index++) {
      const customer = customerOf(orderNumber + index);
      customers[index] = customer;
      orders[customer] = (orders[customer] as number) + 1;
      cents[customer] = (cents[customer] as number) + (totalCents[firstTemplate + index] as number);
    }
  }
}
