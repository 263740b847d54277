import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';

/**
 * Opens a WebSocket and writes one frame over and over, as fast as it can and reading nothing; on a line on its stdin it
 * stops, reads what has come, and prints the bytes in hex once the server has closed.
 */
const SCRIPT = `
  const [port, path, protocol, frame, first] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), '127.0.0.1');
  const one = Buffer.from(frame, 'hex');
  const many = Buffer.concat(new Array(Math.ceil(65536 / one.length)).fill(one));
  let isFlooding = true;
  const received = [];
  const flood = () => {
    while (isFlooding && socket.write(many));
    if (isFlooding) socket.once('drain', flood);
  };
  socket.write(
    'GET ' + path + ' HTTP/1.1\\r\\nHost: moka.test\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
      'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n' +
      'Sec-WebSocket-Protocol: ' + protocol + '\\r\\n\\r\\n',
  );
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.pause();
    socket.on('data', (chunk) => received.push(chunk));
    socket.pause();
    socket.write(Buffer.from(first, 'hex'));
    console.log('flooding');
    flood();
  });
  process.stdin.once('data', () => {
    isFlooding = false;
    socket.resume();
  });
  socket.once('close', () => {
    console.log(Buffer.concat(received).toString('hex'));
    process.exit();
  });
`;

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A client in a process of its own that does nothing but send the same frame. */
export class Flood {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param first what comes before the frames, once */
  static async start(
    port: number,
    path: string,
    protocol: string,
    frame: Uint8Array,
    first: Uint8Array = new Uint8Array(0),
  ): Promise<Flood> {
    const bytes = [frame, first].map((each) => Buffer.from(each).toString('hex'));
    const child = spawn(process.execPath, ['-e', SCRIPT, String(port), path, protocol, ...bytes], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return new Flood(child);
  }

  /** Stops sending. @returns all that the server had sent when it closed */
  async stop(): Promise<Buffer> {
    const line = once(this.#child.stdout as NodeJS.ReadableStream, 'data');
    this.#child.stdin?.write('stop\n');
    const [hex] = (await line) as [Buffer];
    return Buffer.from(hex.toString().trim(), 'hex');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
