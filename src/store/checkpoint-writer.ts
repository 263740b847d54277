import { failpoint } from '../base/failpoint.ts';
import { MIB } from '../base/limits.ts';
import type { CheckpointMeta } from './checkpoint.ts';
import { assertEnvironmentFile } from './environment-file.ts';
import { GenerationPointer, type Generations } from './generations.ts';
import { removeForgotten } from './held-environments.ts';
import { isDiskFull, LmdbEnvironment } from './lmdb.ts';
import { RowBatch } from './row-batch.ts';
import { removeDirectory, type StateFiles } from './state-files.ts';
import { makeWhole } from './whole-batch.ts';

/**
 * When the environment is copied into a fresh one. The copy is what lets the log be trimmed, since the log is kept from
 * the previous environment on, and what gets rid of LMDB's list of free pages, which has open reports of damage under
 * heavy deletion.
 */
export interface RotationPolicy {
  /** Events since the previous environment: bounds the log. */
  readonly minEvents: number;
  /** The same per row to be copied: bounds what the copies write. */
  readonly eventsPerRow: number;
  /** Commits into one environment: bounds both where events are few. */
  readonly maxCommits: number;
  /** Bytes of log kept: beyond them, and beyond four times what would be copied, a copy is due whatever the events are. */
  readonly maxLogBytes?: number;
  /**
   * Up to this size an environment most of whose rows have changed is written anew, in place of a commit and a copy;
   * beyond it a checkpoint does not wait for rows that are as they were.
   */
  readonly maxFreshBytes?: number;
}

export const DEFAULT_ROTATION: RotationPolicy = { minEvents: 2_000_000, eventsPerRow: 8, maxCommits: 4096 };

/** For a writer that was told no policy of its own. */
const DEFAULT_MAX_LOG_BYTES = 1024 * MIB;

const DEFAULT_MAX_FRESH_BYTES = 64 * MIB;

/** Copies write at most a quarter of what the log writes. */
const COPY_SHARE = 4;

/** What the writer asks of an environment; tests put their own in between. */
export type OpenEnvironment = (directory: string) => LmdbEnvironment;

/** An environment that the pointer does not name yet. */
interface Fresh {
  readonly generation: number;
  readonly environment: LmdbEnvironment;
}

interface Copy extends Fresh {
  readonly batch: RowBatch;
  last: Uint8Array | null;
}

/**
 * Writes the checkpoints of one partition; the only writer of its environments.
 *
 * ```
 *   commit ─► current environment ─► due? ─► copy, a slice at a time ─► pointer: current = copy, previous = the old one
 *     │
 *     └─ a rotation is due, and most rows have changed ─► fresh environment ─► pointer: current = fresh, previous = the old one
 * ```
 * No commit comes in between, so the copy is of one state.
 */
export class CheckpointWriter {
  readonly #pointer: GenerationPointer;
  readonly #files: StateFiles;
  readonly #rotation: RotationPolicy;
  readonly #open: OpenEnvironment;
  readonly #onProgress: () => void;
  #generations: Generations | null = null;
  #environment: LmdbEnvironment | null = null;
  #meta: CheckpointMeta | null = null;
  #commits = 0;
  #copy: Copy | null = null;

  constructor(
    files: StateFiles,
    directory: string,
    rotation: RotationPolicy,
    onProgress: () => void,
    open: OpenEnvironment = LmdbEnvironment.open,
  ) {
    this.#pointer = new GenerationPointer(files, directory);
    this.#files = files;
    this.#rotation = rotation;
    this.#onProgress = onProgress;
    this.#open = open;
  }

  get isRotating(): boolean {
    return this.#copy !== null;
  }

  get previousOffset(): number {
    return this.#generations?.previousOffset ?? -1;
  }

  get fileBytes(): number {
    return this.#environment?.fileBytes ?? 0;
  }

  /**
   * Makes rows and meta durable in one transaction.
   * @returns false when the disk is full: nothing of it happened, it may be tried again
   * @throws whatever else LMDB reports: the environment is suspect, the process has to end; and a disk that is full for
   * the pointer file alone, as it then is not certain which environment it names
   */
  commit(batch: RowBatch, meta: CheckpointMeta): boolean {
    const environment = this.#retryable(() => this.#environment ?? this.#openCurrent());
    if (environment === null) return false;
    if (this.#isAllButWhole(batch, meta, environment) && this.#commitFresh(batch, meta, environment)) return true;
    const isCommitted = this.#retryable(() => {
      failpoint('checkpoint.before-transaction');
      environment.commit(batch, meta, this.#onProgress);
      failpoint('checkpoint.after-transaction');
      this.#publishFirst();
      return true;
    });
    if (isCommitted === null) return false;
    this.#meta = meta;
    this.#commits += 1;
    return true;
  }

  /** Starts a rotation if it is due, right after a commit. */
  startRotation(): void {
    if (this.#copy !== null || this.#meta === null || this.#commits === 0) return;
    if (this.#meta.mustRotate !== true && !this.#isRotationDue(this.#meta, this.#commits)) return;
    this.#copy = this.#retryable(() => ({ ...this.#openFresh(), batch: new RowBatch(), last: null }));
  }

  /** Copies the next slice; the last one turns the pointer. */
  rotateSlice(): void {
    const copy = this.#copy;
    if (copy === null) return;
    const isDone = this.#retryable(() => {
      copy.batch.reset();
      const last = (this.#environment as LmdbEnvironment).copyInto(copy.batch, copy.last, COPY_SLICE_BYTES);
      if (copy.batch.count > 0) copy.environment.append(copy.batch, this.#onProgress);
      copy.last = last;
      return last === null;
    });
    if (isDone === null) this.abandonRotation();
    else if (isDone) this.#turn(copy, (this.#meta as CheckpointMeta).offset);
  }

  abandonRotation(): void {
    if (this.#copy === null) return;
    this.#remove(this.#copy);
    this.#copy = null;
  }

  close(): void {
    this.abandonRotation();
    this.#environment?.close();
    this.#environment = null;
  }

  /** Whether a rotation is due, and the batch has so many of the rows that it may as well be written with the others. */
  #isAllButWhole(batch: RowBatch, meta: CheckpointMeta, environment: LmdbEnvironment): boolean {
    if (this.#meta === null || meta.mustRotate === true) return false;
    if (!this.#isRotationDue(meta, this.#commits + 1)) return false;
    if (environment.fileBytes > (this.#rotation.maxFreshBytes ?? DEFAULT_MAX_FRESH_BYTES)) return false;
    return 2 * batch.count >= environment.rowCount;
  }

  /** A checkpoint and a rotation in one. Returns false when the disk has no room for another environment. */
  #commitFresh(batch: RowBatch, meta: CheckpointMeta, environment: LmdbEnvironment): boolean {
    const fresh = this.#retryable(() => this.#openFresh());
    if (fresh === null) return false;
    const previousOffset = (this.#meta as CheckpointMeta).offset;
    const { count } = batch;
    const isWritten = this.#retryable(() => {
      makeWhole(batch, environment, this.#onProgress);
      failpoint('checkpoint.before-transaction');
      fresh.environment.commitFirst(batch, meta, this.#onProgress);
      failpoint('checkpoint.after-transaction');
      return true;
    });
    if (isWritten === null) {
      this.#remove(fresh);
      batch.truncate(count);
      return false;
    }
    this.#turn(fresh, previousOffset);
    this.#meta = meta;
    return true;
  }

  #openFresh(): Fresh {
    const generation = this.#pointer.next();
    const directory = this.#pointer.directoryOf(generation);
    this.#files.makeDirectorySync(directory);
    try {
      return { generation, environment: this.#open(directory) };
    } catch (error) {
      removeDirectory(directory);
      throw error;
    }
  }

  #remove({ generation, environment }: Fresh): void {
    environment.close();
    removeDirectory(this.#pointer.directoryOf(generation));
  }

  /** @param previousOffset what the environment reflects that becomes the previous one */
  #turn(copy: Fresh, previousOffset: number): void {
    const generations = this.#generations as Generations;
    this.#files.flushDirectorySync(this.#pointer.directoryOf(copy.generation));
    this.#files.flushDirectorySync(this.#pointer.directory);
    failpoint('checkpoint.before-turn');
    const next = {
      current: copy.generation,
      previous: generations.current,
      previousOffset,
    };
    this.#pointer.write(next);
    failpoint('checkpoint.after-turn');
    this.#environment?.close();
    this.#environment = copy.environment;
    this.#generations = next;
    this.#copy = null;
    this.#commits = 0;
    this.#sweep();
  }

  #openCurrent(): LmdbEnvironment {
    const generations = this.#pointer.read();
    this.#generations = generations;
    this.#sweep();
    removeForgotten(this.#files, this.#pointer.directory);
    const generation = generations.current === 0 ? this.#pointer.next() : generations.current;
    const directory = this.#pointer.directoryOf(generation);
    if (generations.current === 0) this.#files.makeDirectorySync(directory);
    else assertEnvironmentFile(directory);
    this.#environment = this.#open(directory);
    if (generations.current === 0) this.#generations = { ...generations, current: generation };
    else this.#meta = this.#environment.readMeta();
    this.#files.flushDirectorySync(directory);
    return this.#environment;
  }

  /** The pointer names an environment only when it holds a checkpoint. */
  #publishFirst(): void {
    const generations = this.#generations as Generations;
    if (this.#meta === null && this.#pointer.read().current !== generations.current) this.#pointer.write(generations);
  }

  /** Whether one is due once the environment has had `commits`, of which `meta` is the last. */
  #isRotationDue(meta: CheckpointMeta, commits: number): boolean {
    if (commits >= this.#rotation.maxCommits) return true;
    const maxLogBytes = this.#rotation.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES;
    if ((meta.logBytes ?? 0) > Math.max(maxLogBytes, COPY_SHARE * this.fileBytes)) return true;
    const events = meta.offset - this.previousOffset;
    if (events < this.#rotation.minEvents) return false;
    return events >= this.#rotation.eventsPerRow * (this.#environment as LmdbEnvironment).rowCount;
  }

  /** Removes the directories that the pointer does not name. */
  #sweep(): void {
    const { current, previous } = this.#generations as Generations;
    for (const generation of this.#pointer.list()) {
      if (generation !== current && generation !== previous) removeDirectory(this.#pointer.directoryOf(generation));
    }
  }

  /** null when the disk is full. */
  #retryable<T>(step: () => T): T | null {
    try {
      return step();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      return null;
    }
  }
}

const COPY_SLICE_BYTES = 1024 * 1024;
