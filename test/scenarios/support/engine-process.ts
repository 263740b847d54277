import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';
import { type RawAnswer, request } from '../../http/raw-http-client.ts';

/** The built command; another build than `dist/` is named by MOKA_TEST_BUILD. */
export const BUILD = process.env['MOKA_TEST_BUILD'] ?? fileURLToPath(new URL('../../../dist', import.meta.url));
export const MOKA = join(BUILD, 'moka.cjs');

/**
 * Small segments are made at once, one worker starts faster than two; what is logged goes to stderr, where a failure
 * shows it.
 */
const TEST_SETTINGS = {
  MOKA_LOG_SEGMENT_BYTES: String(4 * 1024 * 1024),
  MOKA_WORKERS: '1',
  MOKA_LOG_LEVEL: 'error',
};

/** For tests with several partitions, where it matters that they do not take turns. */
export const TWO_WORKERS = { MOKA_WORKERS: '2' };

/** A disk that others use too can hold up a flush, and the end of the process that waits for it, for many seconds. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface EngineOptions {
  readonly data: string;
  readonly topology?: string;
  readonly partitions?: number;
  readonly port?: number;
  readonly env?: Record<string, string>;
  /** User and group to run as, where the tests themselves may do everything. */
  readonly user?: number;
}

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

afterAll(killAll);
process.on('exit', killAll);

/** The real command in its own process, over real sockets and a real disk. */
export class EngineProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  port = 0;
  adminPort = 0;
  hasExited = false;
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #stderr = '';

  /** Launches it and waits for nothing. */
  constructor(options: EngineOptions) {
    const child = spawn(process.execPath, [MOKA, 'serve', '--json', ...argumentsOf(options)], {
      env: { ...withoutOurs(process.env), ...TEST_SETTINGS, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
    running.add(child);
    this.#child = child;
    this.pid = child.pid as number;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.hasExited = true;
      running.delete(child);
      return { code, signal, stderr: this.#stderr };
    });
    const line = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
    this.#ready = line.then(([text]) => {
      const { url, adminUrl } = JSON.parse(text as string) as { url: string; adminUrl: string };
      this.port = Number(new URL(url).port);
      this.adminPort = Number(new URL(adminUrl).port);
    });
  }

  /** Launches it and waits until it takes events. @throws with its stderr when it ends before that */
  static async start(options: EngineOptions): Promise<EngineProcess> {
    const engine = new EngineProcess(options);
    await engine.ready();
    return engine;
  }

  /** Launches it and waits until it ends. @throws when it takes events instead */
  static startInVain(options: EngineOptions): Promise<Exit> {
    const engine = new EngineProcess(options);
    const started = engine.#ready.then(() => {
      throw new Error(`became ready: pid=${engine.pid}`);
    });
    return Promise.race([engine.exited, started]);
  }

  ready(): Promise<void> {
    const ended = this.exited.then(({ code, signal, stderr }) => {
      throw new Error(`ended before it was ready: code=${code} signal=${signal} stderr=${stderr}`);
    });
    return Promise.race([this.#ready, ended]);
  }

  get(path: string): Promise<RawAnswer> {
    return request(this.port, 'GET', path);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<RawAnswer> {
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return request(this.port, 'POST', path, { 'Content-Type': 'application/json', ...headers }, bytes);
  }

  /** Many lines at once. */
  batch(path: string, lines: readonly (string | object)[], headers: Record<string, string> = {}): Promise<RawAnswer> {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    return this.post(`${path}/batch`, text, { 'Content-Type': 'application/x-ndjson', ...headers });
  }

  /** The value of a metric, summed over its labels; NaN if there is none. */
  async metric(name: string): Promise<number> {
    const { body } = await this.get('/metrics');
    const lines = body.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (lines.length === 0) return Number.NaN;
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and waits for the end. */
  stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }
}

function argumentsOf({ data, topology, partitions, port }: EngineOptions): string[] {
  const args = ['--data', data, '--port', String(port ?? 0), '--admin-port', '0'];
  if (topology !== undefined) args.push('--topology', topology);
  if (partitions !== undefined) args.push('--partitions', String(partitions));
  return args;
}

/** A developer's own settings have no say in a test. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('MOKA_') && name !== 'UV_THREADPOOL_SIZE'),
  );
}
