import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { MAX_IDEMPOTENCY_KEY_BYTES } from '../base/limits.ts';
import { INGRESS_METRICS } from '../metrics/catalogue.ts';
import { LEVEL_RECEIVED } from '../record/intake-message.ts';
import { CODEC_JSON } from '../record/layout.ts';
import { BodyBytes } from './body-bytes.ts';
import { type IngestOptions, IngestReply, type IngestResult } from './ingest-reply.ts';
import { type Intake, TAKEN } from './intake.ts';
import { isPrintable } from './request-headers.ts';
import type { StreamIntake } from './stream-intake.ts';

const { receivedLibrary: RECEIVED_LIBRARY, ackedReceived: ACKED_RECEIVED } = INGRESS_METRICS.index;

const NO_KEY = Buffer.alloc(0);
const MAX_ECHO_CHARACTERS = 64;

/** Events from this very process: encoded here, then the same way as every other. */
export class LibraryIntake {
  readonly #intake: Intake;
  readonly #body = new BodyBytes();

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  async ingest(streamName: string, value: unknown, options: IngestOptions): Promise<IngestResult> {
    const { intake, stream, bytes, key } = this.#checked(streamName, value, options);
    const reply = new IngestReply();
    const { isAckedOnReceipt } = stream;
    const level = isAckedOnReceipt ? LEVEL_RECEIVED : stream.ackLevel;
    this.#body.overBytes(bytes);
    intake.counters.add(RECEIVED_LIBRARY, 1);
    const result = intake.submit(
      stream,
      isAckedOnReceipt ? null : reply,
      level,
      this.#body,
      bytes.length,
      CODEC_JSON,
      key,
      key.length,
    );
    this.#body.clear();
    if (result !== TAKEN) {
      reply.refuse(result, intake.refusalDetail, intake.refusalLane?.partition);
    } else if (isAckedOnReceipt) {
      const { partition } = stream.router;
      intake.counters.add(ACKED_RECEIVED, 1);
      reply.received(partition, intake.lanes[partition]?.link.status.epoch ?? 0);
    }
    return reply.promise;
  }

  #checked(
    streamName: string,
    value: unknown,
    options: IngestOptions,
  ): { intake: Intake; stream: StreamIntake; bytes: Buffer; key: Buffer } {
    const intake = this.#intake;
    const stream = intake.streams.get(streamName);
    if (stream === undefined) throw new MokaError('ERR_STREAM_UNKNOWN', `stream=${streamName} unknown`);
    const bytes = encoded(value);
    const { maxEventBytes } = intake.limits;
    if (bytes.length > maxEventBytes) {
      throw new MokaError('ERR_EVENT_TOO_LARGE', `event bytes=${bytes.length} max=${maxEventBytes}`);
    }
    const key = keyOf(options.idempotencyKey);
    const refusal = intake.admission.boxRefusal();
    if (refusal !== 0) {
      const { code } = intake.describe(refusal, '', null);
      throw new MokaError(code, ERRORS[code].title);
    }
    return { intake, stream, bytes, key };
  }
}

/** As HTTP takes it. JavaScript may give anything. @throws MokaError ERR_IDENTITY_INVALID */
function keyOf(given: unknown): Buffer {
  if (given === undefined) return NO_KEY;
  if (typeof given === 'string' && given !== '' && given.length <= MAX_IDEMPOTENCY_KEY_BYTES && isPrintable(given)) {
    return Buffer.from(given, 'latin1');
  }
  const what = typeof given === 'string' ? JSON.stringify(given.slice(0, MAX_ECHO_CHARACTERS)) : typeof given;
  throw new MokaError(
    'ERR_IDENTITY_INVALID',
    `idempotencyKey=${what}, must be a string of 1 to ${MAX_IDEMPOTENCY_KEY_BYTES} printable ASCII characters`,
  );
}

function encoded(value: unknown): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new MokaError('ERR_EVENT_UNPARSEABLE', 'event cannot be written as JSON', { cause });
  }
  if (text === undefined) throw new MokaError('ERR_EVENT_UNPARSEABLE', 'event is not JSON');
  return Buffer.from(text);
}
