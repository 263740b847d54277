import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineWriter } from '../../src/main/line-writer.ts';

describe('LineWriter', () => {
  it('hands many lines over at once and the rest at the end', async () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(String(chunk));
        done();
      },
    });
    const writer = new LineWriter(stream);
    const line = 'x'.repeat(1023);
    for (let count = 0; count < 63; count++) expect(writer.write(line)).toBeUndefined();
    await writer.write(line);
    expect(chunks.map((chunk) => chunk.length)).toEqual([65_536]);
    writer.write('last');
    await writer.flush();
    expect(chunks[1]).toBe('last\n');
  });

  it('waits for a slow reader', async () => {
    let accept = (): void => {};
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        accept = done;
      },
    });
    let isDone = false;
    const flushed = new LineWriter(stream).flush().then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    accept();
    await flushed;
  });
});
