import { setImmediate as nextTurn } from 'node:timers/promises';
import { MokaError } from '../base/errors.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import { CheckpointResult } from './checkpoint-channel.ts';
import { CheckpointReceiver } from './checkpoint-receiver.ts';
import { CheckpointWriter, DEFAULT_ROTATION, type RotationPolicy } from './checkpoint-writer.ts';
import { RowBatch } from './row-batch.ts';
import { nodeStateFiles, type StateFiles } from './state-files.ts';

export interface CheckpointLaneOptions {
  readonly partition: number;
  /** Where the partition's environments are. */
  readonly directory: string;
  readonly ring: SharedArrayBuffer;
  /** From `CheckpointResult.allocate()`. */
  readonly result: SharedArrayBuffer;
  readonly laneBell: SharedArrayBuffer;
}

export interface CheckpointThreadOptions {
  readonly lanes: readonly CheckpointLaneOptions[];
  /** The checkpoint thread's own; the lanes ring it. */
  readonly bell: SharedArrayBuffer;
  /** Its first int32 is set to 1, then the bell is rung. */
  readonly stop: SharedArrayBuffer;
  readonly rotation?: RotationPolicy;
  readonly files?: StateFiles;
  /** Called often, also within a large transaction: says that the thread is alive. */
  readonly onProgress?: () => void;
}

/**
 * The body of the checkpoint thread: gathers the rows that the lanes hand over and commits each lane's checkpoint as a
 * whole. It may block: nobody waits for it but checkpoints.
 *
 * Ends when told to stop and every finished checkpoint is committed.
 * @throws MokaError ERR_DISK_IO when LMDB reports anything but a full disk: what it holds is uncertain then
 */
export async function runCheckpointThread(options: CheckpointThreadOptions): Promise<void> {
  const onProgress = options.onProgress ?? (() => {});
  const lanes = options.lanes.map((lane) => new CheckpointLane(lane, options, onProgress));
  const bell = new Doorbell(options.bell);
  const stop = new Int32Array(options.stop);
  // A wait on the bell does not keep the event loop alive.
  const keepAlive = setInterval(() => {}, 2 ** 30);
  try {
    for (;;) {
      let hasWorked = false;
      for (const lane of lanes) hasWorked = lane.step() || hasWorked;
      onProgress();
      if (hasWorked) {
        await nextTurn();
        continue;
      }
      if (Atomics.load(stop, 0) === 1) return;
      const woken = bell.park(() => Atomics.load(stop, 0) === 1 || lanes.some((lane) => lane.hasWork()));
      if (woken !== null) await woken;
    }
  } finally {
    clearInterval(keepAlive);
    for (const lane of lanes) lane.close();
  }
}

/** One lane's checkpoints on the checkpoint thread. */
class CheckpointLane {
  readonly #partition: number;
  readonly #batch = new RowBatch();
  readonly #receiver: CheckpointReceiver;
  readonly #writer: CheckpointWriter;
  readonly #result: CheckpointResult;
  readonly #laneBell: Doorbell;
  readonly #stop: Int32Array;

  constructor(lane: CheckpointLaneOptions, options: CheckpointThreadOptions, onProgress: () => void) {
    const rotation = options.rotation ?? DEFAULT_ROTATION;
    this.#partition = lane.partition;
    this.#receiver = new CheckpointReceiver(new SpscRing(lane.ring), this.#batch);
    this.#writer = new CheckpointWriter(options.files ?? nodeStateFiles, lane.directory, rotation, onProgress);
    this.#result = new CheckpointResult(lane.result);
    this.#laneBell = new Doorbell(lane.laneBell);
    this.#stop = new Int32Array(options.stop);
  }

  hasWork(): boolean {
    return this.#writer.isRotating || this.#receiver.meta !== null || this.#receiver.hasMessages();
  }

  /** Returns whether there was anything to do. */
  step(): boolean {
    try {
      const hasGathered = this.#receiver.gather(MESSAGES_PER_STEP);
      if (this.#writer.isRotating) {
        // A checkpoint that is asked for meanwhile waits: the copy must be of one state.
        if (Atomics.load(this.#stop, 0) === 1) this.#writer.abandonRotation();
        else this.#writer.rotateSlice();
        this.#result.previousOffset = this.#writer.previousOffset;
        if (!this.#writer.isRotating) {
          this.#result.isRotating = false;
          // The lane may let go of log.
          this.#laneBell.ring();
        }
        return true;
      }
      if (this.#receiver.meta === null) return hasGathered;
      this.#commit();
      return true;
    } catch (cause) {
      this.#result.settle(false);
      if (cause instanceof MokaError) throw cause;
      throw new MokaError('ERR_DISK_IO', `checkpoint environment partition=${this.#partition} failed`, {
        partition: this.#partition,
        cause,
      });
    }
  }

  close(): void {
    this.#writer.close();
  }

  #commit(): void {
    const meta = this.#receiver.meta;
    if (meta === null) return;
    const startedAt = performance.now();
    const rowCount = this.#batch.count;
    const isCommitted = this.#writer.commit(this.#batch, meta);
    this.#batch.reset();
    this.#receiver.meta = null;
    this.#result.durationMs = performance.now() - startedAt;
    this.#result.rowCount = rowCount;
    this.#result.fileBytes = this.#writer.fileBytes;
    this.#result.previousOffset = this.#writer.previousOffset;
    this.#result.settle(isCommitted);
    this.#laneBell.ring();
    if (!isCommitted || Atomics.load(this.#stop, 0) === 1) return;
    this.#writer.startRotation();
    this.#result.isRotating = this.#writer.isRotating;
  }
}

/** About a millisecond of copying. */
const MESSAGES_PER_STEP = 4096;
