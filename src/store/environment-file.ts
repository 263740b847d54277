import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MokaError } from '../base/errors.ts';
import { explainSystemError } from '../base/system-advice.ts';

/**
 * Looks at an environment's file before LMDB does: lmdb-js 3.5.6 crashes the process when LMDB refuses a file, and LMDB
 * maps a file that is cut short without a word and is killed by SIGBUS where it ends.
 *
 * The two meta pages, as far as they are looked at (LMDB 0.9.90, `MDB_page` and `MDB_meta` in mdb.c), little endian:
 *
 * ```
 *   0             18          24          28            48              144              152
 *   +-------------+-----------+-----------+-------------+---------------+----------------+-------------+
 *   | …           | flags u16 | magic u32 | version u32 | page size u32 | last page u64  | txn id u64  |
 *   +-------------+-----------+-----------+-------------+---------------+----------------+-------------+
 * ```
 * Pages themselves carry no checksum: what rots in one of them is not seen.
 *
 * @throws MokaError ERR_CHECKPOINT_DAMAGED
 */
export function assertEnvironmentFile(directory: string): void {
  const path = join(directory, 'data.mdb');
  if (!existsSync(path)) throw damaged(path, 'missing');
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const first = readMeta(file, 0);
    const second = first === null ? null : readMeta(file, first.pageSize);
    if (first === null || second === null) throw damaged(path, 'no environment');
    const lastPage = first.txnId > second.txnId ? first.lastPage : second.lastPage;
    if (size < (lastPage + 1 - UNWRITTEN_PAGES_MAX) * first.pageSize) {
      throw damaged(path, `cut short bytes=${size} expected=${(lastPage + 1) * first.pageSize}`);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Whether LMDB will be able to make or open its two files here: where it is not, lmdb-js 3.5.6 crashes the process.
 *
 * @throws MokaError ERR_DATA_UNUSABLE; the error of the system, code ENOSPC, when there is no room to make them
 */
export function assertEnvironmentUsable(directory: string): void {
  let isMade = true;
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of ['data.mdb', 'lock.mdb']) {
      const path = join(directory, name);
      if (!existsSync(path)) isMade = false;
      else if (statSync(path).isFile()) accessSync(path, constants.R_OK | constants.W_OK);
      else throw new Error(`${path} is not a file`);
    }
  } catch (cause) {
    const message = `checkpoint directory=${directory} cannot be used: ${explainSystemError(cause)}`;
    throw new MokaError('ERR_DATA_UNUSABLE', message, { cause });
  }
  if (!isMade) assertRoom(directory);
}

function assertRoom(directory: string): void {
  const path = join(directory, 'room.draft');
  const file = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < NEW_FILES_BYTES; ) at += writeSync(file, ZEROS, 0, NEW_FILES_BYTES - at);
    fsyncSync(file);
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly txnId: bigint;
}

function readMeta(file: number, position: number): Meta | null {
  const page = Buffer.alloc(META_BYTES);
  if (readSync(file, page, 0, META_BYTES, position) !== META_BYTES) return null;
  const isMeta = (page.readUInt16LE(18) & META_FLAG) !== 0;
  const pageSize = page.readUInt32LE(48);
  const isSound = page.readUInt32LE(24) === MAGIC && (page.readUInt32LE(28) & 0xffff) === VERSION;
  if (!isMeta || !isSound || pageSize < 512 || pageSize > 65_536) return null;
  return { pageSize, lastPage: Number(page.readBigUInt64LE(144)), txnId: page.readBigUInt64LE(152) };
}

function damaged(path: string, what: string): MokaError {
  return new MokaError('ERR_CHECKPOINT_DAMAGED', `checkpoint file=${path} ${what}`);
}

/** The lock table of 126 readers, two pages of meta, and then some. */
const NEW_FILES_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(NEW_FILES_BYTES);
const META_BYTES = 160;
const META_FLAG = 0x08;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** Pages at the end that a transaction took and gave back are never written. */
const UNWRITTEN_PAGES_MAX = 1024;
