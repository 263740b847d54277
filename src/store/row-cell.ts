// data plane
import type { SlabMemory } from './slab-memory.ts';

/**
 * One row as bytes, in a cell of its own.
 *
 * ```
 *   0                   4                 8
 *   +-------------------+-----------------+----------------------------+-----------------+
 *   | value length i32  | key length u32  | key: store id u16 BE, key  | value           |
 *   +-------------------+-----------------+----------------------------+-----------------+
 *   -1: there is no such row               padded to 4 with zeros
 * ```
 */
export const CELL_VALUE_LENGTH_WORD = 0;
export const CELL_KEY_LENGTH_WORD = 1;
export const CELL_KEY_WORD = 2;
export const CELL_HEADER_BYTES = 8;
/** Value length of a row that is not there. */
export const ABSENT = -1;

/** Bytes of a cell for this row; a row that is absent has only its key. */
export function cellSize(keyLength: number, valueLength: number): number {
  return CELL_HEADER_BYTES + ((keyLength + 3) & ~3) + (valueLength > 0 ? valueLength : 0);
}

/** First byte of the value, relative to the cell's. */
export function valueOffset(keyLength: number): number {
  return CELL_HEADER_BYTES + ((keyLength + 3) & ~3);
}

/** Orders two cells' keys by their bytes. */
export function compareCellKeys(memory: SlabMemory, a: number, b: number): number {
  const aWord = (a & 0xffff) << 2;
  const bWord = (b & 0xffff) << 2;
  const aLength = (memory.words[a >>> 16] as Int32Array)[aWord + CELL_KEY_LENGTH_WORD] as number;
  const bLength = (memory.words[b >>> 16] as Int32Array)[bWord + CELL_KEY_LENGTH_WORD] as number;
  const aBytes = memory.arenas[a >>> 16] as Buffer;
  const bBytes = memory.arenas[b >>> 16] as Buffer;
  const aStart = ((a & 0xffff) << 4) + CELL_HEADER_BYTES;
  const bStart = ((b & 0xffff) << 4) + CELL_HEADER_BYTES;
  const common = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < common; i++) {
    const difference = (aBytes[aStart + i] as number) - (bBytes[bStart + i] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Orders a cell's key, without its store id, against a key. */
export function compareCellToKey(memory: SlabMemory, cell: number, key: Uint8Array, keyLength: number): number {
  const bytes = memory.arenas[cell >>> 16] as Buffer;
  const start = ((cell & 0xffff) << 4) + CELL_HEADER_BYTES + 2;
  const words = memory.words[cell >>> 16] as Int32Array;
  const length = (words[((cell & 0xffff) << 2) + CELL_KEY_LENGTH_WORD] as number) - 2;
  const common = length < keyLength ? length : keyLength;
  for (let i = 0; i < common; i++) {
    const difference = (bytes[start + i] as number) - (key[i] as number);
    if (difference !== 0) return difference;
  }
  return length - keyLength;
}
