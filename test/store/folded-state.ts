import { CHECKPOINT_VERSION, type CheckpointReader, ROW_DELETED, type RowSink } from '../../src/store/checkpoint.ts';
import type { CheckpointWriter } from '../../src/store/checkpoint-writer.ts';
import { PartitionState } from '../../src/store/partition-state.ts';
import { RowBatch } from '../../src/store/row-batch.ts';

/** A state that is a function of an offset alone: event n writes, changes or deletes a few rows. */
const KEYS = 400;
const WRITES_PER_EVENT = 20;

export function openState(reader: CheckpointReader): PartitionState {
  return new PartitionState({
    stores: [{ id: 0, name: 'rows', isOrdered: true }],
    reader,
    cacheBytes: 20_000,
    eviction: 'lru',
    secret: 1,
    dedupe: { windowMs: 100, maxEntries: 1_000_000 },
  });
}

export function applyEvent(state: PartitionState, offset: number): void {
  state.dedupe.insert(offset + 1, 7, offset, offset, offset);
  state.producers.advance(1, offset % 3, 1, offset, offset);
  state.beginEvent();
  for (let i = 0; i < WRITES_PER_EVENT; i++) {
    const n = Math.imul(offset * WRITES_PER_EVENT + i, 0x9e3779b1) >>> 0;
    const key = `key-${n % KEYS}`;
    if (n % 5 === 0) state.store(0).delete(key);
    else state.store(0).put(key, { offset, blob: 'b'.repeat(n % 300) });
  }
  state.store(0).writeRegister(offset % 4, offset);
  state.commitEvent();
}

/** Everything the state holds, as text, after events 0 … `offset`. */
export function describeState(state: PartitionState, offset: number): string {
  const rows = state.store(0).scan({ limit: 1_000_000 });
  const lines: string[] = [`size=${state.store(0).size}`];
  while (!rows.isDone) {
    const slice = rows.next(1_000);
    if (slice === 'more') continue;
    for (const { key, value } of slice) lines.push(`${key}=${JSON.stringify(value)}`);
  }
  for (let n = Math.max(0, offset - 90); n <= offset + 1; n++) {
    lines.push(`identity ${n}: ${state.dedupe.lookup(n + 1, 7) ? state.dedupe.foundOffset : 'none'}`);
  }
  for (let n = 0; n < 4; n++) lines.push(`register ${n}: ${state.store(0).readRegister(n)}`);
  for (let n = 0; n < 3; n++) lines.push(`producer ${n}: ${state.producers.lastSequence(1, n)}`);
  return lines.join('\n');
}

/** Takes a cut of the state and commits it. Returns whether it was committed. */
export function checkpoint(state: PartitionState, writer: CheckpointWriter, offset: number): boolean {
  const batch = new RowBatch();
  state.beginCut();
  while (!state.encodeSlice(batchSink(batch), 4_096));
  const meta = {
    offset,
    epoch: 1,
    logTime: offset,
    fingerprint: 'fold',
    version: CHECKPOINT_VERSION,
    extra: { stores: ['rows'] },
  };
  const isCommitted = writer.commit(batch, meta);
  if (isCommitted) state.confirmCut();
  else state.abandonCut();
  return isCommitted;
}

export function batchSink(batch: RowBatch): RowSink {
  return {
    hasRoom: () => true,
    tryRow: (storeId, key, keyStart, keyLength, value, valueStart, valueLength) => {
      batch.add(storeId, key, keyStart, keyLength, valueLength);
      if (valueLength !== ROW_DELETED) batch.appendValue(value, valueStart, valueLength);
      return true;
    },
  };
}
