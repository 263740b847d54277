// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MAX_IDEMPOTENCY_KEY_BYTES } from '../base/limits.ts';
import type { RawRequest, RawResponse } from '../http/server.ts';
import { INGRESS_METRICS } from '../metrics/catalogue.ts';
import { LEVEL_RECEIVED } from '../record/intake-message.ts';
import type { BodyBytes } from './body-bytes.ts';
import type { HttpIntake } from './http-intake.ts';
import { TAKEN } from './intake.ts';
import { eventCodecOf, NO_CODEC } from './media-type.ts';
import type { PostExchange } from './post-exchange.ts';
import { NO_PREFERENCE, parsePrefer } from './prefer.ts';
import { RequestHeaders, writeAscii } from './request-headers.ts';
import type { StreamIntake } from './stream-intake.ts';

const RECEIVED_HTTP = INGRESS_METRICS.index.receivedHttp;

/**
 * `POST /v1/streams/{stream}`: one event, one answer. What can be refused by the headers is refused before the body is
 * read; a body that comes in one piece goes from the server's buffer to the ring.
 */
export class PostIntake {
  readonly stream: StreamIntake;
  readonly http: HttpIntake;
  readonly #headers = new RequestHeaders();
  readonly #keyBytes = new Uint8Array(MAX_IDEMPOTENCY_KEY_BYTES);

  constructor(http: HttpIntake, stream: StreamIntake) {
    this.http = http;
    this.stream = stream;
  }

  readonly handle = (response: RawResponse, request: RawRequest): void => {
    const { http } = this;
    const { intake } = http;
    const headers = this.#headers;
    headers.read(request);
    const codec = eventCodecOf(headers.contentType);
    let refusal = headers.bodyRefusal(intake.limits.maxEventBytes);
    if (refusal === 0 && codec === NO_CODEC) {
      refusal = ERRORS.ERR_HTTP_MEDIA_TYPE.id;
      headers.detail = 'Content-Type must be application/json or application/msgpack, in UTF-8';
    }
    if (refusal === 0 && !headers.hasValidIdempotencyKey(MAX_IDEMPOTENCY_KEY_BYTES)) {
      refusal = ERRORS.ERR_IDENTITY_INVALID.id;
    }
    if (refusal !== 0) {
      http.refuse(response, refusal, headers.detail, null, headers.mustClose);
      return;
    }
    refusal = intake.admission.boxRefusal();
    if (refusal !== 0) {
      http.refuse(response, refusal, '', null, false);
      return;
    }
    if (http.quota !== null && !http.isWithinQuota(response, 1)) return;
    const exchange = http.exchanges.get();
    exchange.owner = this;
    exchange.response = response;
    exchange.codec = codec;
    exchange.idempotencyKey = headers.idempotencyKey;
    exchange.preference = headers.prefer === '' ? NO_PREFERENCE : parsePrefer(headers.prefer);
    response.onAborted(exchange.onAborted);
    response.onData(exchange.onData);
  };

  submit(exchange: PostExchange, body: BodyBytes, length: number): void {
    const { stream, http } = this;
    const { intake } = http;
    const { preference } = exchange;
    const now = intake.now();
    const isAsync = preference.waitMs < 0 && (preference.isAsync || stream.isAckedOnReceipt);
    exchange.receivedAt = now;
    exchange.deadline = now + (preference.waitMs < 0 ? intake.limits.requestTimeoutMs : preference.waitMs);
    intake.counters.add(RECEIVED_HTTP, 1);
    const keyLength = writeAscii(exchange.idempotencyKey, this.#keyBytes);
    const level = isAsync ? LEVEL_RECEIVED : stream.ackLevel;
    const reply = isAsync ? null : exchange;
    const result = intake.submit(stream, reply, level, body, length, exchange.codec, this.#keyBytes, keyLength);
    exchange.partition = stream.router.partition;
    if (result !== TAKEN) {
      exchange.refuse(result, intake.refusalDetail, intake.refusalLane);
      this.recycle(exchange);
    } else if (isAsync) {
      exchange.answerReceived();
      this.recycle(exchange);
    } else {
      exchange.isSubmitted = true;
    }
  }

  recycle(exchange: PostExchange): void {
    this.http.exchanges.put(exchange);
  }
}
