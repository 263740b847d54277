import { ERRORS } from '../base/error-catalogue.ts';
import { MAX_FRAME_EVENTS } from '../base/limits.ts';
import type { RawRequest, RawResponse } from '../http/server.ts';
import { INGRESS_METRICS } from '../metrics/catalogue.ts';
import { LEVEL_RECEIVED, NO_REPLY } from '../record/intake-message.ts';
import { CODEC_JSON } from '../record/layout.ts';
import { BatchExchange } from './batch-exchange.ts';
import { BodyBytes } from './body-bytes.ts';
import type { FrameWriter } from './frame-writer.ts';
import { GroupIdentity } from './group-identity.ts';
import type { HttpIntake } from './http-intake.ts';
import { MAX_GROUP_IDENTITY_BYTES } from './limits.ts';
import { splitLines } from './lines.ts';
import { isBatchType } from './media-type.ts';
import { NO_SLOT } from './pending-replies.ts';
import { NO_PREFERENCE, type Preference, parsePrefer } from './prefer.ts';
import { RequestHeaders, writeAscii } from './request-headers.ts';
import type { StreamIntake } from './stream-intake.ts';

const { receivedBatch: RECEIVED_BATCH, receivedBytes: RECEIVED_BYTES } = INGRESS_METRICS.index;

/**
 * `POST /v1/streams/{stream}/batch`: one event per line, one result per line in the same order. A line that cannot be
 * taken spoils no other; but after a lane has refused one for overload it refuses all later ones, so that order holds.
 */
export class BatchIntake {
  readonly #http: HttpIntake;
  readonly #stream: StreamIntake;
  readonly #headers = new RequestHeaders();
  readonly #identity = new GroupIdentity();
  readonly #body = new BodyBytes();

  constructor(http: HttpIntake, stream: StreamIntake) {
    this.#http = http;
    this.#stream = stream;
  }

  readonly handle = (response: RawResponse, request: RawRequest): void => {
    const { intake } = this.#http;
    const headers = this.#headers;
    headers.read(request);
    let refusal = headers.bodyRefusal(intake.limits.maxBatchBytes);
    if (refusal === 0 && !isBatchType(headers.contentType)) {
      refusal = ERRORS.ERR_HTTP_MEDIA_TYPE.id;
      headers.detail = 'Content-Type must be application/x-ndjson, in UTF-8';
    }
    if (refusal === 0 && !headers.hasValidIdempotencyKey(MAX_GROUP_IDENTITY_BYTES)) {
      refusal = ERRORS.ERR_IDENTITY_INVALID.id;
    }
    if (refusal !== 0) {
      this.#http.refuse(response, refusal, headers.detail, null, headers.mustClose);
      return;
    }
    refusal = intake.admission.boxRefusal();
    if (refusal === 0 && !this.#http.buffers.reserve(headers.contentLength)) refusal = ERRORS.ERR_OVERLOAD_BOX.id;
    if (refusal !== 0) {
      this.#http.refuse(response, refusal, '', null, false);
      return;
    }
    const preference = headers.prefer === '' ? NO_PREFERENCE : parsePrefer(headers.prefer);
    this.#receive(response, headers.contentLength, headers.idempotencyKey, preference);
  };

  #receive(response: RawResponse, length: number, idempotencyKey: string, preference: Preference): void {
    const { buffers } = this.#http;
    const bytes = Buffer.allocUnsafe(length);
    let received = 0;
    let exchange: BatchExchange | null = null;
    let isAborted = false;
    response.onAborted(() => {
      isAborted = true;
      if (exchange === null) buffers.unreserve(length);
      else exchange.response = null;
    });
    response.onData((chunk, isLast) => {
      if (isAborted) return;
      bytes.set(new Uint8Array(chunk), received);
      received += chunk.byteLength;
      if (!isLast) return;
      buffers.unreserve(length);
      exchange = new BatchExchange(this.#http, response, preference);
      this.#submit(exchange, bytes, idempotencyKey);
    });
  }

  #submit(exchange: BatchExchange, bytes: Buffer, idempotencyKey: string): void {
    const { intake, writer } = this.#http;
    const response = exchange.response as RawResponse;
    writer.begin();
    if (!splitLines(bytes, 0, writer)) {
      exchange.response = null;
      this.#http.refuse(response, ERRORS.ERR_HTTP_TOO_LARGE.id, `batch lines max=${MAX_FRAME_EVENTS}`, null, false);
      return;
    }
    if (!this.#http.isWithinQuota(response, writer.count)) {
      exchange.response = null;
      return;
    }
    intake.counters.add(RECEIVED_BATCH, writer.count);
    intake.counters.add(RECEIVED_BYTES, bytes.length);
    this.#identity.idLength = writeAscii(idempotencyKey, this.#identity.id);
    this.#body.overBytes(bytes);
    this.#lay(exchange, writer);
    this.#body.clear();
  }

  #lay(exchange: BatchExchange, writer: FrameWriter): void {
    const { intake } = this.#http;
    const stream = this.#stream;
    const { preference } = exchange;
    const isAsync = preference.waitMs < 0 && (preference.isAsync || stream.isAckedOnReceipt);
    const slot = isAsync ? NO_REPLY : intake.replies.acquire(exchange);
    if (slot === NO_SLOT) {
      const response = exchange.response as RawResponse;
      exchange.response = null;
      this.#http.refuse(response, ERRORS.ERR_OVERLOAD_BOX.id, '', null, false);
      return;
    }
    const generation = isAsync ? 0 : intake.replies.generationOf(slot);
    const level = isAsync ? LEVEL_RECEIVED : stream.ackLevel;
    const identity = this.#identity;
    writer.route(stream, this.#body, CODEC_JSON, identity);
    const messages = writer.writeWhatFits(
      stream,
      this.#body,
      CODEC_JSON,
      identity,
      slot,
      generation,
      level,
      intake.now(),
    );
    exchange.begin(writer.partitions.slice(0, writer.count));
    for (const { index, errorId, detail, lane } of writer.refusals) {
      this.#http.countRefusal(errorId);
      exchange.refuseLine(index, intake.describe(errorId, detail, lane));
    }
    if (messages !== 0) intake.committed();
    exchange.pendingMessages = messages;
    if (isAsync) {
      exchange.answerReceived();
    } else if (messages === 0) {
      intake.replies.release(slot);
      exchange.answer();
    }
  }
}
