// data plane
/** Buffers that wait for the next body in pieces; more are left to the collector. */
const KEPT_BUFFERS = 64;

/**
 * Memory for bodies that arrive in several pieces, bounded over all requests. Most bodies come in one piece and never
 * see it.
 */
export class GatherBuffers {
  usedBytes = 0;
  readonly #bufferBytes: number;
  readonly #budgetBytes: number;
  readonly #free: Uint8Array[] = [];

  /** @param bufferBytes the longest body of one event */
  constructor(bufferBytes: number, budgetBytes: number) {
    this.#bufferBytes = bufferBytes;
    this.#budgetBytes = budgetBytes;
  }

  /** @returns false when all the memory is in use */
  reserve(bytes: number): boolean {
    if (this.usedBytes + bytes > this.#budgetBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  unreserve(bytes: number): void {
    this.usedBytes -= bytes;
  }

  /** @returns null when all the memory is in use */
  take(): Uint8Array | null {
    if (!this.reserve(this.#bufferBytes)) return null;
    return this.#free.pop() ?? new Uint8Array(this.#bufferBytes);
  }

  give(buffer: Uint8Array): void {
    this.unreserve(this.#bufferBytes);
    if (this.#free.length < KEPT_BUFFERS) this.#free.push(buffer);
  }
}
