import { ERRORS, errorCodeOf } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { LEVEL_NAMES, LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { AckView } from './ack-view.ts';
import type { Reply } from './pending-replies.ts';
import { refusalOf } from './refusal.ts';

export interface IngestOptions {
  /** Makes a second call with the same key and value a duplicate, within the stream's order key. */
  readonly idempotencyKey?: string;
}

/** Where an event stands and how far it had come when the promise was kept. */
export interface IngestResult {
  readonly partition: number;
  /** -1 at level `received`, and for a duplicate whose first position is not known. */
  readonly offset: number;
  readonly epoch: number;
  readonly level: 'received' | 'written' | 'durable';
  readonly processed: boolean;
  readonly duplicate: boolean;
}

/** The promise of one event from this very process. */
export class IngestReply implements Reply {
  readonly promise: Promise<IngestResult>;
  #resolve!: (result: IngestResult) => void;
  #reject!: (error: MokaError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onAck(ack: AckView): boolean {
    const { partition } = ack.lane;
    const hasException = ack.nextException();
    if (ack.rejected !== 0) {
      this.refuse(ack.errorId, ack.exceptionDetail(), partition);
      return true;
    }
    this.#resolve({
      partition,
      offset: hasException ? ack.exceptionOffset : ack.firstOffset,
      epoch: ack.lane.link.status.epoch,
      level: LEVEL_NAMES[ack.level] as IngestResult['level'],
      processed: ack.level > LEVEL_RECEIVED,
      duplicate: hasException,
    });
    return true;
  }

  /** Whoever calls waits as long as it takes. */
  onSweep(): void {}

  received(partition: number, epoch: number): void {
    this.#resolve({ partition, offset: -1, epoch, level: 'received', processed: false, duplicate: false });
  }

  refuse(errorId: number, detail: string, partition: number | undefined): void {
    const code = errorCodeOf(errorId) ?? 'ERR_FRAME_INVALID';
    const text = detail === '' ? ERRORS[code].title : refusalOf(errorId, detail).detail;
    this.#reject(new MokaError(code, text, partition === undefined ? {} : { partition }));
  }
}
