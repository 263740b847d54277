import type { SeededRandom } from './seeded-random.ts';

/** What a drive writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** How a power cut treats what was not flushed; each crash takes one, so that the pure cases come up too. */
export type LossStyle = 'all' | 'none' | 'random';

type Sectors = Map<number, Uint8Array[]>;

/**
 * One file of the simulated disk: what the page cache shows, what is on the medium, and for every sector that differs
 * the versions that may have reached the medium by themselves, in any order.
 *
 * A failed flush leaves the cache as it is and calls it clean, as Linux does: the next flush does not write those
 * sectors again, and says that all is well.
 */
export class SimulatedInode {
  size = 0;
  private cache = new Uint8Array(0);
  private medium = new Uint8Array(0);
  private mediumSize = 0;
  private dirty: Sectors = new Map();
  private flushing: Sectors = new Map();
  private lost: Sectors = new Map();

  read(into: Uint8Array, start: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    into.set(this.cache.subarray(position, position + count), start);
    return count;
  }

  write(bytes: Uint8Array, start: number, length: number, position: number): void {
    this.reserve(position + length);
    this.cache.set(bytes.subarray(start, start + length), position);
    this.size = Math.max(this.size, position + length);
    const last = Math.floor((position + length - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(position / SECTOR_BYTES); sector <= last; sector++) {
      addVersion(this.dirty, sector, this.cache.slice(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES));
    }
  }

  /** Zero-filled and on the medium at once. */
  fill(sizeBytes: number): void {
    this.reserve(sizeBytes);
    this.size = sizeBytes;
    this.mediumSize = sizeBytes;
  }

  /** What is dirty now, in these bytes, is what the flush is about. */
  beginFlush(position = 0, length = Number.MAX_SAFE_INTEGER): void {
    const first = Math.floor(position / SECTOR_BYTES);
    const last = Math.floor((position + length - 1) / SECTOR_BYTES);
    for (const [sector, versions] of this.dirty) {
      if (sector < first || sector > last) continue;
      for (const bytes of versions) addVersion(this.flushing, sector, bytes);
      this.dirty.delete(sector);
    }
  }

  endFlush(isFailed: boolean): void {
    if (isFailed) {
      for (const [sector, versions] of this.flushing)
        for (const bytes of versions) addVersion(this.lost, sector, bytes);
    } else {
      this.mediumSize = this.size;
      for (const [sector, versions] of this.flushing) {
        this.medium.set(versions.at(-1) as Uint8Array, sector * SECTOR_BYTES);
        this.lost.delete(sector);
      }
    }
    this.flushing = new Map();
  }

  /** The process died: the cache lives, an interrupted flush may be asked for again. */
  survive(): void {
    const interrupted = this.flushing;
    this.flushing = new Map();
    for (const [sector, versions] of this.dirty) for (const bytes of versions) addVersion(interrupted, sector, bytes);
    this.dirty = interrupted;
  }

  /** The power went: for every sector one of the versions it may have, and no trace of the others. */
  losePower(random: SeededRandom, style: LossStyle): void {
    if (style === 'all' || (style === 'random' && random.chance(0.5))) this.mediumSize = this.size;
    const sectors = new Set([...this.lost.keys(), ...this.flushing.keys(), ...this.dirty.keys()]);
    for (const sector of sectors) {
      const versions = [this.lost, this.flushing, this.dirty].flatMap((from) => from.get(sector) ?? []);
      const chosen = style === 'all' ? versions.length : style === 'none' ? 0 : random.below(versions.length + 1);
      if (chosen > 0) this.medium.set(versions[chosen - 1] as Uint8Array, sector * SECTOR_BYTES);
    }
    this.size = this.mediumSize;
    this.medium.fill(0, this.size);
    this.cache = this.medium.slice();
    this.dirty = new Map();
    this.flushing = new Map();
    this.lost = new Map();
  }

  /** Changes bytes under everybody's feet: rot. */
  corrupt(position: number, change: (byte: number) => number): void {
    this.cache[position] = change(this.cache[position] as number);
    this.medium[position] = change(this.medium[position] as number);
  }

  truncate(sizeBytes: number): void {
    this.size = sizeBytes;
    this.mediumSize = sizeBytes;
    this.cache.fill(0, sizeBytes);
    this.medium.fill(0, sizeBytes);
  }

  private reserve(sizeBytes: number): void {
    const capacity = Math.ceil(sizeBytes / SECTOR_BYTES) * SECTOR_BYTES;
    if (capacity <= this.cache.length) return;
    this.cache = grown(this.cache, capacity);
    this.medium = grown(this.medium, capacity);
  }
}

function addVersion(sectors: Sectors, sector: number, bytes: Uint8Array): void {
  const versions = sectors.get(sector);
  if (versions === undefined) sectors.set(sector, [bytes]);
  else versions.push(bytes);
}

function grown(from: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(Math.max(capacity, Math.min(from.length * 2, from.length + 1024 * 1024)));
  to.set(from);
  return to;
}
