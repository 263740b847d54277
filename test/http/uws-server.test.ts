import { afterEach, describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import type { Exchange, HttpServer } from '../../src/http/server.ts';
import { createUwsServer } from '../../src/http/uws-server.ts';
import { head, RawHttpClient, request } from './raw-http-client.ts';

const servers: HttpServer[] = [];

async function serve(register: (server: HttpServer) => void): Promise<number> {
  const server = createUwsServer();
  servers.push(server);
  register(server);
  return server.listen('127.0.0.1', 0);
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function echo(server: HttpServer): void {
  server.route('post', '/echo', (exchange) => {
    exchange.readBody(10, (body) => {
      if (body !== null) exchange.send(200, [['Content-Type', 'text/plain']], body);
    });
  });
}

describe('HttpServer.route', () => {
  it('hands over decoded parameters, query and declared headers', async () => {
    const port = await serve((server) =>
      server.route(
        'get',
        '/v1/views/:view/:key',
        (exchange) =>
          exchange.sendJson(200, {
            params: [exchange.param(0), exchange.param(1)],
            query: exchange.query('after'),
            header: exchange.header('accept') ?? null,
            undeclared: exchange.header('user-agent') ?? null,
          }),
        { headers: ['accept'] },
      ),
    );
    const path = '/v1/views/open%20orders/kiosk-7%2Fo-1?after=0%3A7&after=9';
    const { status, headers, json } = await request(port, 'GET', path, { Accept: 'x/y', 'User-Agent': 'test' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(json).toEqual({ params: ['open orders', 'kiosk-7/o-1'], query: '0:7', header: 'x/y', undeclared: null });
  });

  it('answers 400 to a malformed escape without calling the handler', async () => {
    let calls = 0;
    const port = await serve((server) => server.route('get', '/v/:key', () => calls++));
    for (const path of ['/v/%zz', '/v/%', '/v/%c0%af', '/v/%e2%82']) {
      const { status, json } = await request(port, 'GET', path);
      expect([status, json['code']]).toEqual([400, 'ERR_HTTP_BAD_REQUEST']);
    }
    expect(calls).toBe(0);
  });

  it('answers HEAD like GET without the body', async () => {
    const port = await serve((server) => server.route('get', '/x', (exchange) => exchange.sendJson(200, { a: 1 })));
    const { status, headers, body } = await request(port, 'HEAD', '/x');
    expect([status, headers.get('content-length'), body]).toEqual([200, '7', '']);
  });

  it('answers a MokaError of the handler as a problem', async () => {
    const port = await serve((server) =>
      server.route('get', '/x', () => {
        throw new MokaError('ERR_VIEW_UNKNOWN', 'view=x unknown');
      }),
    );
    const { status, json } = await request(port, 'GET', '/x');
    expect([status, json['code'], json['detail']]).toEqual([404, 'ERR_VIEW_UNKNOWN', 'view=x unknown']);
  });

  it('answers 404 to unknown paths and 405 with Allow to known ones', async () => {
    const port = await serve((server) => {
      server.route('get', '/v/:key', () => {});
      server.route('put', '/v/:key', () => {});
    });
    const missing = await request(port, 'GET', '/nope');
    expect([missing.status, missing.json['code']]).toEqual([404, 'ERR_HTTP_NOT_FOUND']);
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    const wrong = await request(port, 'DELETE', '/v/1');
    expect([wrong.status, wrong.json['code'], wrong.headers.get('allow')]).toEqual([
      405,
      'ERR_HTTP_METHOD',
      'GET, HEAD, PUT',
    ]);
    const options = await request(port, 'OPTIONS', '/v/1');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, PUT']);
  });
});

describe('Exchange.readBody', () => {
  it('gathers a body in pieces', async () => {
    const client = await RawHttpClient.open(await serve(echo));
    client.send(head('POST', '/echo', { 'Content-Length': '10' }));
    for (const piece of ['0123', '456', '789']) {
      client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await client.answer()).body).toBe('0123456789');
    client.close();
  });

  it('takes an empty body and one of exactly the greatest length', async () => {
    const port = await serve(echo);
    expect((await request(port, 'POST', '/echo')).status).toBe(200);
    expect((await request(port, 'POST', '/echo', {}, '0123456789')).body).toBe('0123456789');
  });

  it('refuses with 413 before the body is sent, and closes', async () => {
    const client = await RawHttpClient.open(await serve(echo));
    client.send(head('POST', '/echo', { 'Content-Length': '11' }));
    const { status, json, headers } = await client.answer();
    expect([status, json['code'], headers.get('connection')]).toEqual([413, 'ERR_HTTP_TOO_LARGE', 'close']);
    await client.closed();
  });

  it('refuses chunked bodies and bodies without a length with 411', async () => {
    const port = await serve(echo);
    for (const headers of [{ 'Transfer-Encoding': 'chunked' }, {}]) {
      const client = await RawHttpClient.open(port);
      client.send(head('POST', '/echo', headers as Record<string, string>));
      const { status, json } = await client.answer();
      expect([status, json['code']]).toEqual([411, 'ERR_HTTP_LENGTH_REQUIRED']);
      await client.closed();
    }
  });

  it('refuses an encoded body with 415', async () => {
    const { status, json } = await request(await serve(echo), 'POST', '/echo', { 'Content-Encoding': 'gzip' }, 'x');
    expect([status, json['code']]).toEqual([415, 'ERR_HTTP_MEDIA_TYPE']);
  });
});

describe('Exchange', () => {
  it('answers later, and is silent once the client has gone', async () => {
    const kept: Exchange[] = [];
    let aborts = 0;
    const port = await serve((server) =>
      server.route('get', '/late', (exchange) => {
        exchange.onAborted(() => aborts++);
        kept.push(exchange);
      }),
    );
    const gone = await RawHttpClient.open(port);
    gone.send(head('GET', '/late'));
    while (kept.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    gone.close();
    while (aborts === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(kept[0]?.isAborted).toBe(true);
    kept[0]?.sendJson(200, {});
    const patient = request(port, 'GET', '/late');
    while (kept.length === 1) await new Promise((resolve) => setTimeout(resolve, 1));
    kept[1]?.sendJson(200, { late: true });
    kept[1]?.sendJson(500, {});
    expect((await patient).json).toEqual({ late: true });
  });

  it('streams', async () => {
    const port = await serve((server) =>
      server.route('get', '/sse', (exchange) => {
        exchange.startStream(200, [['Content-Type', 'text/event-stream']]);
        exchange.write('data: 1\n\n');
        setTimeout(() => {
          exchange.write('data: 2\n\n');
          exchange.end();
        }, 5);
      }),
    );
    const client = await RawHttpClient.open(port);
    client.send(head('GET', '/sse'));
    const text = await client.until('data: 2');
    expect(text).toContain('Content-Type: text/event-stream');
    expect(text).toContain('data: 1');
    client.close();
  });

  it('says false when the socket holds bytes back, and tells when it does not', async () => {
    let isWritable = false;
    let isFull = false;
    const port = await serve((server) =>
      server.route('get', '/big', (exchange) => {
        exchange.startStream(200, []);
        exchange.onWritable(() => {
          isWritable = true;
        });
        const chunk = 'x'.repeat(1024 * 1024);
        for (let n = 0; n < 64 && !isFull; n++) isFull = !exchange.write(chunk);
      }),
    );
    const client = await RawHttpClient.open(port);
    client.socket.pause();
    client.send(head('GET', '/big'));
    while (!isFull) await new Promise((resolve) => setTimeout(resolve, 1));
    client.socket.resume();
    while (!isWritable) await new Promise((resolve) => setTimeout(resolve, 1));
    client.close();
  });
});

describe('HttpServer.listen', () => {
  it('shares its port with nobody', async () => {
    const port = await serve(() => {});
    const second = createUwsServer();
    servers.push(second);
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'ERR_PORT_OCCUPIED' });
  });
});

describe('HttpServer.stopAccepting', () => {
  it('takes no connection and ends the open ones with their next answer', async () => {
    const port = await serve((server) => server.route('get', '/x', (exchange) => exchange.sendJson(200, {})));
    const client = await RawHttpClient.open(port);
    client.send(head('GET', '/x'));
    expect((await client.answer()).headers.get('connection')).toBeUndefined();
    servers[0]?.stopAccepting();
    client.send(head('GET', '/x'));
    expect((await client.answer()).headers.get('connection')).toBe('close');
    await client.closed();
    await expect(RawHttpClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
