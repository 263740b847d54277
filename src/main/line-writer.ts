/** Enough lines for one system call. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes many lines to a stream that may be slower than we are, and never holds more than a chunk of them. */
export class LineWriter {
  readonly #stream: NodeJS.WritableStream;
  #chunk = '';

  constructor(stream: NodeJS.WritableStream = process.stdout) {
    this.#stream = stream;
  }

  /** @returns a promise to wait for before the next line when a chunk had to go, else undefined */
  write(line: string): Promise<void> | undefined {
    this.#chunk += `${line}\n`;
    return this.#chunk.length < CHUNK_CHARACTERS ? undefined : this.flush();
  }

  /** Resolves when everything has been handed to the system; never, when the reader has gone. */
  flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = '';
    return new Promise((resolve) => {
      this.#stream.write(chunk, (error) => {
        if (!error) resolve();
      });
    });
  }
}
