import { assert } from '../base/assert.ts';
import {
  type CheckpointEnvironments,
  type CheckpointMeta,
  type CheckpointReader,
  type CheckpointSink,
  ROW_DELETED,
} from '../store/checkpoint.ts';

interface SimulatedRow {
  readonly storeId: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** An environment as it stands on the simulated disk; never changed, only replaced. */
interface Snapshot {
  readonly generation: number;
  readonly meta: CheckpointMeta | null;
  readonly rows: ReadonlyMap<string, SimulatedRow>;
  /** In the order of store id and key; made when a scan first asks. */
  sorted: readonly SimulatedRow[] | null;
}

export interface SimulatedCheckpointsOptions {
  /**
   * What becomes of a finished checkpoint each time its result is asked for. Defaults to 'committed'; a seeded choice
   * makes it late ('pending') or fail as on a full disk ('failed').
   */
  readonly settle?: () => 'pending' | 'committed' | 'failed';
  /** Commits after which the environment is copied into a fresh one and the old one kept as the previous. */
  readonly rotateEvery?: number;
}

/**
 * Checkpoints of one partition in memory, with the promises of the real ones: a commit happens as a whole or not at all,
 * a reader sees it only once renewed, the previous environment is kept. Lives as long as the simulated disk; readers and
 * sinks end with the simulated process.
 */
export class SimulatedCheckpoints implements CheckpointEnvironments {
  readonly #settle: () => 'pending' | 'committed' | 'failed';
  readonly #rotateEvery: number;
  #current: Snapshot = emptySnapshot(1);
  #previous: Snapshot | null = null;
  #commitsSinceRotation = 0;
  commitCount = 0;

  constructor(options: SimulatedCheckpointsOptions = {}) {
    this.#settle = options.settle ?? (() => 'committed');
    this.#rotateEvery = options.rotateEvery ?? 4;
  }

  get current(): number {
    return this.#current.generation;
  }

  get previous(): number {
    return this.#previous?.generation ?? 0;
  }

  get previousOffset(): number {
    return this.#previous?.meta?.offset ?? -1;
  }

  /** Of the current environment, as a process that starts now would read it. */
  get meta(): CheckpointMeta | null {
    return this.#current.meta;
  }

  openForRead(): CheckpointReader {
    return new SimulatedReader(() => this.#current);
  }

  discardCurrent(): void {
    this.#current = this.#previous ?? emptySnapshot(this.#current.generation + 1);
    this.#previous = null;
    this.#commitsSinceRotation = 0;
  }

  /** The way of one process's checkpoints to this disk. What it has not committed is gone with the process. */
  openSink(reader: CheckpointReader): SimulatedSink {
    return new SimulatedSink(this, reader, this.#settle);
  }

  commit(changes: ReadonlyMap<string, SimulatedRow | null>, meta: CheckpointMeta): void {
    const rows = new Map(this.#current.rows);
    for (const [id, row] of changes) {
      if (row === null) rows.delete(id);
      else rows.set(id, row);
    }
    this.#current = { generation: this.#current.generation, meta, rows, sorted: null };
    this.commitCount += 1;
    this.#commitsSinceRotation += 1;
    if (this.#commitsSinceRotation < this.#rotateEvery && meta.mustRotate !== true) return;
    this.#previous = this.#current;
    this.#current = { ...this.#current, generation: this.#current.generation + 1 };
    this.#commitsSinceRotation = 0;
  }
}

/** One process's end of the simulated checkpoints. */
export class SimulatedSink implements CheckpointSink {
  readonly #checkpoints: SimulatedCheckpoints;
  readonly #reader: CheckpointReader;
  readonly #settle: () => 'pending' | 'committed' | 'failed';
  #changes = new Map<string, SimulatedRow | null>();
  #meta: CheckpointMeta | null = null;

  constructor(
    checkpoints: SimulatedCheckpoints,
    reader: CheckpointReader,
    settle: () => 'pending' | 'committed' | 'failed',
  ) {
    this.#checkpoints = checkpoints;
    this.#reader = reader;
    this.#settle = settle;
  }

  get floorOffset(): number {
    return this.#checkpoints.previousOffset;
  }

  /** The copy is made within the commit. */
  get isRotating(): boolean {
    return false;
  }

  hasRoom(): boolean {
    return true;
  }

  begin(): void {
    this.#changes = new Map();
    this.#meta = null;
  }

  tryRow(
    storeId: number,
    keyBytes: Uint8Array,
    keyStart: number,
    keyLength: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean {
    const key = Buffer.from(keyBytes.subarray(keyStart, keyStart + keyLength));
    const id = idOf(storeId, key);
    assert(!this.#changes.has(id), `simulated checkpoint has row=${id} twice`);
    const value =
      valueLength === ROW_DELETED ? null : Buffer.from(valueBytes.subarray(valueStart, valueStart + valueLength));
    this.#changes.set(id, value === null ? null : { storeId, key, value });
    return true;
  }

  finish(meta: CheckpointMeta): boolean {
    this.#meta = meta;
    return true;
  }

  /** Settles the finished checkpoint: the commit happens here. */
  result(): 'pending' | 'committed' | 'failed' {
    if (this.#meta === null) return 'pending';
    const result = this.#settle();
    if (result === 'committed') this.#checkpoints.commit(this.#changes, this.#meta);
    if (result !== 'pending') this.begin();
    return result;
  }

  /** Commits what is finished although its result was never asked for: the process dies right after the commit. */
  commitUnseen(): void {
    if (this.#meta !== null) this.#checkpoints.commit(this.#changes, this.#meta);
    this.begin();
  }

  renewReader(): void {
    this.#reader.renew();
  }
}

class SimulatedReader implements CheckpointReader {
  readonly #current: () => Snapshot;
  #snapshot: Snapshot;

  constructor(current: () => Snapshot) {
    this.#current = current;
    this.#snapshot = current();
  }

  get meta(): CheckpointMeta | null {
    return this.#snapshot.meta;
  }

  get(storeId: number, key: Uint8Array, length: number): Uint8Array | null {
    return this.#snapshot.rows.get(idOf(storeId, Buffer.from(key.subarray(0, length))))?.value ?? null;
  }

  scan(storeId: number, fromKey: Uint8Array | null, visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
    const rows = sortedRows(this.#snapshot);
    for (let i = firstFrom(rows, storeId, fromKey ?? Buffer.alloc(0)); i < rows.length; i++) {
      const row = rows[i] as SimulatedRow;
      if (row.storeId !== storeId || !visit(row.key, row.value)) return;
    }
  }

  renew(): void {
    this.#snapshot = this.#current();
  }

  close(): void {}
}

function emptySnapshot(generation: number): Snapshot {
  return { generation, meta: null, rows: new Map(), sorted: null };
}

function sortedRows(snapshot: Snapshot): readonly SimulatedRow[] {
  snapshot.sorted ??= [...snapshot.rows.values()].sort((a, b) => a.storeId - b.storeId || Buffer.compare(a.key, b.key));
  return snapshot.sorted;
}

/** Index of the first row of this store and key, or of what follows. */
function firstFrom(rows: readonly SimulatedRow[], storeId: number, key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle] as SimulatedRow;
    if (row.storeId < storeId || (row.storeId === storeId && Buffer.compare(row.key, key) < 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function idOf(storeId: number, key: Buffer): string {
  return `${storeId}:${key.toString('hex')}`;
}
