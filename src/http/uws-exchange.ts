import type { ErrorCode } from '../base/error-catalogue.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import { answerLast } from './last-answer.ts';
import { PROBLEM_CONTENT_TYPE, problemOf } from './problem.ts';
import type { Exchange, HeaderPair } from './server.ts';
import { statusLine } from './status.ts';
import type { HttpRequest, HttpResponse } from './uws.ts';

const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** What an exchange must know of its server. */
export interface ExchangeHost {
  readonly isDraining: boolean;
}

/**
 * The safe exchange over one native request: everything of the request is read before the handler can return, an abort
 * handler always stands, every write is corked, and whatever comes after the end is a no-op.
 */
export class UwsExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly #host: ExchangeHost;
  readonly #response: HttpResponse;
  readonly #queryText: string;
  readonly #headers: Map<string, string>;
  readonly #parameters: readonly string[];
  readonly #isHead: boolean;
  #query: URLSearchParams | undefined;
  #isAborted = false;
  #isEnded = false;
  #mustClose = false;
  #abortCallbacks: (() => void)[] | undefined;

  constructor(
    host: ExchangeHost,
    response: HttpResponse,
    request: HttpRequest,
    parameters: readonly string[],
    headerNames: readonly string[],
  ) {
    this.#host = host;
    this.#response = response;
    this.method = request.getMethod();
    this.path = request.getUrl();
    this.#isHead = this.method === 'head';
    this.#queryText = request.getQuery() ?? '';
    this.#parameters = parameters;
    this.#headers = new Map();
    for (const name of headerNames) {
      const value = request.getHeader(name);
      if (value !== '') this.#headers.set(name, value);
    }
    response.onAborted(() => {
      this.#isAborted = true;
      for (const callback of this.#abortCallbacks ?? []) callback();
    });
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get isDone(): boolean {
    return this.#isAborted || this.#isEnded;
  }

  get queryParameters(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#queryText);
    return this.#query;
  }

  /** Every escape of the query stands for a byte; `URLSearchParams` would take others as they are. */
  get hasGoodQuery(): boolean {
    return !BAD_ESCAPE.test(this.#queryText);
  }

  param(index: number): string {
    return this.#parameters[index] ?? '';
  }

  query(name: string): string | undefined {
    return this.queryParameters.get(name) ?? undefined;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  onAborted(callback: () => void): void {
    this.#abortCallbacks ??= [];
    this.#abortCallbacks.push(callback);
  }

  readBody(maxBytes: number, done: (body: Buffer | null) => void): void {
    const length = this.#acceptedBodyLength(maxBytes);
    if (length < 0) {
      done(null);
      return;
    }
    const body = Buffer.allocUnsafe(length);
    let received = 0;
    this.onAborted(() => done(null));
    this.#response.onData((chunk, isLast) => {
      if (this.isDone) return;
      body.set(new Uint8Array(chunk), received);
      received += chunk.byteLength;
      if (isLast) done(body.subarray(0, received));
    });
  }

  send(status: number, headers: readonly HeaderPair[], body: string | Uint8Array): void {
    if (this.isDone) return;
    this.#isEnded = true;
    if (this.#mustClose) {
      answerLast(this, () => this.#sendNow(status, headers, body));
    } else {
      this.#sendNow(status, headers, body);
    }
  }

  #sendNow(status: number, headers: readonly HeaderPair[], body: string | Uint8Array): void {
    const response = this.#response;
    response.cork(() => {
      this.#writeHead(status, headers);
      if (this.#isHead) this.#endHead(Buffer.byteLength(body));
      else response.end(body, this.#closesConnection());
    });
  }

  /**
   * `endWithoutBody(length)` would leave the response pending, so that the connection's next request counted as pipelined
   * and was closed: it is for connections that end here anyway.
   */
  #endHead(length: number): void {
    const response = this.#response;
    if (this.#closesConnection()) {
      response.endWithoutBody(length, true);
    } else {
      response.writeHeader('Content-Length', String(length));
      response.endWithoutBody();
    }
  }

  sendJson(status: number, value: unknown, headers: readonly HeaderPair[] = []): void {
    this.send(status, [['Content-Type', 'application/json'], ...headers], JSON.stringify(value));
  }

  problem(code: ErrorCode, detail: string, extra?: object, headers: readonly HeaderPair[] = []): void {
    const body = JSON.stringify(problemOf(code, detail, extra));
    this.send(ERRORS[code].status, [['Content-Type', PROBLEM_CONTENT_TYPE], ...headers], body);
  }

  startStream(status: number, headers: readonly HeaderPair[]): void {
    if (this.isDone) return;
    this.#response.cork(() => this.#writeHead(status, headers));
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.isDone || this.#isHead) return true;
    let isDrained = true;
    this.#response.cork(() => {
      isDrained = this.#response.write(chunk);
    });
    return isDrained;
  }

  onWritable(callback: () => void): void {
    if (this.isDone) return;
    this.#response.onWritable(() => {
      callback();
      return true;
    });
  }

  end(): void {
    if (this.isDone) return;
    this.#isEnded = true;
    this.#response.cork(() => this.#response.end(undefined, this.#closesConnection()));
  }

  /** Refuses with the connection closed: the body that follows is never read. */
  refuseBody(code: ErrorCode, detail: string): void {
    this.#mustClose = true;
    this.problem(code, detail);
  }

  #acceptedBodyLength(maxBytes: number): number {
    const length = this.header('content-length');
    if (length === undefined) {
      this.refuseBody('ERR_HTTP_LENGTH_REQUIRED', 'body needs a Content-Length');
    } else if (this.header('content-encoding') !== undefined) {
      this.refuseBody('ERR_HTTP_MEDIA_TYPE', 'body must not have a Content-Encoding');
    } else if (!/^[0-9]{1,15}$/.test(length)) {
      this.refuseBody('ERR_HTTP_BAD_REQUEST', 'Content-Length is not a number');
    } else if (Number(length) > maxBytes) {
      this.refuseBody('ERR_HTTP_TOO_LARGE', `body too large: bytes=${length} max=${maxBytes}`);
    } else {
      return Number(length);
    }
    return -1;
  }

  #writeHead(status: number, headers: readonly HeaderPair[]): void {
    this.#response.writeStatus(statusLine(status));
    for (const [name, value] of headers) this.#response.writeHeader(name, value);
  }

  #closesConnection(): boolean {
    return this.#mustClose || this.#host.isDraining;
  }
}
