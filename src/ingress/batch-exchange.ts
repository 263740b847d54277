import { ERRORS } from '../base/error-catalogue.ts';
import type { RawResponse } from '../http/server.ts';
import { LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { AckView } from './ack-view.ts';
import type { HttpIntake } from './http-intake.ts';
import type { LaneIntake } from './lane-intake.ts';
import type { Reply } from './pending-replies.ts';
import type { Preference } from './prefer.ts';
import type { Refusal } from './refusal.ts';

/** A line whose event is on a ring, or was never a line of this batch. */
const PENDING = '';

/**
 * One batch from its lines to its answer. Each lane acknowledges its lines in their order, in one message or several;
 * `#cursor` says up to which line a lane has come.
 */
export class BatchExchange implements Reply {
  response: RawResponse | null;
  readonly preference: Preference;
  readonly receivedAt: number;
  readonly deadline: number;
  pendingMessages = 0;
  readonly #http: HttpIntake;
  /** Results by line. */
  #results: string[] = [];
  /** The lane that each line went to, -1 for a line that was refused at the door. */
  #lanes: Int16Array = new Int16Array(0);
  readonly #cursor: Int32Array;
  #retryAfterMs = 0;

  constructor(http: HttpIntake, response: RawResponse, preference: Preference) {
    const { intake } = http;
    this.#http = http;
    this.response = response;
    this.preference = preference;
    this.receivedAt = intake.now();
    this.deadline = this.receivedAt + (preference.waitMs < 0 ? intake.limits.requestTimeoutMs : preference.waitMs);
    this.#cursor = new Int32Array(intake.lanes.length);
  }

  /** @param lanes by line; kept */
  begin(lanes: Int16Array): void {
    this.#lanes = lanes;
    this.#results = new Array<string>(lanes.length).fill(PENDING);
  }

  refuseLine(index: number, refusal: Refusal): void {
    this.#results[index] = JSON.stringify(refusal);
    this.#retryAfterMs = Math.max(this.#retryAfterMs, refusal.retryAfterMs ?? 0);
  }

  onAck(ack: AckView): boolean {
    this.pendingMessages -= 1;
    if (this.response !== null) this.#read(ack);
    if (this.pendingMessages !== 0) return false;
    this.#http.answered(this.receivedAt);
    this.answer();
    return true;
  }

  onSweep(nowMs: number): void {
    if (this.response === null || nowMs < this.deadline) return;
    if (this.preference.isAsync) {
      this.answerReceived();
      return;
    }
    const { response } = this;
    this.response = null;
    this.#http.refuse(response, ERRORS.ERR_HTTP_TIMEOUT.id, '', null, false);
  }

  /** Every line that is on a ring counts as received. */
  answerReceived(): void {
    for (let index = 0; index < this.#lanes.length; index++) {
      if (this.#results[index] !== PENDING) continue;
      this.#http.received();
      this.#results[index] = this.#taken(202, this.#lanes[index] as number, -1, LEVEL_RECEIVED, false);
    }
    this.answer();
  }

  answer(): void {
    const { response } = this;
    if (response === null) return;
    this.response = null;
    const body = `${this.#results.join('\n')}\n`;
    response.cork(() => {
      response.writeStatus('200 OK');
      response.writeHeader('Content-Type', 'application/x-ndjson');
      if (this.preference.applied !== '') response.writeHeader('Preference-Applied', this.preference.applied);
      if (this.#retryAfterMs > 0) response.writeHeader('Retry-After', String(Math.ceil(this.#retryAfterMs / 1000)));
      response.end(body, this.#http.intake.isDraining);
    });
  }

  #read(ack: AckView): void {
    const { partition } = ack.lane;
    let hasException = ack.nextException();
    let offset = ack.firstOffset;
    let line = this.#cursor[partition] as number;
    for (let remaining = ack.eventCount; remaining > 0; remaining--) {
      while (this.#lanes[line] !== partition) line += 1;
      if (!hasException || ack.frameIndex !== line) {
        this.#results[line] = this.#taken(201, partition, offset, ack.level, false);
        offset += 1;
      } else {
        if (ack.errorId === 0) this.#results[line] = this.#taken(201, partition, ack.exceptionOffset, ack.level, true);
        else this.#refuseAtLane(line, ack.errorId, ack.exceptionDetail(), ack.lane);
        hasException = ack.nextException();
      }
      line += 1;
    }
    this.#cursor[partition] = line;
  }

  #refuseAtLane(line: number, errorId: number, detail: string, lane: LaneIntake): void {
    this.#http.countRefusal(errorId);
    this.refuseLine(line, this.#http.intake.describe(errorId, detail, lane));
  }

  #taken(status: number, partition: number, offset: number, level: number, isDuplicate: boolean): string {
    const bytes = this.#http.results.bytes(partition, offset, level, isDuplicate);
    return `{"status":${status},${Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1).toString('latin1')}`;
  }
}
