import { readBinaryMessage, readTextMessage, type ServerMessage } from '../load/server-message.ts';
import { type WebSocketClient, WebSocketConnection } from '../load/websocket-connection.ts';
import { binaryFrame, EVENT_CODEC_JSON, EVENT_CODEC_RECORD, textFrame } from './event-frame.ts';
import type { SentEvent } from './ledger.ts';
import { draftEvent, encodeJson, type Producer, type ProducerContext, type Target } from './producer.ts';

const WINDOW_FRAMES = 6;
const FRAME_EVENTS_MAX = 40;

export interface WebSocketProducerOptions {
  protocol: 'json' | 'binary';
  /** By producer name and sequence, or by an id that a frame keeps when it is sent again (text frames only). */
  identity: 'sequence' | 'frame-id';
  /** After a restart believes the server's word on how far it came, as a client without a memory of its own must. */
  trustsHello: boolean;
}

/** A frame stays until it and all frames before it are answered: sequences are sent again without holes. */
interface PendingFrame {
  isAcked: boolean;
  /** Null: the producer's sequence identifies the events. */
  id: string | null;
  /** Of its first event; -1 without a producer. */
  sequence: number;
  events: SentEvent[];
}

/** Frames of a few orders, several on the way at a time; acks come in any order. Frame numbers start again with every connection. */
export class WebSocketProducer implements Producer, WebSocketClient {
  readonly name: string;
  readonly #index: number;
  readonly #options: WebSocketProducerOptions;
  readonly #context: ProducerContext;
  #connection: WebSocketConnection | null = null;
  /** In the order they were first sent; the first one is not answered yet. */
  #pending: PendingFrame[] = [];
  readonly #inFlight = new Map<number, PendingFrame>();
  #nextFrame = 1;
  #nextSequence = 0;
  #ackedThrough = -1;
  /** Since this connection was opened. */
  #limitEvents = 0;
  #sentEvents = 0;

  constructor(index: number, options: WebSocketProducerOptions, context: ProducerContext) {
    this.name = `ws-${index}-${options.protocol}-${options.identity}${options.trustsHello ? '-trusting' : ''}`;
    this.#index = index;
    this.#options = options;
    this.#context = context;
  }

  get #hasSequence(): boolean {
    return this.#options.identity === 'sequence';
  }

  get #isRecord(): boolean {
    return this.#options.protocol === 'binary' && this.#context.scenario.hasRecordCodec;
  }

  start(target: Target): void {
    const producer = this.#hasSequence ? `?producer=${this.name}` : '';
    const path = `/v1/streams/${this.#context.scenario.streamOf(this.#index)}/ws${producer}`;
    const protocol = this.#options.protocol === 'json' ? 'moka.json.v1' : 'moka.bin.v1';
    this.#inFlight.clear();
    this.#nextFrame = 1;
    this.#sentEvents = 0;
    this.#limitEvents = 0;
    this.#connection = new WebSocketConnection(this.#index, { ...target, path, protocol }, this);
  }

  stop(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  onMessage(connection: WebSocketConnection, isBinary: boolean, payload: Buffer): void {
    if (connection !== this.#connection) return;
    const message = isBinary ? readBinaryMessage(payload) : readTextMessage(payload);
    if (message.limitEvents >= 0) this.#limitEvents = message.limitEvents;
    if (message.type === 'hello') this.#onHello(message);
    else if (message.type === 'ack') this.#onAck(message);
    else if (message.type === 'error' && !message.detail.includes('ERR_DRAINING')) this.#complain(message.detail);
    this.#fill();
  }

  onClosed(connection: WebSocketConnection, reason: string): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    if (/code=1(?!006)/.test(reason) && !/code=1001|code=1012/.test(reason)) this.#complain(reason);
  }

  #onHello(message: ServerMessage): void {
    if (this.#hasSequence && message.lastSequence < this.#ackedThrough) {
      this.#complain(`hello lastSequence=${message.lastSequence} acked through=${this.#ackedThrough}`);
    }
    if (this.#options.trustsHello) this.#forgetThrough(message.lastSequence);
    for (const frame of this.#pending) this.#send(frame);
  }

  /** The server says it has everything up to here: what a client then drops must be as safe as what was acked. */
  #forgetThrough(sequence: number): void {
    const kept: PendingFrame[] = [];
    for (const frame of this.#pending) {
      const known = frame.events.filter((_, index) => frame.sequence + index <= sequence);
      for (const event of known) this.#context.ledger.acked(event, -1, -1);
      const events = frame.events.slice(known.length);
      if (events.length > 0)
        kept.push({ isAcked: frame.isAcked, id: frame.id, sequence: frame.sequence + known.length, events });
    }
    this.#pending = kept;
  }

  #onAck(message: ServerMessage): void {
    const frame = this.#inFlight.get(message.frame);
    if (frame === undefined) {
      this.#complain(`ack of unknown frame=${message.frame}`);
      return;
    }
    this.#inFlight.delete(message.frame);
    const { accepted, duplicate, rejected } = message;
    if (rejected > 0 || accepted + duplicate !== frame.events.length) {
      this.#complain(
        `frame events=${frame.events.length} accepted=${accepted} duplicate=${duplicate} ${message.detail}`,
      );
    }
    for (const event of frame.events) this.#context.ledger.acked(event, -1, -1);
    frame.isAcked = true;
    while (this.#pending[0]?.isAcked) {
      const { sequence, events } = this.#pending.shift() as PendingFrame;
      if (sequence >= 0) this.#ackedThrough = sequence + events.length - 1;
    }
  }

  #fill(): void {
    while (this.#mayDraft) {
      const frame = this.#draft();
      this.#pending.push(frame);
      this.#send(frame);
    }
  }

  get #mayDraft(): boolean {
    const isInCredit = this.#sentEvents + FRAME_EVENTS_MAX <= this.#limitEvents;
    return this.#connection !== null && this.#inFlight.size < WINDOW_FRAMES && isInCredit;
  }

  #draft(): PendingFrame {
    const { random, scenario } = this.#context;
    const encode = this.#isRecord ? (value: Record<string, unknown>) => scenario.pack(value) : encodeJson;
    const events: SentEvent[] = [];
    for (let count = random.between(1, FRAME_EVENTS_MAX + 1); count > 0; count--) {
      events.push(draftEvent(this.#context, this.name, this.#index, encode));
    }
    const sequence = this.#nextSequence;
    this.#nextSequence += events.length;
    return this.#hasSequence
      ? { isAcked: false, id: null, sequence, events }
      : { isAcked: false, id: `${this.name}-${sequence}`, sequence: -1, events };
  }

  #send(frame: PendingFrame): void {
    const contents = frame.events.map((event) => event.content);
    const number = this.#nextFrame;
    this.#nextFrame++;
    this.#inFlight.set(number, frame);
    this.#sentEvents += contents.length;
    const codec = this.#isRecord ? EVENT_CODEC_RECORD : EVENT_CODEC_JSON;
    const bytes =
      this.#options.protocol === 'json'
        ? textFrame(number, frame.sequence, frame.id, contents)
        : binaryFrame(number, frame.sequence, codec, contents);
    this.#connection?.send(bytes);
  }

  #complain(detail: string): void {
    this.#context.violation({ kind: 'answer', detail: `${this.name} ${detail}` });
  }
}
