import { ControlBudget } from './control-budget.ts';
import type { Socket } from './server.ts';
import type { WebSocket } from './uws.ts';

const DROPPED = 2;
const CLOSE_POLICY = 1008;

/** The safe socket over a native one: after the close everything is a no-op, and a message is never dropped silently. */
export class UwsSocket<Data> implements Socket<Data> {
  readonly data: Data;
  isClosed = false;
  readonly #control = new ControlBudget(performance.now());
  #native: WebSocket<SocketHolder<Data>> | undefined;

  constructor(data: Data) {
    this.data = data;
  }

  attach(native: WebSocket<SocketHolder<Data>>): void {
    this.#native = native;
  }

  send(message: string | Uint8Array, isBinary: boolean): boolean {
    if (this.isClosed || this.#native === undefined) return false;
    // closeOnBackpressureLimit has closed the socket when a message was dropped
    return this.#native.send(message, isBinary, false) !== DROPPED;
  }

  cork(callback: () => void): void {
    if (this.isClosed || this.#native === undefined) return;
    this.#native.cork(callback);
  }

  end(code: number, reason: string): void {
    if (this.isClosed || this.#native === undefined) return;
    this.#native.end(code, reason);
  }

  /** A ping or a pong has come, and a ping has been answered. */
  countControl(): void {
    if (!this.#control.take(performance.now())) this.end(CLOSE_POLICY, 'too many control frames');
  }

  bufferedBytes(): number {
    if (this.isClosed || this.#native === undefined) return 0;
    return this.#native.getBufferedAmount();
  }
}

/** The user data of a native socket. */
export interface SocketHolder<Data> {
  readonly socket: UwsSocket<Data>;
}
