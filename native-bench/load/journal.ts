import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * The generator's own record of what was acknowledged to it, kept apart from the engine. One entry per order:
 *
 * ```
 *   0             4              8               12          16             24
 *   +-------------+--------------+---------------+-----------+--------------+
 *   | orderNumber | connection   | partition     | reserved  | offset (f64) |
 *   +-------------+--------------+---------------+-----------+--------------+
 * ```
 * The order number decides the whole order (see `canonical-order.ts`). Partition and offset are -1 where the answer does
 * not name them: the ack of a frame counts its orders.
 */
export const JOURNAL_ENTRY_BYTES = 24;
const BUFFERED_ENTRIES = 4096;

export interface JournalEntry {
  orderNumber: number;
  connection: number;
  partition: number;
  offset: number;
}

export class Journal {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(BUFFERED_ENTRIES * JOURNAL_ENTRY_BYTES);
  #used = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  acked(orderNumber: number, connection: number, partition: number, offset: number): void {
    const buffer = this.#buffer;
    const position = this.#used;
    buffer.writeUInt32LE(orderNumber, position);
    buffer.writeUInt32LE(connection, position + 4);
    buffer.writeInt32LE(partition, position + 8);
    buffer.writeDoubleLE(offset, position + 16);
    this.#used = position + JOURNAL_ENTRY_BYTES;
    if (this.#used === buffer.length) this.#write();
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    let written = 0;
    while (written < this.#used) written += writeSync(this.#file, this.#buffer, written, this.#used - written);
    this.#used = 0;
  }
}

export function readJournal(path: string): JournalEntry[] {
  const bytes = readFileSync(path);
  const entries: JournalEntry[] = [];
  for (let position = 0; position + JOURNAL_ENTRY_BYTES <= bytes.length; position += JOURNAL_ENTRY_BYTES) {
    entries.push({
      orderNumber: bytes.readUInt32LE(position),
      connection: bytes.readUInt32LE(position + 4),
      partition: bytes.readInt32LE(position + 8),
      offset: bytes.readDoubleLE(position + 16),
    });
  }
  return entries;
}
