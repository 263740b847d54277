import { type HttpClient, HttpConnection } from '../load/http-connection.ts';
import type { ResponseParser } from '../load/http-response.ts';
import type { SentEvent } from './ledger.ts';
import { draftEvent, encodeJson, type Producer, type ProducerContext, type Target } from './producer.ts';

const REFUSED_WAIT_MS = 20;

/** One order per request, one request at a time: the next is sent when the last one was answered. */
export class HttpProducer implements Producer, HttpClient {
  readonly name: string;
  readonly #index: number;
  readonly #context: ProducerContext;
  #connection: HttpConnection | null = null;
  #target: Target | null = null;
  #unanswered: SentEvent | null = null;

  constructor(index: number, context: ProducerContext) {
    this.name = `http-${index}`;
    this.#index = index;
    this.#context = context;
  }

  start(target: Target): void {
    this.#target = target;
    this.#connection = new HttpConnection(this.#index, target.host, target.port, this, () => this.#send());
  }

  stop(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  onResponse(connection: HttpConnection, response: ResponseParser, bytes: Buffer): void {
    const event = this.#unanswered;
    if (event === null || connection !== this.#connection) return;
    const body = bytes.toString('utf8', response.bodyStart, response.bodyEnd);
    const { status } = response;
    if (status === 429 || status === 503 || status === 507 || status === 504) {
      setTimeout(() => this.#send(), REFUSED_WAIT_MS);
      return;
    }
    if (status < 200 || status > 299) {
      this.#context.violation({
        kind: 'answer',
        detail: `${this.name} event=${event.number} status=${status} ${body}`,
      });
    } else {
      const answer = JSON.parse(body) as { partition: number; offset: number; level: string };
      if (answer.level !== 'durable') {
        this.#context.violation({ kind: 'answer', detail: `${this.name} event=${event.number} level=${answer.level}` });
      }
      this.#context.ledger.acked(event, answer.partition, answer.offset);
    }
    this.#unanswered = null;
    this.#send();
  }

  onClosed(connection: HttpConnection): void {
    if (connection === this.#connection) this.#connection = null;
  }

  #send(): void {
    const { scenario } = this.#context;
    const connection = this.#connection;
    if (connection === null || connection.isBusy) return;
    this.#unanswered ??= draftEvent(this.#context, this.name, this.#index, encodeJson);
    const event = this.#unanswered;
    const headers = scenario.hasNaturalIdentity(event.value) ? '' : `Idempotency-Key: "event-${event.number}"\r\n`;
    connection.send(postRequest(this.#target as Target, event.stream, headers, event.content), performance.now());
  }
}

export function postRequest(target: Target, stream: string, headers: string, content: string): Buffer {
  return Buffer.from(
    `POST /v1/streams/${stream} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\n` +
      `Content-Type: application/json\r\n${headers}Content-Length: ${content.length}\r\n\r\n${content}`,
    'latin1',
  );
}
