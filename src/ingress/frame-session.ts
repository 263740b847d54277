// data plane
import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import type { Socket } from '../http/server.ts';
import { LEVEL_RECEIVED, NO_REPLY } from '../record/intake-message.ts';
import { NO_SEQUENCE } from '../record/record-writer.ts';
import type { BodyBytes } from './body-bytes.ts';
import { ConnectionCredit } from './credit.ts';
import type { FrameIntake } from './frame-intake.ts';
import type { FrameProtocol, FrameRejection } from './frame-protocol.ts';
import type { FrameReply } from './frame-reply.ts';
import { FrameSequence } from './frame-sequence.ts';
import type { LaneIntake } from './lane-intake.ts';
import { NO_SLOT } from './pending-replies.ts';
import type { Producer } from './producers.ts';
import type { Refusal } from './refusal.ts';
import type { StreamIntake } from './stream-intake.ts';

const CLOSE_GOING_AWAY = 1001;
const CLOSE_WRONG_KIND = 1003;
const CLOSE_MALFORMED = 1007;
const CLOSE_POLICY = 1008;
const CLOSE_TOO_BIG = 1009;

/**
 * One intake connection. Frames go to their rings at once, or wait here, in the order they came, until all the rings
 * they need have room; a frame is answered when the last of its lanes has answered.
 *
 * ```
 *   opening ──hello──► ready ──fault, fenced, drained──► closed
 * ```
 */
export class FrameSession {
  readonly stream: StreamIntake;
  readonly protocol: FrameProtocol;
  readonly producerName: string | null;
  readonly credit: ConnectionCredit;
  /** Frames that wait for their rings. */
  readonly staged: FrameReply[] = [];
  /** Answers of this turn; they leave together. */
  readonly answers: FrameReply[] = [];
  isClosed = false;
  producer: Producer | null = null;
  readonly #intake: FrameIntake;
  #socket: Socket<FrameSession> | null = null;
  #isReady = false;
  #isLeaving = false;
  #framesInFlight = 0;
  #lastFrame = -1;
  readonly #sequence = new FrameSequence();

  constructor(intake: FrameIntake, stream: StreamIntake, protocol: FrameProtocol, producerName: string | null) {
    this.#intake = intake;
    this.stream = stream;
    this.protocol = protocol;
    this.producerName = producerName;
    this.credit = new ConnectionCredit(intake.budget, intake.limits);
  }

  open(socket: Socket<FrameSession>): void {
    this.#socket = socket;
  }

  /** The client may begin. */
  begin(producer: Producer | null): void {
    if (this.isClosed) return;
    this.producer = producer;
    this.#isReady = true;
    this.#send(this.protocol.hello(this.#intake.hello(this), this.credit));
  }

  onMessage(message: ArrayBuffer, isBinary: boolean): void {
    if (this.isClosed || this.#isLeaving) return;
    const { intake, body, limits } = this.#intake;
    if (intake.isDraining) return;
    if (!this.#isReady) {
      this.#fail(CLOSE_POLICY, 'ERR_CREDIT_EXCEEDED', 'frame sent before the hello');
    } else if (isBinary !== this.protocol.isBinary) {
      const kind = this.protocol.isBinary ? 'binary' : 'text';
      this.#fail(CLOSE_WRONG_KIND, 'ERR_FRAME_INVALID', `${this.protocol.name} has ${kind} messages only`);
    } else if (message.byteLength > limits.maxFrameBytes) {
      const detail = `frame bytes=${message.byteLength} max=${limits.maxFrameBytes}`;
      this.#fail(CLOSE_TOO_BIG, 'ERR_FRAME_INVALID', detail);
    } else {
      body.over(message);
      this.#receive(body);
      body.clear();
    }
  }

  #receive(body: BodyBytes): void {
    const { head, writer, intake } = this.#intake;
    const fault = this.#read(body);
    if (fault !== '') {
      this.#fail(CLOSE_MALFORMED, 'ERR_FRAME_INVALID', fault);
      return;
    }
    const { count } = writer;
    const bytes = body.u8.byteLength;
    if (head.frame <= this.#lastFrame) {
      const detail = `frame=${head.frame} after frame=${this.#lastFrame}: numbers must rise`;
      this.#fail(CLOSE_POLICY, 'ERR_FRAME_INVALID', detail);
      return;
    }
    if (!this.#isInSequence(count)) return;
    if (!this.credit.take(count, bytes)) {
      const detail =
        `sent events=${this.credit.receivedEvents} bytes=${this.credit.receivedBytes}, ` +
        `limit events=${this.credit.limitEvents} bytes=${this.credit.limitBytes}`;
      this.#fail(CLOSE_POLICY, 'ERR_CREDIT_EXCEEDED', detail);
      return;
    }
    this.#lastFrame = head.frame;
    const reply = this.#intake.replies.get();
    reply.session = this;
    reply.frame = head.frame;
    reply.eventCount = count;
    reply.byteLength = bytes;
    reply.receivedAt = intake.now();
    this.#intake.countReceived(count, bytes);
    writer.route(this.stream, body, head.codec, this.#intake.identity);
    if (!writer.fitsEmptyRings()) {
      this.#intake.replies.put(reply);
      this.#fail(CLOSE_TOO_BIG, 'ERR_FRAME_INVALID', 'frame takes more than the ring of a partition holds');
    } else if (this.staged.length !== 0 || !this.#submit(reply, body)) {
      this.#stage(reply, body);
    }
  }

  /** Reads head and events of a frame into the writer. @returns '' or what is wrong with it */
  #read(body: BodyBytes): string {
    const { head, identity, writer } = this.#intake;
    writer.begin();
    const fault = this.protocol.read(body, this.stream, head, identity, writer);
    if (fault !== '') return fault;
    const hasSequence = identity.firstSequence !== NO_SEQUENCE;
    if (hasSequence && this.producer === null) return 'sequence numbers need ?producer= in the address';
    if (!hasSequence && this.producer !== null)
      return 'every frame of a producer needs the sequence of its first event';
    identity.producerLow = this.producer?.low ?? 0;
    identity.producerHigh = this.producer?.high ?? 0;
    identity.producerEpoch = this.producer?.epoch ?? 0;
    return '';
  }

  #isInSequence(count: number): boolean {
    const { producer } = this;
    if (producer === null) return true;
    const first = this.#intake.identity.firstSequence;
    if (this.#sequence.follow(first, count, producer.lastSequence)) return true;
    this.#fail(
      CLOSE_POLICY,
      'ERR_PRODUCER_GAP',
      `seq=${first} expected=${this.#sequence.expected(producer.lastSequence)}`,
    );
    return false;
  }

  /**
   * Takes the routed frame in the writer to its rings.
   * @returns false: it must wait
   */
  #submit(reply: FrameReply, body: BodyBytes): boolean {
    const { intake, writer, identity, head } = this.#intake;
    const { stream } = this;
    if (!writer.canClaim()) return false;
    const isAckedOnReceipt = stream.isAckedOnReceipt;
    const slot = isAckedOnReceipt ? NO_REPLY : intake.replies.acquire(reply);
    if (slot === NO_SLOT) return false;
    const generation = isAckedOnReceipt ? 0 : intake.replies.generationOf(slot);
    const level = isAckedOnReceipt ? LEVEL_RECEIVED : stream.ackLevel;
    const messages = writer.write(stream, body, head.codec, identity, slot, generation, level, intake.now());
    if (messages !== 0) intake.committed();
    for (const { index, errorId, detail, lane } of writer.refusals) {
      reply.reject({ index, refusal: this.describeRejection(errorId, detail, lane) });
    }
    this.#framesInFlight += 1;
    if (this.producer !== null) {
      this.producer.framesInFlight += 1;
      this.producer.lastSequence = Math.max(this.producer.lastSequence, identity.firstSequence + writer.count - 1);
    }
    if (isAckedOnReceipt) {
      reply.level = LEVEL_RECEIVED;
      reply.accepted = writer.count - writer.refusals.length;
      this.#intake.countAckedOnReceipt(reply.accepted);
      this.onFrameAnswered(reply);
    } else if (messages === 0) {
      intake.replies.release(slot);
      reply.level = level;
      this.onFrameAnswered(reply);
    } else {
      reply.pendingMessages = messages;
    }
    return true;
  }

  #stage(reply: FrameReply, body: BodyBytes): void {
    reply.staged = body.u8.slice();
    this.staged.push(reply);
    this.#intake.noteStaged(this, reply.byteLength);
  }

  /** Tries the frames that wait, first come, first served. @returns whether none is left */
  retryStaged(body: BodyBytes): boolean {
    const { writer, head, identity } = this.#intake;
    for (let reply = this.staged.shift(); reply !== undefined; reply = this.staged.shift()) {
      body.overBytes(reply.staged as Uint8Array);
      this.#read(body);
      writer.route(this.stream, body, head.codec, identity);
      if (!this.#submit(reply, body)) {
        this.staged.unshift(reply);
        return false;
      }
      reply.staged = null;
      this.#intake.noteUnstaged(reply.byteLength);
    }
    return true;
  }

  /** All lanes have answered, or there was nothing to wait for. */
  onFrameAnswered(reply: FrameReply): void {
    this.#framesInFlight -= 1;
    if (this.producer !== null) {
      this.producer.framesInFlight -= 1;
      if (this.isClosed) this.#intake.producersOf(this.stream).forgetIfIdle(this.producer);
    }
    if (this.isClosed) {
      this.#intake.replies.put(reply);
      return;
    }
    this.answers.push(reply);
    if (this.answers.length === 1) this.#intake.noteAnswered(this);
  }

  /** The answers of this turn leave, in one system call. */
  flushAnswers(): void {
    const { answers } = this;
    if (this.isClosed) {
      for (const reply of answers.splice(0)) this.#intake.replies.put(reply);
    } else if (answers.length === 1) {
      this.#sendAck(answers.pop() as FrameReply);
    } else if (answers.length !== 0) {
      this.#socket?.cork(() => {
        for (const reply of answers.splice(0)) this.#sendAck(reply);
      });
    }
    if (this.#isLeaving) this.leaveWhenIdle();
  }

  #sendAck(reply: FrameReply): void {
    this.credit.settle(reply.eventCount, reply.byteLength, this.#intake.isUnderPressure);
    this.#intake.countAnswered(reply);
    if (reply.rejected.length > 1) reply.rejected.sort(byIndex);
    this.#send(this.protocol.ack(reply, this.credit));
    this.#intake.replies.put(reply);
  }

  describeRejection(errorId: number, detail: string, lane: LaneIntake | null): Refusal {
    return this.#intake.describeRejection(errorId, detail, lane);
  }

  /** A newer connection of this producer took over. */
  fence(): void {
    this.#fail(CLOSE_POLICY, 'ERR_PRODUCER_FENCED', 'a newer connection of this producer took over');
  }

  /** No new frames; the connection ends when those it has sent are answered. */
  leaveWhenIdle(): void {
    this.#isLeaving = true;
    if (this.isClosed || this.#framesInFlight + this.staged.length + this.answers.length !== 0) return;
    this.#fail(CLOSE_GOING_AWAY, 'ERR_DRAINING', 'shutting down; connect again later');
  }

  refuse(code: ErrorCode, detail: string): void {
    this.#fail(CLOSE_POLICY, code, detail);
  }

  /** The connection is gone: what is on its rings is answered to nobody, what waits was never accepted. */
  onClosed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket = null;
    this.credit.close();
    for (const reply of this.staged.splice(0)) {
      this.#intake.noteUnstaged(reply.byteLength);
      this.#intake.replies.put(reply);
    }
    this.#intake.forget(this);
  }

  #fail(closeCode: number, code: ErrorCode, detail: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#intake.countRefusal(ERRORS[code].id);
    socket.send(this.protocol.error(code, detail), this.protocol.isBinary);
    // `close` comes back as `onClosed` before this returns.
    socket.end(closeCode, code);
  }

  #send(message: string | Uint8Array): void {
    this.#socket?.send(message, this.protocol.isBinary);
  }
}

function byIndex(a: FrameRejection, b: FrameRejection): number {
  return a.index - b.index;
}
