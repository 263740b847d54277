import { join } from 'node:path';
import { MokaError } from '../base/errors.ts';
import type { StateFiles } from './state-files.ts';

/** Which environments count: the current one, and the previous one as the way back. 0 is none. */
export interface Generations {
  readonly current: number;
  readonly previous: number;
  /** Offset that the previous one reflects; -1 without one. */
  readonly previousOffset: number;
}

export const NO_GENERATIONS: Generations = { current: 0, previous: 0, previousOffset: -1 };

/**
 * The pointer file that says which environments of a partition count, replaced as a whole:
 *
 * ```
 *   state/<partition>/CURRENT    {"version":1,"current":7,"previous":6,"previousOffset":1200431}
 *   state/<partition>/6/         data.mdb lock.mdb
 *   state/<partition>/7/
 * ```
 * A directory that the pointer does not name is a copy that was not finished, or one that was replaced.
 */
export class GenerationPointer {
  readonly directory: string;
  readonly #files: StateFiles;
  readonly #path: string;

  constructor(files: StateFiles, directory: string) {
    this.directory = directory;
    this.#files = files;
    this.#path = join(directory, 'CURRENT');
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION */
  read(): Generations {
    if (!this.#files.existsSync(this.#path)) return NO_GENERATIONS;
    const text = Buffer.from(this.#files.readFileSync(this.#path)).toString();
    const parsed = parse(text);
    if (parsed === null) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `pointer file=${this.#path} content=${text.slice(0, 80)}`);
    }
    if (parsed.version !== POINTER_VERSION) {
      throw new MokaError('ERR_DATA_VERSION', `pointer file=${this.#path} version=${parsed.version}`);
    }
    return { current: parsed.current, previous: parsed.previous, previousOffset: parsed.previousOffset };
  }

  write(generations: Generations): void {
    const text = JSON.stringify({ version: POINTER_VERSION, ...generations });
    this.#files.writeFileDurableSync(this.#path, Buffer.from(`${text}\n`));
  }

  directoryOf(generation: number): string {
    return join(this.directory, String(generation));
  }

  /** Every generation that has a directory, counted or not. */
  list(): number[] {
    if (!this.#files.existsSync(this.directory)) return [];
    return this.#files
      .listSync(this.directory)
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number);
  }

  /** A number that no directory has. */
  next(): number {
    return Math.max(0, ...this.list()) + 1;
  }
}

function parse(text: string): (Generations & { version: number }) | null {
  try {
    const value = JSON.parse(text) as Partial<Generations & { version: number }> | null;
    const { version, current, previous, previousOffset } = value ?? {};
    if (![version, current, previous, previousOffset].every(Number.isSafeInteger)) return null;
    return value as Generations & { version: number };
  } catch {
    return null;
  }
}

const POINTER_VERSION = 1;
