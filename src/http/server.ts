import type { ErrorCode } from '../base/error-catalogue.ts';

/**
 * The HTTP and WebSocket server as the rooms above see it. Owned by the main thread: every call and every callback
 * happens there. The only implementation is `createUwsServer()` in `uws-server.ts`.
 *
 * Call order: routes and WebSockets are registered first, then `listen()` once, `stopAccepting()` when a drain begins,
 * `close()` when the last answer is out.
 */
export interface HttpServer {
  /**
   * Patterns are literal segments, `:name` for one segment and a trailing `/*`. A `get` route answers HEAD too. Unknown
   * paths get 404, known paths with another method 405 with `Allow`, both as problem+json. Whatever the path, a request
   * with a Transfer-Encoding is answered 411, one with two Content-Lengths 400, and its connection closed.
   */
  route(method: HttpMethod, pattern: string, handler: (exchange: Exchange) => void, options?: RouteOptions): void;
  /**
   * The narrow way for the intake's hot path: no exchange object, the native response and request as they are. Whoever
   * takes it refuses a Transfer-Encoding and two Content-Lengths itself.
   */
  rawRoute(method: HttpMethod, pattern: string, handler: (response: RawResponse, request: RawRequest) => void): void;
  websocket<Data>(pattern: string, behaviour: WebSocketBehaviour<Data>): void;
  /**
   * Binds exclusively: two servers cannot share a port. Port 0 picks one.
   * @returns the bound port
   * @throws MokaError ERR_PORT_OCCUPIED
   */
  listen(host: string, port: number): Promise<number>;
  /** No new connections; every answer from now on closes its connection. */
  stopAccepting(): void;
  readonly isDraining: boolean;
  /** Ends every connection at once. */
  close(): void;
}

export type HttpMethod = 'get' | 'post' | 'put' | 'delete' | 'patch';
export type HeaderPair = readonly [name: string, value: string];

export interface RouteOptions {
  /** Request headers (lower case) the handler may ask for; others are not kept. `content-type` is always kept. */
  readonly headers?: readonly string[];
}

/** One request and its answer. Exactly one of `send…`, `problem` or `startStream … end` answers it, at any later time. */
export interface Exchange {
  /** Lower case. */
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** The pattern's i-th `:name`, percent-decoded. A malformed escape, here or in the query, was answered 400 before. */
  param(index: number): string;
  /** A query parameter, decoded; the first one if it is repeated. */
  query(name: string): string | undefined;
  /** All query parameters. */
  readonly queryParameters: URLSearchParams;
  /** A header named in the route's options. An empty header counts as absent. */
  header(name: string): string | undefined;
  /** The client has gone: nothing can be sent any more, and sending is a no-op. */
  readonly isAborted: boolean;
  /** Answered completely, or aborted. */
  readonly isDone: boolean;
  onAborted(callback: () => void): void;
  /**
   * The whole body, or `null` if it was refused already (411 without Content-Length, 413 above `maxBytes`
   * before anything is buffered, 415 with a Content-Encoding) or the client went away. Call in the handler itself.
   */
  readBody(maxBytes: number, done: (body: Buffer | null) => void): void;
  send(status: number, headers: readonly HeaderPair[], body: string | Uint8Array): void;
  sendJson(status: number, value: unknown, headers?: readonly HeaderPair[]): void;
  problem(code: ErrorCode, detail: string, extra?: object, headers?: readonly HeaderPair[]): void;
  startStream(status: number, headers: readonly HeaderPair[]): void;
  /** @returns false when the socket holds bytes back: wait for `onWritable` before writing more. */
  write(chunk: string | Uint8Array): boolean;
  onWritable(callback: () => void): void;
  end(): void;
}

export interface WebSocketBehaviour<Data> {
  /** Longest message; longer ones close the connection (1009 or 1006, the server's own doing). */
  readonly maxPayloadBytes: number;
  /** Bytes a slow reader may leave unread before its connection is closed. */
  readonly maxBufferedBytes?: number;
  readonly idleTimeoutSeconds?: number;
  upgrade(info: UpgradeInfo): UpgradeAccepted<Data> | UpgradeRefused;
  open(socket: Socket<Data>): void;
  /** `bytes` are gone when the callback returns: copy what must stay. */
  message(socket: Socket<Data>, bytes: ArrayBuffer, isBinary: boolean): void;
  close(socket: Socket<Data>, code: number, reason: string): void;
  /** Bytes that were held back have left; `bufferedBytes()` says how many are still there. */
  drain?(socket: Socket<Data>): void;
}

/** What the client asked for; valid in the `upgrade` callback only. */
export interface UpgradeInfo {
  readonly path: string;
  param(index: number): string;
  query(name: string): string | undefined;
  readonly queryParameters: URLSearchParams;
  header(name: string): string | undefined;
  /** Subprotocols in the order offered. */
  readonly protocols: readonly string[];
}

export interface UpgradeAccepted<Data> {
  readonly data: Data;
  /** The chosen subprotocol, one of those offered; `''` for none. */
  readonly protocol: string;
}

export interface UpgradeRefused {
  readonly refuse: ErrorCode;
  readonly detail: string;
  readonly extra?: object;
  readonly headers?: readonly HeaderPair[];
}

export interface Socket<Data> {
  readonly data: Data;
  readonly isClosed: boolean;
  /** @returns false: closed, or just closed because the client reads too slowly. */
  send(message: string | Uint8Array, isBinary: boolean): boolean;
  /** Several sends leave in one system call. */
  cork(callback: () => void): void;
  /** Sends a close frame; `close` is called before this returns. */
  end(code: number, reason: string): void;
  bufferedBytes(): number;
}

/**
 * The native response, for code that keeps these rules itself: `onAborted` before the handler returns; after the abort
 * or `end` not one call more; outside the handler and `onData` only inside `cork`; `onData`'s memory is gone when it returns.
 */
export interface RawResponse {
  onAborted(handler: () => void): unknown;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): unknown;
  cork(callback: () => void): unknown;
  writeStatus(status: string | Uint8Array): unknown;
  writeHeader(name: string | Uint8Array, value: string | Uint8Array): unknown;
  end(body?: string | Uint8Array, closeConnection?: boolean): unknown;
  close(): unknown;
  getRemoteAddressAsText(): ArrayBuffer;
}

/** The native request: memory on the stack, valid in the handler only. */
export interface RawRequest {
  /** `''` if absent. The first one if repeated. */
  getHeader(lowerCaseName: string): string;
  forEach(visit: (name: string, value: string) => void): void;
  getParameter(index: number): string | undefined;
  getUrl(): string;
  getQuery(): string;
}
