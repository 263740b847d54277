// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import type { RawResponse } from '../http/server.ts';
import { LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { AckView } from './ack-view.ts';
import type { LaneIntake } from './lane-intake.ts';
import type { Reply } from './pending-replies.ts';
import type { PostIntake } from './post-intake.ts';
import { NO_PREFERENCE, type Preference } from './prefer.ts';

/**
 * The status line and the headers that never change, handed over as one "status": every call into the server costs
 * about 50 ns, and a status is written out as it stands.
 */
const CREATED = Buffer.from('201 Created\r\nContent-Type: application/json');
const ACCEPTED = Buffer.from('202 Accepted\r\nContent-Type: application/json');

/**
 * One POST of one event, from its headers to its answer. Pooled: the two callbacks that the server needs are made once
 * per object. It goes back to the pool when body and answer are through, and an ack that is owed has come.
 *
 * ```
 *   begin ──► body in pieces ──► submitted ──ack──► answered
 *     │ client gone │                │ client gone, or time up: answered 504
 *     └─────────────┴─► pool         └──ack──► pool
 * ```
 */
export class PostExchange implements Reply {
  owner!: PostIntake;
  /** Null when nothing can be sent any more: answered, or the client has gone. */
  response: RawResponse | null = null;
  codec = 0;
  idempotencyKey = '';
  preference: Preference = NO_PREFERENCE;
  /** When the answer is due at the latest. */
  deadline = 0;
  receivedAt = 0;
  /** The event is on this lane's ring, and its ack is owed. */
  isSubmitted = false;
  partition = 0;

  #gathered: Uint8Array | null = null;
  #gatheredLength = 0;
  #isOverflowing = false;
  #status: Uint8Array = CREATED;
  #body: Uint8Array = CREATED;

  readonly onAborted = (): void => {
    this.response = null;
    if (!this.isSubmitted) this.owner.recycle(this);
  };

  readonly onData = (chunk: ArrayBuffer, isLast: boolean): void => {
    if (this.response === null) return;
    if (isLast && this.#gathered === null && !this.#isOverflowing) {
      const { body } = this.owner.http;
      body.over(chunk);
      this.owner.submit(this, body, chunk.byteLength);
      body.clear();
      return;
    }
    this.#gather(chunk, isLast);
  };

  #gather(chunk: ArrayBuffer, isLast: boolean): void {
    const { owner } = this;
    if (this.#gathered === null && !this.#isOverflowing) {
      this.#gathered = owner.http.buffers.take();
      this.#isOverflowing = this.#gathered === null;
    }
    if (this.#gathered !== null) {
      this.#gathered.set(new Uint8Array(chunk), this.#gatheredLength);
      this.#gatheredLength += chunk.byteLength;
    }
    if (!isLast) return;
    if (this.#gathered === null) {
      this.refuse(ERRORS.ERR_OVERLOAD_BOX.id, 'bodies in pieces take all their memory', null);
      owner.recycle(this);
      return;
    }
    const { body } = owner.http;
    body.overBytes(this.#gathered);
    owner.submit(this, body, this.#gatheredLength);
    body.clear();
  }

  onAck(ack: AckView): boolean {
    const { owner } = this;
    owner.http.answered(this.receivedAt);
    if (this.response !== null) {
      const hasException = ack.nextException();
      if (ack.rejected !== 0) {
        this.refuse(ack.errorId, ack.exceptionDetail(), ack.lane);
      } else {
        const offset = hasException ? ack.exceptionOffset : ack.firstOffset;
        this.answer(CREATED, owner.http.results.bytes(ack.lane.partition, offset, ack.level, hasException));
      }
    }
    owner.recycle(this);
    return true;
  }

  onSweep(nowMs: number): void {
    if (this.response === null || nowMs < this.deadline) return;
    if (this.preference.isAsync) {
      this.answerReceived();
      return;
    }
    this.refuse(ERRORS.ERR_HTTP_TIMEOUT.id, '', null);
  }

  /** 202: the event is on its ring and was not waited for. */
  answerReceived(): void {
    this.owner.http.received();
    this.answer(ACCEPTED, this.owner.http.results.bytes(this.partition, -1, LEVEL_RECEIVED, false));
  }

  answer(status: Uint8Array, body: Uint8Array): void {
    const { response } = this;
    if (response === null) return;
    this.#status = status;
    this.#body = body;
    corked = this;
    response.cork(writeCorked);
    this.response = null;
  }

  refuse(errorId: number, detail: string, lane: LaneIntake | null): void {
    const { response } = this;
    if (response === null) return;
    this.response = null;
    this.owner.http.refuse(response, errorId, detail, lane, false);
  }

  writeAnswer(): void {
    const response = this.response as RawResponse;
    response.writeStatus(this.#status);
    if (this.preference.applied !== '') response.writeHeader('Preference-Applied', this.preference.applied);
    response.end(this.#body, this.owner.http.intake.isDraining);
  }

  /** Gives back what it holds; the pool calls it. */
  reset(): void {
    if (this.#gathered !== null) this.owner.http.buffers.give(this.#gathered);
    this.#gathered = null;
    this.#gatheredLength = 0;
    this.#isOverflowing = false;
    this.response = null;
    this.idempotencyKey = '';
    this.preference = NO_PREFERENCE;
    this.isSubmitted = false;
    this.#body = CREATED;
  }
}

/** The exchange that is being answered: one callback for all saves a closure per request. */
let corked!: PostExchange;

function writeCorked(): void {
  corked.writeAnswer();
}
