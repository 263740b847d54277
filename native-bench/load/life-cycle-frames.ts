import { customerOf, type OrderBook, orderIdOf } from './canonical-order.ts';
import type { FrameSource } from './frame-source.ts';
import { encodeOrder } from './order-codec.ts';
import { OrderFrame } from './order-frame.ts';

/**
 * Orders through their whole life, one frame per stage and batch. Steps go round the stages; a batch reaches the next
 * stage `depth` rounds later, so that 3 × depth batches are open at any time:
 *
 *   step     0        1                2                3                 4          …
 *   stage    placed   changed          ready            collected         placed
 *   batch    b        b - depth        b - 2 depth      b - 3 depth       b + 1
 *
 * `placed` and `changed` carry the whole order, `ready` and `collected` its id.
 */
export const STAGES = ['placed', 'changed', 'ready', 'collected'] as const;

export interface LifeCycleOptions {
  book: OrderBook;
  eventsPerFrame: number;
  /** A multiple of the number of stages: a frame buffer then always serves the same stage. */
  window: number;
  connection: number;
  connections: number;
  firstOrder: number;
  depth: number;
}

/** A row that the order table must show in the end. */
export interface ExpectedOrder {
  key: string;
  status: string;
  totalCents: number;
}

export class LifeCycleFrames implements FrameSource {
  readonly #options: LifeCycleOptions;
  readonly #frames: OrderFrame[] = [];
  readonly #customers: Int32Array;
  /** How many batches have gone through each stage. */
  readonly #batches = new Int32Array(STAGES.length);
  #step = 0;

  constructor(options: LifeCycleOptions) {
    const { window, eventsPerFrame } = options;
    if (window % STAGES.length !== 0) throw new RangeError(`window=${window} is no multiple of ${STAGES.length}`);
    this.#options = options;
    this.#customers = new Int32Array(eventsPerFrame);
    for (let slot = 0; slot < window; slot++) this.#frames.push(this.#prepare(slot));
  }

  get bytesMax(): number {
    return Math.max(...this.#frames.map((frame) => frame.payloadBytes));
  }

  next(frameNumber: number, sequence: number): OrderFrame | null {
    const { window, eventsPerFrame } = this.#options;
    while (this.#batchOf(this.#step) < 0) this.#step++;
    const frame = this.#frames[this.#step % window] as OrderFrame;
    if (frame.isInFlight) return null;
    const stage = this.#step % STAGES.length;
    const firstOrder = this.#orderOf(this.#batchOf(this.#step), 0);
    for (let index = 0; index < eventsPerFrame; index++) this.#customers[index] = customerOf(firstOrder + index);
    frame.fill(frameNumber, sequence, firstOrder, Date.now(), this.#customers);
    frame.isInFlight = true;
    this.#batches[stage] = (this.#batches[stage] as number) + 1;
    this.#step++;
    return frame;
  }

  release(frame: OrderFrame): void {
    frame.isInFlight = false;
  }

  /** The orders that are open once everything sent is acknowledged. */
  *openOrders(): Generator<ExpectedOrder> {
    const { book, depth, eventsPerFrame } = this.#options;
    const [placed, changed, ready, collected] = this.#batches as unknown as [number, number, number, number];
    for (let batch = collected; batch < placed; batch++) {
      const status = batch < ready ? 'ready' : batch < changed ? 'changed' : 'placed';
      const round = status === 'placed' ? batch : batch + depth;
      const slot = (round * STAGES.length + (status === 'placed' ? 0 : 1)) % this.#options.window;
      for (let index = 0; index < eventsPerFrame; index++) {
        const totalCents = book.template(this.#templateOf(slot, index)).totalCents;
        yield { key: orderIdOf(this.#orderOf(batch, index)), status, totalCents };
      }
    }
  }

  #prepare(slot: number): OrderFrame {
    const stage = STAGES[slot % STAGES.length] as (typeof STAGES)[number];
    const isWhole = stage === 'placed' || stage === 'changed';
    const events = Array.from({ length: this.#options.eventsPerFrame }, (_, index) => {
      const order = this.#options.book.template(this.#templateOf(slot, index));
      if (stage === 'placed') return encodeOrder('ws-json', order);
      const later = isWhole ? { ...order, type: stage } : { orderId: order.orderId, type: stage };
      return Buffer.from(JSON.stringify(later));
    });
    return new OrderFrame({ codec: 'ws-json', events, hasSequence: true, hasCustomer: isWhole, hasTime: isWhole });
  }

  #templateOf(slot: number, index: number): number {
    const { window, connection, eventsPerFrame, book } = this.#options;
    return ((connection * window + slot) * eventsPerFrame + index) % book.templateCount;
  }

  /** The batch that a step takes one stage further; negative: nothing is that far yet. */
  #batchOf(step: number): number {
    return Math.floor(step / STAGES.length) - (step % STAGES.length) * this.#options.depth;
  }

  #orderOf(batch: number, index: number): number {
    const { connections, connection, eventsPerFrame, firstOrder } = this.#options;
    return firstOrder + (batch * connections + connection) * eventsPerFrame + index;
  }
}
