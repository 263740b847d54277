import type { FrameSource } from './frame-source.ts';
import type { Journal } from './journal.ts';
import type { LoadOptions } from './load-options.ts';
import type { OrderFrame } from './order-frame.ts';
import { pace, Schedule } from './pacer.ts';
import { readBinaryMessage, readTextMessage, type ServerMessage } from './server-message.ts';
import type { Tally } from './tally.ts';
import { type WebSocketClient, WebSocketConnection } from './websocket-connection.ts';

/** A connection and what it may still send. Frame numbers count from 1; acks may come in any order. */
class Channel {
  readonly connection: WebSocketConnection;
  readonly source: FrameSource;
  readonly inFlight = new Map<number, OrderFrame>();
  isReady = false;
  nextFrame = 1;
  nextSequence: number;
  /** Counted since the connection was opened, as the server counts: what it allows, and what was sent. */
  limitEvents = 0;
  limitBytes = 0;
  sentEvents = 0;
  sentBytes = 0;

  constructor(connection: WebSocketConnection, source: FrameSource, hasProducer: boolean) {
    this.connection = connection;
    this.source = source;
    this.nextSequence = hasProducer ? 0 : -1;
  }

  canSend(events: number, bytes: number): boolean {
    return this.sentEvents + events <= this.limitEvents && this.sentBytes + bytes <= this.limitBytes;
  }
}

/**
 * Orders over WebSocket in frames: closed loop (every ack is followed by the next frame at once, within window and
 * credit) or open loop at a fixed rate.
 */
export class WebSocketLoad implements WebSocketClient {
  readonly #options: LoadOptions;
  readonly #tally: Tally;
  readonly #journal: Journal | null;
  readonly #frameBytesMax: number;
  readonly #channels: Channel[] = [];
  #schedule: Schedule | null = null;
  #onReady: () => void = () => {};
  #readyCount = 0;
  #turn = 0;
  #isStarted = false;
  #isStopping = false;

  constructor(
    options: LoadOptions,
    tally: Tally,
    journal: Journal | null,
    sources: FrameSource[],
    frameBytesMax: number,
  ) {
    this.#options = options;
    this.#tally = tally;
    this.#journal = journal;
    this.#frameBytesMax = frameBytesMax;
    const protocol = options.transport === 'ws-json' ? 'moka.json.v1' : 'moka.bin.v1';
    for (let id = 0; id < options.connections; id++) {
      const producer = options.hasProducer ? `?producer=load-${options.firstOrder}-${id}` : '';
      const target = { host: options.host, port: options.port, path: `${options.path}/ws${producer}`, protocol };
      const connection = new WebSocketConnection(id, target, this);
      this.#channels.push(new Channel(connection, sources[id] as FrameSource, options.hasProducer));
    }
  }

  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#onReady = resolve;
    });
  }

  start(): void {
    this.#isStarted = true;
    const rate = this.#options.ratePerSecond;
    if (rate === null) {
      for (const channel of this.#channels) this.#fillWindow(channel);
      return;
    }
    this.#schedule = new Schedule(rate / this.#options.frameEvents, performance.now());
    pace(() => this.#pump());
  }

  stop(): void {
    this.#isStopping = true;
  }

  close(): void {
    for (const channel of this.#channels) channel.connection.close();
  }

  onMessage(connection: WebSocketConnection, isBinary: boolean, payload: Buffer): void {
    const message = isBinary ? readBinaryMessage(payload) : readTextMessage(payload);
    const channel = this.#channels[connection.id] as Channel;
    if (message.detail !== '') this.#tally.complain(message.detail);
    if (message.type === 'ack') this.#onAck(channel, message);
    if (message.limitEvents >= 0) {
      channel.limitEvents = message.limitEvents;
      channel.limitBytes = message.limitBytes;
    }
    if (message.type === 'hello') this.#onHello(channel);
    if (this.#isStarted && this.#schedule === null) this.#fillWindow(channel);
  }

  onClosed(connection: WebSocketConnection, reason: string): void {
    this.#tally.lostConnections++;
    this.#tally.complain(`connection=${connection.id} ${reason}`);
  }

  #onHello(channel: Channel): void {
    if (channel.isReady) return;
    channel.isReady = true;
    this.#readyCount++;
    if (this.#readyCount === this.#channels.length) this.#onReady();
  }

  #onAck(channel: Channel, message: ServerMessage): void {
    const frame = channel.inFlight.get(message.frame);
    if (frame === undefined) {
      this.#tally.complain(`ack of unknown frame=${message.frame}`);
      return;
    }
    channel.inFlight.delete(message.frame);
    this.#tally.duplicates += message.duplicate;
    this.#tally.rejected += message.rejected;
    this.#tally.answered(message.accepted, (performance.now() - frame.sentAt) * 1000);
    if (this.#journal !== null && message.rejected === 0) {
      for (let index = 0; index < frame.eventCount; index++) {
        this.#journal.acked(frame.firstOrder + index, channel.connection.id, -1, -1);
      }
    }
    channel.source.release(frame);
  }

  #fillWindow(channel: Channel): void {
    while (!this.#isStopping && this.#send(channel, performance.now()));
  }

  #pump(): boolean {
    const schedule = this.#schedule as Schedule;
    let due = schedule.due(performance.now());
    let refusals = 0;
    while (due > 0 && refusals < this.#channels.length && !this.#isStopping) {
      const channel = this.#channels[this.#turn % this.#channels.length] as Channel;
      this.#turn++;
      if (this.#send(channel, schedule.nextAt())) {
        schedule.take();
        due--;
        refusals = 0;
      } else {
        refusals++;
      }
    }
    return !this.#isStopping;
  }

  #send(channel: Channel, sentAt: number): boolean {
    if (!channel.canSend(this.#options.frameEvents, this.#frameBytesMax)) return false;
    const frame = channel.source.next(channel.nextFrame, channel.nextSequence);
    if (frame === null) return false;
    channel.inFlight.set(channel.nextFrame, frame);
    channel.nextFrame++;
    if (channel.nextSequence >= 0) channel.nextSequence += frame.eventCount;
    channel.sentEvents += frame.eventCount;
    channel.sentBytes += frame.payloadBytes;
    frame.sentAt = sentAt;
    this.#tally.sent += frame.eventCount;
    this.#tally.payloadBytes += frame.payloadBytes;
    channel.connection.send(frame.bytes);
    return true;
  }
}
