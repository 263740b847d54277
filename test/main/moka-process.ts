import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The built command: `npm test` builds before it runs. */
export const MOKA = fileURLToPath(new URL('../../dist/moka.cjs', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function moka(args: readonly string[], env: Record<string, string> = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MOKA, ...args], {
    env: { ...withoutOurs(process.env), ...env },
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

/** The same while this process goes on. */
export async function startMoka(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [MOKA, ...args], {
    env: { ...withoutOurs(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}

/** A running `moka serve --json`. */
export class ServedEngine {
  readonly child: ChildProcess;
  stderr = '';
  readonly #exit: Promise<[number | null, NodeJS.Signals | null]>;
  readonly #ready: Promise<{ url: string; adminUrl: string; pid: number }>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MOKA, 'serve', '--json', ...args], {
      env: withoutOurs(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exit = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    const line = once(createInterface({ input: this.child.stdout as NodeJS.ReadableStream }), 'line');
    this.#ready = line.then(([text]) => JSON.parse(text as string));
  }

  /** @throws what the process wrote to stderr if it ends before it is ready */
  ready(): Promise<{ url: string; adminUrl: string; pid: number }> {
    const ended = this.#exit.then(([code]) => {
      throw new Error(`ended with ${code}: ${this.stderr}`);
    });
    return Promise.race([this.#ready, ended]);
  }

  exit(): Promise<[number | null, NodeJS.Signals | null]> {
    return this.#exit;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
  }
}

/** A developer's own settings have no say in a test. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('MOKA_') && name !== 'UV_THREADPOOL_SIZE'),
  );
}
