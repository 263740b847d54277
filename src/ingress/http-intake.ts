// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { ObjectPool } from '../base/object-pool.ts';
import { answerLast } from '../http/last-answer.ts';
import type { RawResponse } from '../http/server.ts';
import { INGRESS_METRICS, rejectionIndex } from '../metrics/catalogue.ts';
import { BodyBytes } from './body-bytes.ts';
import { FrameWriter } from './frame-writer.ts';
import { GatherBuffers } from './gather-buffers.ts';
import { sendRefusal } from './http-refusal.ts';
import type { Intake } from './intake.ts';
import type { LaneIntake } from './lane-intake.ts';
import { PostExchange } from './post-exchange.ts';
import { Quota, type QuotaOptions } from './quota.ts';
import { ResultJson } from './result-json.ts';

const { index: METRIC } = INGRESS_METRICS;

/** Exchanges that wait for a request; with more connections than this at once, some are made anew. */
const POOLED_EXCHANGES = 4096;

/** What the HTTP side of the intake has in common over all streams. */
export class HttpIntake {
  readonly intake: Intake;
  readonly writer: FrameWriter;
  readonly body = new BodyBytes();
  readonly buffers: GatherBuffers;
  readonly results: ResultJson;
  readonly quota: Quota | null;
  readonly exchanges: ObjectPool<PostExchange>;

  constructor(intake: Intake, quota: QuotaOptions | null) {
    this.intake = intake;
    this.writer = new FrameWriter(intake.lanes, intake.identityHash, intake.limits.maxEventBytes);
    this.buffers = new GatherBuffers(intake.limits.maxEventBytes, intake.limits.gatherBytes);
    this.results = new ResultJson(intake.lanes);
    this.quota = quota === null ? null : new Quota(quota);
    this.exchanges = new ObjectPool({
      create: () => new PostExchange(),
      reset: (exchange) => exchange.reset(),
      capacity: POOLED_EXCHANGES,
    });
  }

  /**
   * Answers with problem+json and counts it. While draining every answer ends its connection.
   * @param mustClose nothing behind this request is to be read; in the request's own handler only
   */
  refuse(response: RawResponse, errorId: number, detail: string, lane: LaneIntake | null, mustClose: boolean): void {
    const { intake } = this;
    this.countRefusal(errorId);
    const refusal = intake.describe(errorId, detail, lane);
    if (mustClose) answerLast(response, () => sendRefusal(response, refusal, true));
    else sendRefusal(response, refusal, intake.isDraining);
  }

  /** Takes from the client's quota; answers 429 if it is used up. */
  isWithinQuota(response: RawResponse, events: number): boolean {
    if (this.quota === null) return true;
    const { intake } = this;
    const client = Buffer.from(response.getRemoteAddressAsText()).toString('latin1');
    const waitMs = this.quota.take(client, events, intake.now());
    if (waitMs === 0) return true;
    const refusal = intake.describe(ERRORS.ERR_OVERLOAD_QUOTA.id, `quota of client=${client} used up`, null);
    this.countRefusal(ERRORS.ERR_OVERLOAD_QUOTA.id);
    sendRefusal(response, { ...refusal, retryAfterMs: waitMs }, intake.isDraining);
    return false;
  }

  countRefusal(errorId: number): void {
    this.intake.counters.add(rejectionIndex(errorId), 1);
  }

  /** An event was acknowledged on receipt. */
  received(): void {
    this.intake.counters.add(METRIC.ackedReceived, 1);
  }

  /** An ack came for a request that was received then. */
  answered(receivedAt: number): void {
    const { intake } = this;
    intake.counters.histogram(METRIC.ackTime).record((intake.ackClock.now() - receivedAt) * 1000);
  }
}
