import { closeSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MokaError } from '../base/errors.ts';

const SOCKET_NAME = 'LOCK.sock';
const CLAIM_NAME = 'LOCK.claim';
/** Whoever takes over a dead owner's socket holds the claim for milliseconds; one this old was left by a crash. */
const CLAIM_STALE_MS = 10_000;
const ANSWER_TIMEOUT_MS = 2_000;

/** Held while a process uses a data directory. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes a data directory for this process. The lock is a Unix socket in the directory that the owner listens on: the
 * kernel closes it with the process, however that ends, so a crash leaves nothing to clean up, and whoever comes second
 * can ask who holds it. Node has no flock.
 *
 * @throws MokaError ERR_DATA_OCCUPIED naming the owner's process id
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  // Socket paths end at 108 bytes; the path through an open descriptor is short wherever the directory lies.
  const descriptor = openSync(directory, 'r');
  const path = process.platform === 'linux' ? `/proc/self/fd/${descriptor}/${SOCKET_NAME}` : join(directory, SOCKET_NAME);
  try {
    let server = await listen(path);
    if (server === null) {
      const owner = await askOwner(path);
      if (owner !== null) throw occupied(directory, owner);
      server = await takeOver(directory, path);
    }
    const held = server;
    held.unref();
    return {
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

/** The socket's owner is dead. One process at a time may remove it, else two could each remove the other's. */
async function takeOver(directory: string, path: string): Promise<Server> {
  const claim = join(directory, CLAIM_NAME);
  if (ageMs(claim) > CLAIM_STALE_MS) rmSync(claim, { force: true });
  try {
    writeFileSync(claim, String(process.pid), { flag: 'wx' });
  } catch (cause) {
    throw new MokaError('ERR_DATA_OCCUPIED', `data directory=${directory} is being opened by another process`, { cause });
  }
  try {
    const owner = await askOwner(path);
    if (owner !== null) throw occupied(directory, owner);
    rmSync(join(directory, SOCKET_NAME), { force: true });
    const server = await listen(path);
    if (server === null) throw occupied(directory, 'unknown');
    return server;
  } finally {
    rmSync(claim, { force: true });
  }
}

function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(new MokaError('ERR_DATA_UNUSABLE', `data directory lock failed code=${String(error.code)}`, { cause: error }));
    });
    server.listen(path, () => resolve(server));
  });
}

/** @returns the process id of a living owner, or null */
function askOwner(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = '';
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      // It accepted but does not answer: alive, and busy or stopped.
      socket.destroy();
      resolve('unknown');
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(answer || 'unknown'));
    socket.on('error', () => resolve(null));
  });
}

function occupied(directory: string, pid: string): MokaError {
  return new MokaError('ERR_DATA_OCCUPIED', `data directory=${directory} is in use by process pid=${pid}; stop it or choose another directory`);
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}
