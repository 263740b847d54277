import { closeSync, lstatSync, openSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MokaError } from '../base/errors.ts';
import { explainSystemError } from '../base/system-advice.ts';

const SOCKET_NAME = 'LOCK.sock';
const CLAIM_NAME = 'LOCK.claim';
/** Whoever takes over a dead owner's socket holds the claim for milliseconds; one this old was left by a crash. */
const CLAIM_STALE_MS = 10_000;
const claimsOfThisProcess = new Set<string>();
const CLAIM_ATTEMPTS = 40;
const CLAIM_WAIT_MS = 50;
const ANSWER_TIMEOUT_MS = 2_000;
/** The pid of an owner that does not answer. */
export const UNKNOWN_OWNER = 'unknown';

/** What the owner's socket answers with. */
interface Self {
  answer: string;
}

/** Held while a process uses a data directory. */
export interface DirectoryLock {
  /** From now on whoever asks is told where the owner takes control. */
  announce(adminUrl: string): void;
  release(): void;
}

/** Who holds a data directory, by its own account. */
export interface DirectoryOwner {
  /** `unknown` when it does not answer: it is stopped, or very busy. */
  readonly pid: string;
  /** Null until it listens there. */
  readonly adminUrl: string | null;
}

/**
 * Takes a data directory for this process. The lock is a Unix socket in the directory that the owner listens on: the
 * kernel closes it with the process, however that ends, so a crash leaves nothing to clean up, and whoever comes second
 * can ask who holds it. Node has no flock.
 *
 * ```
 *   who asks   connects, says nothing
 *   owner      <pid>                then closes
 *              <pid> <admin URL>    once it listens there
 * ```
 *
 * @throws MokaError ERR_DATA_OCCUPIED naming the owner's process id
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const descriptor = openDirectory(directory);
  const path = socketPath(directory, descriptor);
  const self = { answer: String(process.pid) };
  try {
    let server = await listen(directory, path, self);
    if (server === null) {
      const owner = await askOwner(path);
      if (owner !== null) throw occupied(directory, owner);
      server = await takeOver(directory, path, self);
    }
    const held = server;
    held.unref();
    return {
      announce: (adminUrl) => {
        self.answer = `${process.pid} ${adminUrl}`;
      },
      release: () => {
        held.close();
        rmSync(join(directory, SOCKET_NAME), { force: true });
        closeSync(descriptor);
      },
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * @returns null: no process holds this directory
 * @throws MokaError ERR_DATA_UNUSABLE when whoever does may not be asked
 */
export async function findOwner(directory: string): Promise<DirectoryOwner | null> {
  const descriptor = openDirectory(directory);
  try {
    const [pid, adminUrl] = (await ask(socketPath(directory, descriptor))).split(' ');
    return { pid: pid as string, adminUrl: adminUrl ?? null };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
    const message = `data directory=${directory}: no way to tell who holds it: ${explainSystemError(error)}`;
    throw new MokaError('ERR_DATA_UNUSABLE', message, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

/** Socket paths end at 108 bytes; the path through an open descriptor is short wherever the directory lies. */
function socketPath(directory: string, descriptor: number): string {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}/${SOCKET_NAME}` : join(directory, SOCKET_NAME);
}

/** The socket's owner is dead. One process at a time may remove it, else two could each remove the other's. */
async function takeOver(directory: string, path: string, self: Self): Promise<Server> {
  const claim = join(directory, CLAIM_NAME);
  for (let attempt = 0; !writeClaim(directory, claim); attempt++) {
    if (!isClaimHeld(claim)) rmSync(claim, { force: true });
    else if (attempt >= CLAIM_ATTEMPTS) {
      throw new MokaError('ERR_DATA_OCCUPIED', `data directory=${directory} is being opened by another process`);
    }
    await sleep(CLAIM_WAIT_MS);
  }
  try {
    const owner = await askOwner(path);
    if (owner !== null) throw occupied(directory, owner);
    rmSync(join(directory, SOCKET_NAME), { force: true });
    const server = await listen(directory, path, self);
    if (server === null) throw occupied(directory, UNKNOWN_OWNER);
    return server;
  } finally {
    claimsOfThisProcess.delete(claim);
    rmSync(claim, { force: true });
  }
}

/** A link that names the process: made in one step, and without a block of data, so that a full disk does not matter. */
function writeClaim(directory: string, claim: string): boolean {
  try {
    symlinkSync(String(process.pid), claim);
    claimsOfThisProcess.add(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unusable(directory, error);
  }
}

/** A claim counts while its process lives, and not for long: its number may have gone to another process since. */
function isClaimHeld(claim: string): boolean {
  try {
    if (Date.now() - lstatSync(claim).mtimeMs > CLAIM_STALE_MS) return false;
    const pid = Number(readlinkSync(claim));
    // In a container the process before this one may have had the same number.
    if (pid === process.pid) return claimsOfThisProcess.has(claim);
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function listen(directory: string, path: string, self: Self): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(self.answer);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(unusable(directory, error));
    });
    server.listen(path, () => resolve(server));
  });
}

/** @returns the process id of a living owner, or null */
function askOwner(path: string): Promise<string | null> {
  return ask(path).then(
    (answer) => answer.split(' ')[0] as string,
    () => null,
  );
}

/** What the owner says of itself. Rejects with the error of the system when nobody listens, or may be asked. */
function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let answer = '';
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      // It accepted but does not answer: alive, and busy or stopped.
      socket.destroy();
      resolve(UNKNOWN_OWNER);
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(answer || UNKNOWN_OWNER));
    socket.on('error', reject);
  });
}

function openDirectory(directory: string): number {
  try {
    return openSync(directory, 'r');
  } catch (error) {
    throw unusable(directory, error);
  }
}

function unusable(directory: string, cause: unknown): MokaError {
  const message = `data directory=${directory} cannot be locked: ${explainSystemError(cause)}`;
  return new MokaError('ERR_DATA_UNUSABLE', message, { cause });
}

function occupied(directory: string, pid: string): MokaError {
  return new MokaError(
    'ERR_DATA_OCCUPIED',
    `data directory=${directory} is in use by process pid=${pid}; stop it or choose another directory`,
  );
}
