import { MokaError } from '../base/errors.ts';
import {
  CHECKPOINT_VERSION,
  type CheckpointEnvironments,
  type CheckpointMeta,
  type CheckpointReader,
} from './checkpoint.ts';
import { GenerationPointer, NO_GENERATIONS } from './generations.ts';
import { LmdbEnvironment } from './lmdb.ts';
import type { StateFiles } from './state-files.ts';

/** The checkpoints of one partition, for the lane that reads them. */
export function openEnvironments(files: StateFiles, directory: string, partition: number): CheckpointEnvironments {
  return new LmdbEnvironments(new GenerationPointer(files, directory), partition);
}

/**
 * One environment of a partition, whatever the pointer says by now.
 * @param generation 0: there is none, and nothing is read
 * @throws MokaError ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION
 */
export function readerOf(
  generation: number,
  directoryOf: (generation: number) => string,
  partition: number,
): CheckpointReader {
  return new LmdbReader({ read: () => ({ ...NO_GENERATIONS, current: generation }), directoryOf }, partition);
}

class LmdbEnvironments implements CheckpointEnvironments {
  readonly #pointer: GenerationPointer;
  readonly #partition: number;

  constructor(pointer: GenerationPointer, partition: number) {
    this.#pointer = pointer;
    this.#partition = partition;
  }

  get current(): number {
    return this.#pointer.read().current;
  }

  get previous(): number {
    return this.#pointer.read().previous;
  }

  get previousOffset(): number {
    return this.#pointer.read().previousOffset;
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION */
  openForRead(): CheckpointReader {
    return new LmdbReader(this.#pointer, this.#partition);
  }

  discardCurrent(): void {
    let previous = NO_GENERATIONS.previous;
    try {
      previous = this.#pointer.read().previous;
    } catch (error) {
      if (!(error instanceof MokaError) || error.code !== 'ERR_CHECKPOINT_DAMAGED') throw error;
    }
    this.#pointer.write({ ...NO_GENERATIONS, current: previous });
  }
}

/** Reads the environment that the pointer names, and follows the pointer when it moves. */
class LmdbReader implements CheckpointReader {
  meta: CheckpointMeta | null = null;
  readonly #pointer: Pick<GenerationPointer, 'read' | 'directoryOf'>;
  readonly #partition: number;
  #generation = 0;
  #environment: LmdbEnvironment | null = null;

  constructor(pointer: Pick<GenerationPointer, 'read' | 'directoryOf'>, partition: number) {
    this.#pointer = pointer;
    this.#partition = partition;
    this.renew();
    if (this.#environment !== null && this.meta === null) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `checkpoint without meta generation=${this.#generation}`, {
        partition,
      });
    }
  }

  get(storeId: number, key: Uint8Array, length: number): Uint8Array | null {
    return this.#environment === null ? null : this.#environment.get(storeId, key, length);
  }

  scan(storeId: number, fromKey: Uint8Array | null, visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
    this.#environment?.scan(storeId, fromKey, visit);
  }

  renew(): void {
    const { current } = this.#pointer.read();
    if (current === this.#generation) {
      this.#environment?.renew();
    } else {
      this.#environment?.close();
      this.#environment = LmdbEnvironment.openExisting(this.#pointer.directoryOf(current));
      this.#generation = current;
    }
    const meta = this.#environment?.readMeta() ?? null;
    if (meta !== null && meta.version !== CHECKPOINT_VERSION) {
      throw new MokaError('ERR_DATA_VERSION', `checkpoint version=${meta.version} expected=${CHECKPOINT_VERSION}`, {
        partition: this.#partition,
      });
    }
    this.meta = meta;
  }

  close(): void {
    this.#environment?.close();
    this.#environment = null;
  }
}
