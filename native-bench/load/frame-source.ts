import type { OrderFrame } from './order-frame.ts';

/** Where a connection's next message comes from. One source serves one connection; calls alternate as frames travel. */
export interface FrameSource {
  /** The next frame, filled in, or null while all of the source's frames are on the way. */
  next(frameNumber: number, sequence: number): OrderFrame | null;
  /** The frame with this number was answered and may be filled again. */
  release(frame: OrderFrame): void;
}
