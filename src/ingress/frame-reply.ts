// data plane
import type { AckView } from './ack-view.ts';
import type { FrameOutcome, FrameRejection } from './frame-protocol.ts';
import type { FrameSession } from './frame-session.ts';
import type { Reply } from './pending-replies.ts';

/** One frame from its arrival to its ack: gathers what the lanes say of its parts. Pooled. */
export class FrameReply implements Reply, FrameOutcome {
  session!: FrameSession;
  frame = 0;
  eventCount = 0;
  byteLength = 0;
  receivedAt = 0;
  accepted = 0;
  duplicate = 0;
  level = 0;
  rejected: FrameRejection[] = NONE;
  /** Messages that are not answered yet. */
  pendingMessages = 0;
  /** The frame's bytes while it waits for its rings. */
  staged: Uint8Array | null = null;

  onAck(ack: AckView): boolean {
    this.accepted += ack.accepted;
    this.duplicate += ack.duplicate;
    this.level = ack.level;
    if (ack.rejected !== 0) this.#takeRejections(ack);
    this.pendingMessages -= 1;
    if (this.pendingMessages !== 0) return false;
    this.session.onFrameAnswered(this);
    return true;
  }

  /** A frame waits as long as it takes: its client learns of time by its credit. */
  onSweep(): void {}

  reject(rejection: FrameRejection): void {
    if (this.rejected === NONE) this.rejected = [];
    this.rejected.push(rejection);
  }

  reset(): void {
    this.rejected = NONE;
    this.staged = null;
    this.accepted = 0;
    this.duplicate = 0;
    this.level = 0;
    this.pendingMessages = 0;
  }

  #takeRejections(ack: AckView): void {
    while (ack.nextException()) {
      if (ack.errorId === 0) continue;
      const refusal = this.session.describeRejection(ack.errorId, ack.exceptionDetail(), ack.lane);
      this.reject({ index: ack.frameIndex, refusal });
    }
  }
}

const NONE: FrameRejection[] = [];
