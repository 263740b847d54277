import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>;

/** What a script was called with. `--help` shows its usage and ends it with 0, a mistake with 2. */
export class ScriptArguments<T extends Options> {
  readonly values: Parsed<T>['values'];
  readonly positionals: string[];
  readonly #usage: string;

  constructor(usage: string, options: T) {
    this.#usage = `usage: ${usage}\n`;
    const { values, positionals } = this.#parsed(options);
    this.values = values;
    this.positionals = positionals;
  }

  /** A whole number that was given as text. */
  count(name: string, text: string, least = 1): number {
    const count = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(count) || count < least) {
      this.refuse(`--${name}=${text}: must be a whole number from ${least} on`);
    }
    return count;
  }

  /** A span that was given as text. */
  seconds(name: string, text: string): number {
    const seconds = Number(text);
    if (!(seconds > 0 && seconds < Number.POSITIVE_INFINITY))
      this.refuse(`--${name}=${text}: must be seconds, more than 0`);
    return seconds;
  }

  refuse(complaint: string): never {
    process.stderr.write(`${complaint}\n${this.#usage}`);
    process.exit(2);
  }

  #parsed(options: T): Parsed<T> {
    if (process.argv.includes('--help') || process.argv.includes('-h')) {
      process.stdout.write(this.#usage);
      process.exit(0);
    }
    try {
      return parseArgs({ options, allowPositionals: true }) as Parsed<T>;
    } catch (error) {
      return this.refuse((error as Error).message);
    }
  }
}
