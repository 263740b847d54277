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

  /** @param bufferBytes the longest body */
  constructor(bufferBytes: number, budgetBytes: number) {
    this.#bufferBytes = bufferBytes;
    this.#budgetBytes = budgetBytes;
  }

  /** @returns null when all the memory is in use */
  take(): Uint8Array | null {
    if (this.usedBytes + this.#bufferBytes > this.#budgetBytes) return null;
    this.usedBytes += this.#bufferBytes;
    return this.#free.pop() ?? new Uint8Array(this.#bufferBytes);
  }

  give(buffer: Uint8Array): void {
    this.usedBytes -= this.#bufferBytes;
    if (this.#free.length < KEPT_BUFFERS) this.#free.push(buffer);
  }
}
