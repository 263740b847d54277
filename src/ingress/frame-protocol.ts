import type { BodyBytes } from './body-bytes.ts';
import type { ConnectionCredit } from './credit.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { GroupIdentity } from './group-identity.ts';
import type { Refusal } from './refusal.ts';
import type { StreamIntake } from './stream-intake.ts';

/** What a frame says of itself before its events. */
export class FrameHead {
  frame = 0;
  codec = 0;
}

/** What a client learns when it may begin. */
export interface Hello {
  readonly stream: string;
  readonly producer: string | null;
  readonly epoch: number;
  /** The last sequence number of this producer that the log holds, or will; -1 for none. */
  readonly lastSeq: number;
  readonly maxFrameBytes: number;
  readonly maxFrameEvents: number;
}

/** The outcome of one frame. */
export interface FrameOutcome {
  readonly frame: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: readonly FrameRejection[];
  readonly level: number;
}

export interface FrameRejection {
  readonly index: number;
  readonly refusal: Refusal;
}

/** One way of writing frames and answers: `moka.json.v1` in text, `moka.bin.v1` in bytes. */
export interface FrameProtocol {
  readonly name: string;
  readonly isBinary: boolean;
  /**
   * Reads a frame's head into `head` and `identity` and cuts its events for the writer.
   * @returns '' or what is wrong with it
   */
  read(body: BodyBytes, stream: StreamIntake, head: FrameHead, identity: GroupIdentity, writer: FrameWriter): string;
  hello(hello: Hello, credit: ConnectionCredit): string | Uint8Array;
  ack(outcome: FrameOutcome, credit: ConnectionCredit): string | Uint8Array;
  credit(credit: ConnectionCredit): string | Uint8Array;
  error(code: string, detail: string): string | Uint8Array;
}
