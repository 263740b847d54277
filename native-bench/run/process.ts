import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The line a server prints when it takes orders. */
export interface Ready {
  event: 'ready';
  url: string;
  adminUrl: string;
  pid: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that says when it is ready. Its standard error is kept, the last part of it, for a report. */
export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  hasExited = false;
  readonly #child: ChildProcess;
  #errors = '';
  #ready: Ready | null = null;

  constructor(args: readonly string[], environment: Record<string, string>) {
    const env = { ...process.env, ...environment };
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.#child.pid as number;
    this.exited = once(this.#child, 'exit').then(([code, signal]) => {
      this.hasExited = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-ERROR_TEXT_MAX);
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#onLine(line));
  }

  get ready(): Ready | null {
    return this.#ready;
  }

  /** What the process wrote to its standard error last. */
  get errors(): string {
    return this.#errors.trim();
  }

  /** Waits for the ready line. @throws when the process ends first, or does not say it in time. */
  async whenReady(timeoutMs: number): Promise<Ready> {
    const until = performance.now() + timeoutMs;
    while (this.#ready === null) {
      if (this.hasExited) {
        const { code, signal } = await this.exited;
        throw new Error(`server ended before it was ready: code=${code} signal=${signal}\n${this.errors}`);
      }
      if (performance.now() > until) throw new Error(`server not ready after ms=${timeoutMs}\n${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
    return this.#ready;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasExited) this.#child.kill(signal);
  }

  /** SIGTERM and wait; SIGKILL when that takes too long. */
  async stop(timeoutMs = 15_000): Promise<Exit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  #onLine(line: string): void {
    try {
      const message = JSON.parse(line) as Partial<Ready>;
      if (message.event === 'ready') this.#ready = message as Ready;
    } catch {
      this.#errors = `${this.#errors}${line}\n`.slice(-ERROR_TEXT_MAX);
    }
  }
}

const ERROR_TEXT_MAX = 4000;
const READY_POLL_MS = 1;
