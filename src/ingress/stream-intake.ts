import type { KeyedHash } from '../base/hash.ts';
import { LEVEL_DURABLE, LEVEL_WRITTEN } from '../record/intake-message.ts';
import { RecordHeader } from '../record/record-writer.ts';
import type { StreamSpec } from '../topology/compiled.ts';
import { EventRouter } from './event-router.ts';

/** What the intake needs of one stream, resolved once. */
export class StreamIntake {
  readonly spec: StreamSpec;
  readonly router: EventRouter;
  /** Used again for every event of the stream; the stream's number never changes in it. */
  readonly header = new RecordHeader();
  /** The level that the stream's durability asks of an ack that waits. */
  readonly ackLevel: number;
  /** At most once: the ack leaves on receipt, unless the client asks to wait. */
  readonly isAckedOnReceipt: boolean;

  constructor(spec: StreamSpec, hash: KeyedHash, partitionCount: number) {
    this.spec = spec;
    this.router = new EventRouter(spec, hash, partitionCount);
    this.header.streamId = spec.id;
    this.ackLevel = spec.durability === 'os' ? LEVEL_WRITTEN : LEVEL_DURABLE;
    this.isAckedOnReceipt = spec.guarantee === 'at-most-once';
  }
}
