/** Random numbers that a seed brings back: sfc32, after Chris Doty-Humphrey's PractRand. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x100000000) | 0;
    for (let round = 0; round < 12; round++) this.word();
  }

  /** A word of 32 bits, unsigned. */
  word(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    return result >>> 0;
  }

  /** From 0 to `end`, which is not reached. */
  below(end: number): number {
    return Math.floor((this.word() / 0x100000000) * end);
  }

  chance(probability: number): boolean {
    return this.word() / 0x100000000 < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}
