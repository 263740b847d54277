import { statfsSync } from 'node:fs';
import { open, type RootDatabaseOptionsWithPath } from 'lmdb';
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import type { CheckpointMeta } from './checkpoint.ts';
import { assertEnvironmentFile, assertEnvironmentUsable } from './environment-file.ts';
import type { KeySlot, RowBatch, ValueSlot } from './row-batch.ts';
import { ENVIRONMENT_FILL_MAX, ENVIRONMENT_MAP_BYTES, MAX_ROW_KEY_BYTES, STORE_PREFIX_BYTES } from './store-limits.ts';
import { META_STORE_ID } from './store-spec.ts';

/**
 * One LMDB environment: the only use of lmdb-js, under the rules that reading its source (3.5.6) taught.
 *
 * - `encoding: 'binary'` and keys by an encoder of our own: lmdb-js never interprets a row.
 * - Writes only inside `transactionSync`: a `transaction` whose callback throws still commits what it had put, and its
 *   write path sleeps in the thread pool that flushes the log.
 * - `overlappingSync: false`: with it a commit is visible before it is flushed, and a failed flush can be forgotten by
 *   the next one. Without it `transactionSync` returns after fdatasync of the pages and a synchronous write of the meta
 *   page.
 * - Never `useWritemap` (a full disk is a SIGBUS), `clearSync` or `drop` (open crash reports).
 * - An environment that two threads of a process open is one native environment, with the flags of whoever came first:
 *   so nobody opens it read-only, also the lane, which only reads.
 * - A reader keeps its snapshot until its read transaction is reset, which lmdb-js does by a timer in the next turn;
 *   `renew` does it at once.
 * - `mapSize` is address space and no bound: lmdb-js doubles it inside a transaction. The bound is `assertRoom`.
 */
export class LmdbEnvironment {
  readonly #directory: string;
  readonly #database: RawDatabase;
  readonly #key: KeySlot = { bytes: new Uint8Array(MAX_ROW_KEY_BYTES + 1), start: 0, length: 0 };

  /**
   * Makes the environment if there is none; its directory must exist.
   * @throws MokaError ERR_DATA_UNUSABLE; the error of the system, code ENOSPC, when there is no room for it
   */
  static open(directory: string): LmdbEnvironment {
    return new LmdbEnvironment(directory);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED when there is none, or it cannot be read; ERR_DATA_UNUSABLE */
  static openExisting(directory: string): LmdbEnvironment {
    assertEnvironmentFile(directory);
    return new LmdbEnvironment(directory);
  }

  private constructor(directory: string) {
    assertEnvironmentUsable(directory);
    this.#directory = directory;
    try {
      const options = {
        path: directory,
        noSubdir: false,
        encoding: 'binary',
        keyEncoder: ROW_KEYS,
        mapSize: ENVIRONMENT_MAP_BYTES,
        maxDbs: 1,
        overlappingSync: false,
        compression: false,
        cache: false,
        permissionsMode: 0o600,
      };
      this.#database = open(options as RootDatabaseOptionsWithPath) as unknown as RawDatabase;
    } catch (cause) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `checkpoint environment cannot be opened directory=${directory}`, {
        cause,
      });
    }
  }

  /** The value's bytes, valid until the next call; null when there is no such row. */
  get(storeId: number, key: Uint8Array, length: number): Uint8Array | null {
    const slot = this.#keyOf(storeId, key, length);
    const bytes = this.#database.getBinaryFast(slot);
    return bytes === undefined ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, this.#database.lastSize);
  }

  /** Rows of one store in key order from `fromKey` on, until `visit` says false. Keys come without the store id. */
  scan(storeId: number, fromKey: Uint8Array | null, visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
    const start = this.#keyOf(storeId, fromKey ?? NO_BYTES, fromKey?.length ?? 0);
    for (const { key, value } of this.#database.getRange({ start })) {
      if (((key[0] as number) << 8) + (key[1] as number) !== storeId) return;
      if (!visit(key.subarray(STORE_PREFIX_BYTES), value)) return;
    }
  }

  /** Rows of the stores from `fromStore` to before `toStore`, with their store ids, in key order. */
  scanStores(fromStore: number, toStore: number, visit: (key: Uint8Array, value: Uint8Array) => void): void {
    const start = this.#keyOf(fromStore, NO_BYTES, 0);
    for (const { key, value } of this.#database.getRange({ start })) {
      if (((key[0] as number) << 8) + (key[1] as number) >= toStore) return;
      visit(key, value);
    }
  }

  /**
   * All rows and the meta in one transaction: durable on return, or nothing of it happened.
   * @param onProgress called now and then: a large transaction takes seconds
   */
  commit(batch: RowBatch, meta: CheckpointMeta, onProgress: () => void): void {
    batch.sort();
    addMeta(batch, meta);
    this.#write(batch, undefined, onProgress);
  }

  /** As `commit`, into an environment that has no rows yet, of a batch that is all there is. */
  commitFirst(batch: RowBatch, meta: CheckpointMeta, onProgress: () => void): void {
    batch.sort();
    addMeta(batch, meta);
    const written = this.#write(batch, APPEND, onProgress);
    // What is appended out of order, or twice, lmdb-js passes over without a word.
    assert(this.rowCount === written, `fresh environment rows=${this.rowCount} expected=${written}`);
  }

  /** Rows that follow all that are there, in key order. */
  append(batch: RowBatch, onProgress: () => void): void {
    this.#write(batch, APPEND, onProgress);
  }

  /** Copies rows from `after` (null: from the first) into an empty batch, up to about `maxBytes`; null at the end. */
  copyInto(batch: RowBatch, after: Uint8Array | null, maxBytes: number): Uint8Array | null {
    const slot = this.#key;
    slot.bytes.set(after ?? NO_BYTES);
    // The least key above it.
    slot.bytes[after?.length ?? 0] = 0;
    slot.length = (after?.length ?? 0) + 1;
    for (const { key, value } of this.#database.getRange({ start: slot })) {
      batch.addWhole(key, value);
      if (batch.byteLength >= maxBytes) return key;
    }
    return null;
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED when it cannot be read */
  readMeta(): CheckpointMeta | null {
    const bytes = this.get(META_STORE_ID, META_KEY, META_KEY.length);
    if (bytes === null) return null;
    try {
      return JSON.parse(Buffer.from(bytes).toString()) as CheckpointMeta;
    } catch (cause) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `checkpoint meta bytes=${bytes.length}`, { cause });
    }
  }

  /** From here on reads see the last commit. */
  renew(): void {
    this.#database.resetReadTxn();
  }

  get rowCount(): number {
    return this.#database.getStats().entryCount;
  }

  /** Of the file that pages have been taken from. */
  get fileBytes(): number {
    const { lastPageNumber, pageSize } = this.#database.getStats();
    return (lastPageNumber + 1) * pageSize;
  }

  close(): void {
    void this.#database.close();
  }

  /** @returns how many rows were put */
  #write(batch: RowBatch, options: object | undefined, onProgress: () => void): number {
    this.#assertRoom(batch);
    const database = this.#database;
    const count = batch.count;
    let written = 0;
    database.transactionSync(() => {
      for (let i = 0; i < count; i++) {
        const value = batch.select(i);
        if (value !== null) {
          database.put(batch.key, value, options);
          written += 1;
        } else if (options === undefined) {
          database.remove(batch.key);
        }
        if ((i & PROGRESS_MASK) === PROGRESS_MASK) onProgress();
      }
    });
    return written;
  }

  /**
   * Asks for all pages that the transaction may write: each page of the tree is copied at most once, each row touches two
   * at most. LMDB reports a file system that fills up within a write as EIO, which cannot be told from a broken disk.
   *
   * @throws an error with code ENOSPC
   */
  #assertRoom(batch: RowBatch): void {
    const { lastPageNumber, pageSize } = this.#database.getStats();
    const fileBytes = (lastPageNumber + 1) * pageSize;
    const copied = Math.min(fileBytes, 2 * batch.count * pageSize);
    const needed = copied + 2 * batch.byteLength + ROW_OVERHEAD_BYTES * batch.count + SPARE_BYTES;
    const { bavail, bsize } = statfsSync(this.#directory);
    const left = Math.min(bavail * bsize, ENVIRONMENT_MAP_BYTES * ENVIRONMENT_FILL_MAX - fileBytes);
    if (needed <= left) return;
    throw Object.assign(new Error(`checkpoint needs bytes=${needed} left=${left} directory=${this.#directory}`), {
      code: 'ENOSPC',
    });
  }

  #keyOf(storeId: number, key: Uint8Array, length: number): KeySlot {
    const slot = this.#key;
    slot.bytes[0] = storeId >>> 8;
    slot.bytes[1] = storeId & 0xff;
    for (let i = 0; i < length; i++) slot.bytes[i + STORE_PREFIX_BYTES] = key[i] as number;
    slot.length = length + STORE_PREFIX_BYTES;
    return slot;
  }
}

/** The last row in key order, whenever it is added. */
function addMeta(batch: RowBatch, meta: CheckpointMeta): void {
  const bytes = Buffer.from(JSON.stringify(meta));
  batch.add(META_STORE_ID, META_KEY, 0, META_KEY.length, bytes.length);
  batch.appendValue(bytes, 0, bytes.length);
}

/** Whether what a file operation or LMDB threw means that the disk is full: to be tried again. Anything else is fatal. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return [ENOSPC, EDQUOT, MAP_FULL, 'ENOSPC', 'EDQUOT'].includes(code as number | string);
}

/** The part of lmdb-js that is used, some of which its own types leave out. */
interface RawDatabase {
  getBinaryFast(key: KeySlot): Buffer | undefined;
  readonly lastSize: number;
  getRange(options: { start: KeySlot }): Iterable<{ key: Uint8Array; value: Uint8Array }>;
  put(key: KeySlot, value: ValueSlot, options: object | undefined): unknown;
  remove(key: KeySlot): unknown;
  transactionSync(callback: () => void): void;
  resetReadTxn(): void;
  getStats(): { entryCount: number; lastPageNumber: number; pageSize: number };
  close(): Promise<void>;
}

const ROW_KEYS = {
  writeKey(key: KeySlot, target: Uint8Array, position: number): number {
    const { bytes, start, length } = key;
    for (let i = 0; i < length; i++) target[position + i] = bytes[start + i] as number;
    return position + length;
  },
  readKey(source: Uint8Array, start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(source, start, end);
  },
};

const META_KEY = Buffer.from('meta');
const NO_BYTES = new Uint8Array(0);
const APPEND = { append: true };
/** LMDB's own of each row, at the most. */
const ROW_OVERHEAD_BYTES = 64;
/** Branch pages, the list of free pages, meta. */
const SPARE_BYTES = 1024 * 1024;
const PROGRESS_MASK = 0x3fff;
const ENOSPC = 28;
const EDQUOT = 122;
const MAP_FULL = -30792;
