import { MokaError } from '../base/errors.ts';
import { framingFault } from './framing.ts';
import { handshakeFault } from './handshake.ts';
import { isOriginAllowed } from './origin.ts';
import { parameterCount, RouteTable } from './route-table.ts';
import type {
  Exchange,
  HttpMethod,
  HttpServer,
  RawRequest,
  RawResponse,
  RouteOptions,
  UpgradeInfo,
  WebSocketBehaviour,
} from './server.ts';
import {
  type HttpRequest,
  type HttpResponse,
  loadUws,
  type TemplatedApp,
  type Uws,
  type us_listen_socket,
} from './uws.ts';
import { UwsExchange } from './uws-exchange.ts';
import { type SocketHolder, UwsSocket } from './uws-socket.ts';

export interface UwsServerOptions {
  /** Origins (`https://shop.example`) that may open WebSockets besides pages this very server delivered. */
  readonly allowedOrigins?: readonly string[];
}

/** Headers that every exchange keeps: those that decide about its body. */
const BODY_HEADERS = ['content-type', 'content-length', 'content-encoding'];

const DEFAULT_MAX_BUFFERED_BYTES = 1024 * 1024;
const DEFAULT_IDLE_TIMEOUT_SECONDS = 120;

/** @throws MokaError ERR_NATIVE_MISSING */
export function createUwsServer(options: UwsServerOptions = {}): HttpServer {
  return new UwsServer(loadUws(), options);
}

class UwsServer implements HttpServer {
  isDraining = false;
  readonly #uws: Uws;
  readonly #app: TemplatedApp;
  readonly #routes = new RouteTable();
  readonly #allowedOrigins: readonly string[];
  #listenSocket: us_listen_socket | null = null;

  constructor(uws: Uws, options: UwsServerOptions) {
    this.#uws = uws;
    this.#app = uws.App();
    this.#allowedOrigins = options.allowedOrigins ?? [];
    this.#app.any('/*', (response, request) => this.#answerUnrouted(response, request));
  }

  route(method: HttpMethod, pattern: string, handler: (exchange: Exchange) => void, options: RouteOptions = {}): void {
    this.#routes.add(method, pattern);
    const count = parameterCount(pattern);
    const headers = [...BODY_HEADERS, ...(options.headers ?? [])];
    const handle = (response: HttpResponse, request: HttpRequest): void => {
      const parameters = decodedParameters(request, count);
      const exchange = new UwsExchange(this, response, request, parameters ?? [], headers);
      const fault = framingFault(request);
      if (fault !== null) exchange.refuseBody(fault.code, fault.detail);
      else if (parameters === null) exchange.problem('ERR_HTTP_BAD_REQUEST', 'path has a malformed percent-escape');
      else if (!exchange.hasGoodQuery) exchange.problem('ERR_HTTP_BAD_REQUEST', 'query has a malformed percent-escape');
      else run(exchange, handler);
    };
    this.#native(method, pattern, handle);
    if (method === 'get') this.#app.head(pattern, handle);
  }

  rawRoute(method: HttpMethod, pattern: string, handler: (response: RawResponse, request: RawRequest) => void): void {
    this.#routes.add(method, pattern);
    this.#native(method, pattern, handler);
  }

  websocket<Data>(pattern: string, behaviour: WebSocketBehaviour<Data>): void {
    this.#routes.addWebSocket(pattern);
    const count = parameterCount(pattern);
    this.#app.ws<SocketHolder<Data>>(pattern, {
      compression: this.#uws.DISABLED,
      maxPayloadLength: behaviour.maxPayloadBytes,
      maxBackpressure: behaviour.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: behaviour.idleTimeoutSeconds ?? DEFAULT_IDLE_TIMEOUT_SECONDS,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => {
        const socket = this.#accepted(behaviour, response, request, count);
        if (socket === null) return;
        const key = request.getHeader('sec-websocket-key');
        response.upgrade({ socket: socket.holder }, key, socket.protocol, '', context);
      },
      open: (native) => {
        const { socket } = native.getUserData();
        socket.attach(native);
        behaviour.open(socket);
      },
      message: (native, message, isBinary) => behaviour.message(native.getUserData().socket, message, isBinary),
      ping: (native) => native.getUserData().socket.countControl(),
      pong: (native) => native.getUserData().socket.countControl(),
      drain: (native) => behaviour.drain?.(native.getUserData().socket),
      close: (native, code, reason) => {
        const { socket } = native.getUserData();
        socket.isClosed = true;
        behaviour.close(socket, code, Buffer.from(reason).toString('utf8'));
      },
    });
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (token) => {
        if (token === false) {
          reject(new MokaError('ERR_PORT_OCCUPIED', `address cannot be bound: host=${host} port=${port}`));
          return;
        }
        this.#listenSocket = token;
        resolve(this.#uws.us_socket_local_port(token));
      });
    });
  }

  stopAccepting(): void {
    this.isDraining = true;
    if (this.#listenSocket !== null) this.#uws.us_listen_socket_close(this.#listenSocket);
    this.#listenSocket = null;
  }

  close(): void {
    this.stopAccepting();
    this.#app.close();
  }

  #native(method: HttpMethod, pattern: string, handle: (response: HttpResponse, request: HttpRequest) => void): void {
    if (method === 'delete') this.#app.del(pattern, handle);
    else this.#app[method](pattern, handle);
  }

  #accepted<Data>(
    behaviour: WebSocketBehaviour<Data>,
    response: HttpResponse,
    request: HttpRequest,
    count: number,
  ): { holder: UwsSocket<Data>; protocol: string } | null {
    const parameters = decodedParameters(request, count);
    const exchange = new UwsExchange(this, response, request, parameters ?? [], []);
    const framing = framingFault(request);
    const handshake = handshakeFault(request);
    if (framing !== null) {
      exchange.refuseBody(framing.code, framing.detail);
    } else if (parameters === null) {
      exchange.problem('ERR_HTTP_BAD_REQUEST', 'path has a malformed percent-escape');
    } else if (!exchange.hasGoodQuery) {
      exchange.problem('ERR_HTTP_BAD_REQUEST', 'query has a malformed percent-escape');
    } else if (handshake !== null) {
      exchange.problem(handshake.code, handshake.detail, {}, handshake.headers);
    } else if (!isOriginAllowed(request.getHeader('origin'), request.getHeader('host'), this.#allowedOrigins)) {
      exchange.problem('ERR_HTTP_FORBIDDEN_ORIGIN', 'this page may not open a WebSocket here');
    } else if (this.isDraining) {
      exchange.problem('ERR_DRAINING', 'no new connections while shutting down');
    } else {
      const answer = behaviour.upgrade(new UwsUpgradeInfo(exchange, request));
      if ('refuse' in answer) exchange.problem(answer.refuse, answer.detail, answer.extra, answer.headers);
      else return { holder: new UwsSocket(answer.data), protocol: answer.protocol };
    }
    return null;
  }

  #answerUnrouted(response: HttpResponse, request: HttpRequest): void {
    const exchange = new UwsExchange(this, response, request, [], []);
    const methods = this.#routes.methodsOf(exchange.path);
    const allow = ['Allow', methods.join(', ')] as const;
    const framing = framingFault(request);
    if (framing !== null) {
      exchange.refuseBody(framing.code, framing.detail);
    } else if (methods.length === 0) {
      exchange.problem('ERR_HTTP_NOT_FOUND', 'no such path');
    } else if (exchange.method === 'options') {
      exchange.send(204, [allow], '');
    } else if (exchange.method === 'get' && this.#routes.isWebSocket(exchange.path)) {
      // A good handshake has been taken by the path's own route.
      const fault = handshakeFault(request);
      if (fault !== null) exchange.problem(fault.code, fault.detail, {}, fault.headers);
      else exchange.problem('ERR_HTTP_NOT_FOUND', 'no such path');
    } else {
      exchange.problem('ERR_HTTP_METHOD', `method must be one of: ${methods.join(', ')}`, {}, [allow]);
    }
  }
}

class UwsUpgradeInfo implements UpgradeInfo {
  readonly path: string;
  readonly protocols: readonly string[];
  readonly #exchange: UwsExchange;
  readonly #request: HttpRequest;

  constructor(exchange: UwsExchange, request: HttpRequest) {
    this.path = exchange.path;
    this.#exchange = exchange;
    this.#request = request;
    const offered = request.getHeader('sec-websocket-protocol');
    this.protocols = offered === '' ? [] : offered.split(',').map((name) => name.trim());
  }

  param(index: number): string {
    return this.#exchange.param(index);
  }

  query(name: string): string | undefined {
    return this.#exchange.query(name);
  }

  get queryParameters(): URLSearchParams {
    return this.#exchange.queryParameters;
  }

  header(name: string): string | undefined {
    const value = this.#request.getHeader(name);
    return value === '' ? undefined : value;
  }
}

/** Anything but a MokaError is a bug and ends the process; a MokaError is the answer. */
function run(exchange: UwsExchange, handler: (exchange: Exchange) => void): void {
  try {
    handler(exchange);
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    exchange.problem(error.code, error.message);
  }
}

function decodedParameters(request: HttpRequest, count: number): string[] | null {
  const parameters: string[] = [];
  for (let index = 0; index < count; index++) {
    const value = request.getParameter(index) ?? '';
    try {
      parameters.push(decodeURIComponent(value));
    } catch {
      return null;
    }
  }
  return parameters;
}
