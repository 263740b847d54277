// data plane
import { assert } from '../base/assert.ts';
import { ARENA_BYTES, SLAB_BYTES } from './store-limits.ts';

/** A cell that does not exist. */
export const NO_CELL = 0;

/** Cells of as many units have the same room. */
export function unitsOf(sizeBytes: number): number {
  return (sizeBytes + UNIT_BYTES - 1) >>> UNIT_SHIFT;
}

/**
 * Memory for the bytes of rows, outside of what the collector walks. Cells come in size classes; a slab holds cells of
 * one class and goes back to the pool of slabs when its last cell is freed (Bonwick, "The Slab Allocator", 1994).
 *
 * ```
 *   cell number, int32 > 0     | arena (15 bits) | slab in arena (4) | unit of 16 bytes in slab (12) |
 *   arena 0                    does not exist, so that 0 is no cell
 *   a cell beyond a slab       is an arena of its own
 * ```
 * A cell's bytes are `arenas[cell >>> 16]` from `(cell & 0xffff) << 4` on; as words, `words[cell >>> 16]` from
 * `(cell & 0xffff) << 2` on. What is freed may be given out again at once.
 */
export class SlabMemory {
  readonly arenas: Buffer[] = [NO_MEMORY];
  readonly words: Int32Array[] = [NO_WORDS];
  /** Bytes of all cells that are out, rounded up to their class. */
  usedBytes = 0;
  /** Bytes taken from the system. */
  reservedBytes = 0;

  // By slab number, `cell >>> 12`.
  #class = new Uint8Array(INITIAL_SLABS);
  #freeUnit = new Int32Array(INITIAL_SLABS);
  #live = new Int32Array(INITIAL_SLABS);
  #made = new Int32Array(INITIAL_SLABS);
  #next = new Int32Array(INITIAL_SLABS);
  #previous = new Int32Array(INITIAL_SLABS);
  /** By class: first slab with a free cell. */
  readonly #open = new Int32Array(CLASS_COUNT).fill(NONE);
  readonly #freeSlabs: number[] = [];
  readonly #freeArenas: number[] = [];

  allocate(sizeBytes: number): number {
    const units = unitsOf(sizeBytes);
    if (units > SLAB_UNITS) return this.#allocateAlone(sizeBytes);
    const sizeClass = CLASS_OF_UNITS[units] as number;
    let slab = this.#open[sizeClass] as number;
    if (slab === NONE) slab = this.#openSlab(sizeClass);
    const classUnits = UNITS_OF_CLASS[sizeClass] as number;
    let cell: number;
    const free = this.#freeUnit[slab] as number;
    if (free !== NONE) {
      cell = (slab << SLAB_SHIFT) | free;
      this.#freeUnit[slab] = (this.words[cell >>> 16] as Int32Array)[(cell & 0xffff) << 2] as number;
    } else {
      cell = (slab << SLAB_SHIFT) | (classUnits * (this.#made[slab] as number));
      this.#made[slab] = (this.#made[slab] as number) + 1;
    }
    const live = (this.#live[slab] as number) + 1;
    this.#live[slab] = live;
    if (live === CELLS_OF_CLASS[sizeClass]) this.#unlink(slab, sizeClass);
    this.usedBytes += classUnits << UNIT_SHIFT;
    return cell;
  }

  free(cell: number): void {
    const slab = cell >>> SLAB_SHIFT;
    const sizeClass = this.#class[slab] as number;
    if (sizeClass === ALONE) {
      this.#freeAlone(cell >>> 16);
      return;
    }
    const words = this.words[cell >>> 16] as Int32Array;
    words[(cell & 0xffff) << 2] = this.#freeUnit[slab] as number;
    this.#freeUnit[slab] = cell & (SLAB_UNITS - 1);
    const live = (this.#live[slab] as number) - 1;
    this.#live[slab] = live;
    this.usedBytes -= (UNITS_OF_CLASS[sizeClass] as number) << UNIT_SHIFT;
    if (live === (CELLS_OF_CLASS[sizeClass] as number) - 1) this.#link(slab, sizeClass);
    // The last open slab of a class stays, lest a class that hovers around zero makes and drops slabs all the time.
    if (live === 0 && (this.#next[slab] !== NONE || this.#previous[slab] !== NONE)) {
      this.#unlink(slab, sizeClass);
      this.#freeSlabs.push(slab);
    }
  }

  #openSlab(sizeClass: number): number {
    let slab = this.#freeSlabs.pop();
    if (slab === undefined) {
      this.#addArena();
      slab = this.#freeSlabs.pop() as number;
    }
    this.#class[slab] = sizeClass;
    this.#freeUnit[slab] = NONE;
    this.#live[slab] = 0;
    this.#made[slab] = 0;
    this.#link(slab, sizeClass);
    return slab;
  }

  #link(slab: number, sizeClass: number): void {
    const first = this.#open[sizeClass] as number;
    this.#next[slab] = first;
    this.#previous[slab] = NONE;
    if (first !== NONE) this.#previous[first] = slab;
    this.#open[sizeClass] = slab;
  }

  #unlink(slab: number, sizeClass: number): void {
    const next = this.#next[slab] as number;
    const previous = this.#previous[slab] as number;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else this.#open[sizeClass] = next;
    this.#next[slab] = NONE;
    this.#previous[slab] = NONE;
  }

  #addArena(): void {
    const arena = this.#installArena(ARENA_BYTES);
    for (let i = SLABS_PER_ARENA - 1; i >= 0; i--) this.#freeSlabs.push(arena * SLABS_PER_ARENA + i);
  }

  #installArena(sizeBytes: number): number {
    const arena = this.#freeArenas.pop() ?? this.arenas.length;
    assert(arena < MAX_ARENAS, 'slab memory arenas used up');
    const memory = new ArrayBuffer(sizeBytes);
    this.arenas[arena] = Buffer.from(memory);
    this.words[arena] = new Int32Array(memory);
    this.reservedBytes += sizeBytes;
    if ((arena + 1) * SLABS_PER_ARENA > this.#class.length) this.#growSlabTables();
    return arena;
  }

  #allocateAlone(sizeBytes: number): number {
    const size = (sizeBytes + UNIT_BYTES - 1) & ~(UNIT_BYTES - 1);
    const arena = this.#installArena(size);
    this.#class[arena * SLABS_PER_ARENA] = ALONE;
    this.usedBytes += size;
    return arena << 16;
  }

  #freeAlone(arena: number): void {
    const size = (this.arenas[arena] as Buffer).length;
    this.usedBytes -= size;
    this.reservedBytes -= size;
    this.arenas[arena] = NO_MEMORY;
    this.words[arena] = NO_WORDS;
    this.#freeArenas.push(arena);
  }

  #growSlabTables(): void {
    const length = this.#class.length * 2;
    const grownClass = new Uint8Array(length);
    grownClass.set(this.#class);
    this.#class = grownClass;
    this.#freeUnit = grown(this.#freeUnit, length);
    this.#live = grown(this.#live, length);
    this.#made = grown(this.#made, length);
    this.#next = grown(this.#next, length);
    this.#previous = grown(this.#previous, length);
  }
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(array);
  return longer;
}

const NONE = -1;
const UNIT_BYTES = 16;
const UNIT_SHIFT = 4;
const SLAB_UNITS = SLAB_BYTES / UNIT_BYTES;
const SLAB_SHIFT = 12;
const SLABS_PER_ARENA = ARENA_BYTES / SLAB_BYTES;
const MAX_ARENAS = 1 << 15;
const INITIAL_SLABS = 256;
const NO_MEMORY = Buffer.alloc(0);
const NO_WORDS = new Int32Array(0);

/** Cell sizes in units: every one up to 256 bytes, then four to a doubling, then what divides a slab evenly. */
const UNITS_OF_CLASS = Uint16Array.of(
  ...Array.from({ length: 16 }, (_, i) => i + 1),
  ...[20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 315, 372, 455, 512],
  ...[585, 682, 819, 1024, 1365, 2048, 4096],
);
const CLASS_COUNT = UNITS_OF_CLASS.length;
const ALONE = 255;
const CELLS_OF_CLASS = UNITS_OF_CLASS.map((units) => Math.floor(SLAB_UNITS / units));
const CLASS_OF_UNITS = new Uint8Array(SLAB_UNITS + 1);
for (let units = 1, sizeClass = 0; units <= SLAB_UNITS; units++) {
  if (units > (UNITS_OF_CLASS[sizeClass] as number)) sizeClass += 1;
  CLASS_OF_UNITS[units] = sizeClass;
}

assert(SLAB_UNITS === 1 << SLAB_SHIFT && SLABS_PER_ARENA === 1 << (16 - SLAB_SHIFT), 'a cell number packs its parts');
