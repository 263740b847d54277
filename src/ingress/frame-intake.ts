// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MAX_FRAME_EVENTS } from '../base/limits.ts';
import { ObjectPool } from '../base/object-pool.ts';
import type { Socket, UpgradeAccepted, UpgradeInfo, UpgradeRefused, WebSocketBehaviour } from '../http/server.ts';
import { INGRESS_METRICS, rejectionIndex } from '../metrics/catalogue.ts';
import { PRESSURE_OK } from '../ring/lane.ts';
import { binaryProtocol } from './binary-protocol.ts';
import { BodyBytes } from './body-bytes.ts';
import { CreditBudget } from './credit.ts';
import { FrameHead, type FrameProtocol, type Hello } from './frame-protocol.ts';
import { FrameReply } from './frame-reply.ts';
import { FrameSession } from './frame-session.ts';
import { FrameWriter } from './frame-writer.ts';
import { GroupIdentity } from './group-identity.ts';
import type { Intake } from './intake.ts';
import { jsonProtocol } from './json-protocol.ts';
import type { LaneIntake } from './lane-intake.ts';
import { type IntakeLimits, STAGING_RETRY_MS } from './limits.ts';
import { isProducerName, type ProducerLookup, Producers } from './producers.ts';
import type { Refusal } from './refusal.ts';
import type { StreamIntake } from './stream-intake.ts';

const { index: METRIC } = INGRESS_METRICS;
const PROTOCOLS: readonly FrameProtocol[] = [jsonProtocol, binaryProtocol];
const POOLED_REPLIES = 4096;
const MAX_ECHO_CHARACTERS = 64;
/** A message somewhat too long gets an answer; one longer than this ends the connection without a word. */
const OVERSIZE_BYTES = 64 * 1024;

/** What all intake connections have in common: memory, scratch, the frames that wait, the answers of the turn. */
export class FrameIntake {
  readonly intake: Intake;
  readonly limits: IntakeLimits;
  readonly budget: CreditBudget;
  readonly replies: ObjectPool<FrameReply>;
  // scratch of the frame that is being read
  readonly writer: FrameWriter;
  readonly head = new FrameHead();
  readonly identity = new GroupIdentity();
  readonly body = new BodyBytes();
  readonly #stagedBody = new BodyBytes();
  readonly #sessions = new Set<FrameSession>();
  readonly #waiting = new Set<FrameSession>();
  readonly #answered: FrameSession[] = [];
  readonly #producers = new Map<StreamIntake, Producers>();
  #stagedBytes = 0;
  #retryTimer: NodeJS.Timeout | null = null;

  constructor(intake: Intake, lookup: ProducerLookup) {
    this.intake = intake;
    this.limits = intake.limits;
    this.budget = new CreditBudget(intake.limits);
    this.writer = new FrameWriter(intake.lanes, intake.identityHash, intake.limits.maxEventBytes);
    this.replies = new ObjectPool({
      create: () => new FrameReply(),
      reset: (reply) => reply.reset(),
      capacity: POOLED_REPLIES,
    });
    for (const stream of intake.streams.values()) {
      this.#producers.set(stream, new Producers(stream.spec.id, intake.identityHash, lookup));
    }
    intake.onAcks = this.#onAcks;
    intake.onStop = this.#onStop;
    intake.onSample(() => intake.counters.set(METRIC.grantedBytes, this.budget.grantedBytes));
  }

  /** The WebSocket of one stream. */
  behaviour(stream: StreamIntake): WebSocketBehaviour<FrameSession> {
    return {
      maxPayloadBytes: this.limits.maxFrameBytes + OVERSIZE_BYTES,
      upgrade: (info) => this.#upgrade(stream, info),
      open: (socket) => this.#open(socket),
      message: (socket, message, isBinary) => socket.data.onMessage(message, isBinary),
      close: (socket) => socket.data.onClosed(),
    };
  }

  get isUnderPressure(): boolean {
    for (const lane of this.intake.lanes) if (lane.link.status.pressure !== PRESSURE_OK) return true;
    return false;
  }

  hello(session: FrameSession): Hello {
    const { producer } = session;
    return {
      stream: session.stream.spec.name,
      producer: producer === null ? null : producer.name,
      epoch: producer?.epoch ?? 0,
      lastSeq: producer?.lastSequence ?? -1,
      maxFrameBytes: this.limits.maxFrameBytes,
      maxFrameEvents: MAX_FRAME_EVENTS,
    };
  }

  producersOf(stream: StreamIntake): Producers {
    return this.#producers.get(stream) as Producers;
  }

  describeRejection(errorId: number, detail: string, lane: LaneIntake | null): Refusal {
    this.countRefusal(errorId);
    return this.intake.describe(errorId, detail, lane);
  }

  noteAnswered(session: FrameSession): void {
    this.#answered.push(session);
    // Outside of the reading of acks nothing more is about to come for this session.
    if (!this.intake.isReadingAcks) this.#flushAnswers();
  }

  noteStaged(session: FrameSession, bytes: number): void {
    this.#waiting.add(session);
    this.intake.stagedCount += 1;
    this.#stagedBytes += bytes;
    this.intake.counters.set(METRIC.stagedBytes, this.#stagedBytes);
    this.#retryTimer ??= setTimeout(this.#onRetry, STAGING_RETRY_MS);
  }

  noteUnstaged(bytes: number): void {
    this.intake.stagedCount -= 1;
    this.#stagedBytes -= bytes;
    this.intake.counters.set(METRIC.stagedBytes, this.#stagedBytes);
  }

  forget(session: FrameSession): void {
    this.#sessions.delete(session);
    this.#waiting.delete(session);
    const { producer } = session;
    if (producer !== null) this.producersOf(session.stream).detach(producer, session);
    this.#countConnections();
  }

  countReceived(events: number, bytes: number): void {
    this.intake.counters.add(METRIC.receivedWebSocket, events);
    this.intake.counters.add(METRIC.receivedBytes, bytes);
  }

  countAckedOnReceipt(events: number): void {
    this.intake.counters.add(METRIC.ackedReceived, events);
  }

  countAnswered(reply: FrameReply): void {
    this.intake.counters.histogram(METRIC.ackTime).record((this.intake.ackClock.now() - reply.receivedAt) * 1000);
  }

  countRefusal(errorId: number): void {
    this.intake.counters.add(rejectionIndex(errorId), 1);
  }

  #upgrade(stream: StreamIntake, info: UpgradeInfo): UpgradeAccepted<FrameSession> | UpgradeRefused {
    const protocol = chosenProtocol(info.protocols);
    if (protocol === undefined) {
      const names = PROTOCOLS.map(({ name }) => name).join(' or ');
      return { refuse: 'ERR_HTTP_BAD_REQUEST', detail: `Sec-WebSocket-Protocol must offer ${names}` };
    }
    const fault = parameterFault(info.queryParameters);
    if (fault !== '') return { refuse: 'ERR_HTTP_BAD_REQUEST', detail: fault };
    const producerName = info.query('producer') ?? null;
    if (producerName !== null && !isProducerName(producerName)) {
      return { refuse: 'ERR_IDENTITY_INVALID', detail: 'producer must be 1 to 128 printable ASCII characters' };
    }
    const refusal = this.intake.admission.stateRefusal();
    if (refusal !== 0) return this.#refuseUpgrade(refusal);
    const session = new FrameSession(this, stream, protocol, producerName);
    if (!session.credit.open()) return this.#refuseUpgrade(ERRORS.ERR_OVERLOAD_BOX.id);
    return { data: session, protocol: protocol.name };
  }

  #refuseUpgrade(errorId: number): UpgradeRefused {
    this.countRefusal(errorId);
    const { code, detail, retryAfterMs } = this.intake.describe(errorId, '', null);
    const headers =
      retryAfterMs === undefined ? [] : [['Retry-After', String(Math.ceil(retryAfterMs / 1000))] as const];
    return { refuse: code, detail, extra: retryAfterMs === undefined ? {} : { retryAfterMs }, headers };
  }

  #open(socket: Socket<FrameSession>): void {
    const session = socket.data;
    session.open(socket);
    this.#sessions.add(session);
    this.#countConnections();
    const { producerName } = session;
    if (producerName === null) {
      session.begin(null);
      return;
    }
    this.producersOf(session.stream)
      .attach(producerName, session)
      .then(
        (producer) => session.begin(producer),
        (error: unknown) =>
          session.refuse('ERR_NOT_READY', `what the log holds of the producer is not known: ${String(error)}`),
      );
  }

  readonly #onAcks = (): void => {
    this.#flushAnswers();
    this.#retryStaged();
  };

  readonly #onStop = (): void => {
    for (const session of [...this.#sessions]) session.leaveWhenIdle();
  };

  readonly #onRetry = (): void => {
    this.#retryTimer = null;
    this.#retryStaged();
    if (this.#waiting.size !== 0) this.#retryTimer = setTimeout(this.#onRetry, STAGING_RETRY_MS);
  };

  #flushAnswers(): void {
    const answered = this.#answered;
    for (let index = 0; index < answered.length; index++) (answered[index] as FrameSession).flushAnswers();
    answered.length = 0;
  }

  #retryStaged(): void {
    if (this.#waiting.size === 0) return;
    for (const session of [...this.#waiting]) {
      if (!session.retryStaged(this.#stagedBody)) continue;
      this.#waiting.delete(session);
    }
    this.#stagedBody.clear();
  }

  #countConnections(): void {
    this.intake.counters.set(METRIC.websocketConnections, this.#sessions.size);
    this.intake.counters.set(METRIC.grantedBytes, this.budget.grantedBytes);
  }
}

/** @returns '' or what is wrong: a misspelt `producer` must not pass for a connection without one */
function parameterFault(parameters: URLSearchParams): string {
  let count = 0;
  for (const name of parameters.keys()) {
    count += 1;
    if (name !== 'producer') return `no such parameter: name=${name.slice(0, MAX_ECHO_CHARACTERS)}; known: producer`;
  }
  return count > 1 ? 'parameter given twice: name=producer' : '';
}

function chosenProtocol(offered: readonly string[]): FrameProtocol | undefined {
  for (const name of offered) {
    const known = PROTOCOLS.find((protocol) => protocol.name === name);
    if (known !== undefined) return known;
  }
  return undefined;
}
