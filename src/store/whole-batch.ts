import type { LmdbEnvironment } from './lmdb.ts';
import type { RowBatch } from './row-batch.ts';
import { FIRST_SYSTEM_STORE_ID, META_STORE_ID, SIZES_STORE_ID } from './store-spec.ts';

/**
 * Adds to the rows of a checkpoint those that did not change since the one before, so that the batch is all there is.
 * A store whose rows have all changed is known by its size, which every checkpoint has, and is not read again.
 *
 * @param onProgress called now and then
 */
export function makeWhole(batch: RowBatch, environment: LmdbEnvironment, onProgress: () => void): void {
  batch.sort();
  const { count } = batch;
  let position = 0;
  let visited = 0;
  let storeId = 0;
  for (const changed of [...changedStores(batch), META_STORE_ID]) {
    if (storeId < changed) {
      environment.scanStores(storeId, changed, (key, value) => {
        visited += 1;
        if ((visited & PROGRESS_MASK) === 0) onProgress();
        position = batch.seek(key, position);
        if (position === count || batch.compareAt(position, key) !== 0) batch.addWhole(key, value);
      });
    }
    storeId = changed + 1;
  }
}

/** Stores all of whose rows stand in the batch, in the order of their ids. */
function changedStores(batch: RowBatch): number[] {
  const changed: number[] = [];
  const counts = new Map<number, number>();
  for (let i = 0; i < batch.count; i++) {
    const value = batch.select(i);
    const storeId = batch.selectedStoreId;
    if (value === null || storeId > SIZES_STORE_ID) continue;
    if (storeId < FIRST_SYSTEM_STORE_ID) {
      counts.set(storeId, (counts.get(storeId) ?? 0) + 1);
    } else if (storeId === SIZES_STORE_ID) {
      const { bytes, start } = batch.key;
      const id = ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
      if (value.readDoubleLE(value.start) === (counts.get(id) ?? 0)) changed.push(id);
    }
  }
  return changed;
}

const PROGRESS_MASK = 0x3fff;
