import type { WriteStream } from 'node:tty';

/**
 * Writing for people and for programs. Results go to stdout, everything about the way there (progress, warnings,
 * errors) to stderr, so that a pipe gets results only.
 */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof CODES;

/** A painter for this stream; it leaves texts alone unless a person with a colour terminal reads them. */
export function painter(stream: Partial<WriteStream>, env = process.env): (colour: Colour, text: string) => string {
  const isColoured = stream.isTTY === true && env['NO_COLOR'] === undefined && env['TERM'] !== 'dumb';
  return (colour, text) => (isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

/** A text written over several lines of source as paragraphs, for a terminal to break as it is wide. */
export function paragraphs(text: string): string {
  return text.replaceAll(/([^\n])\n(?=[^\n])/g, '$1 ');
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** `moka log | head` closes the pipe early, which is no failure. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const BAR_WIDTH = 30;
const REDRAW_MS = 100;

/** A bar on stderr while somebody watches; silent in a pipe or a journal. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: WriteStream;
  readonly #isShown: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(label: string, total: number, { isQuiet = false, stream = process.stderr as WriteStream } = {}) {
    this.#label = label;
    this.#total = total;
    this.#stream = stream;
    this.#isShown = stream.isTTY === true && !isQuiet;
  }

  update(done: number): void {
    const now = performance.now();
    if (!this.#isShown || (now - this.#drawnAt < REDRAW_MS && done < this.#total)) return;
    this.#drawnAt = now;
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    this.#stream.write(`\r${this.#label} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isShown) this.#stream.write('\r\u001b[K');
  }
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 1 536 → `1.5 KiB` */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`;
}

/** 0.0123 ms → `12 µs` */
export function durationText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
