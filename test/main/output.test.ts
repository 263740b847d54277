import { describe, expect, it, vi } from 'vitest';
import { bytesText, durationText, Progress, painter } from '../../src/main/output.ts';

/** A terminal, or a pipe, that remembers what was written to it. */
class FakeStream {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

function progressOn(stream: FakeStream, options: { isQuiet?: boolean } = {}): Progress {
  return new Progress('reading', 4, { ...options, stream: stream as never });
}

describe('painter', () => {
  it('colours on a terminal', () => {
    expect(painter({ isTTY: true }, {})('red', 'no')).toBe('\u001b[31mno\u001b[0m');
  });

  it('leaves texts alone in a pipe, without colours wanted, and on a dumb terminal', () => {
    expect(painter({}, {})('red', 'no')).toBe('no');
    expect(painter({ isTTY: true }, { NO_COLOR: '' })('red', 'no')).toBe('no');
    expect(painter({ isTTY: true }, { TERM: 'dumb' })('red', 'no')).toBe('no');
  });
});

describe('Progress', () => {
  it('draws a bar on a terminal and takes it away', () => {
    const stream = new FakeStream(true);
    const progress = progressOn(stream);
    progress.update(2);
    expect(stream.text).toMatch(/^\rreading █{15}░{15} {2}50 %$/);
    progress.end();
    expect(stream.text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('draws at once, also in a process that has just begun', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(1);
    const stream = new FakeStream(true);
    progressOn(stream).update(1);
    now.mockRestore();
    expect(stream.text).toContain('25 %');
  });

  it('draws the end whenever it comes, and nothing beyond it', () => {
    const stream = new FakeStream(true);
    const progress = progressOn(stream);
    progress.update(4);
    progress.update(9);
    expect(stream.text.match(/100 %/g)).toHaveLength(2);
    expect(stream.text).not.toContain('225 %');
  });

  it('writes nothing into a pipe or when quiet', () => {
    const pipe = new FakeStream(false);
    const terminal = new FakeStream(true);
    for (const progress of [progressOn(pipe), progressOn(terminal, { isQuiet: true })]) {
      progress.update(2);
      progress.end();
    }
    expect(pipe.text + terminal.text).toBe('');
  });
});

describe('bytesText', () => {
  it('names the largest unit that fits', () => {
    expect([0, 1023, 1024, 1536, 1024 ** 2, 3.5 * 1024 ** 3].map(bytesText)).toEqual([
      '0 B',
      '1023 B',
      '1 KiB',
      '1.5 KiB',
      '1 MiB',
      '3.5 GiB',
    ]);
  });
});

describe('durationText', () => {
  it('goes from microseconds to seconds', () => {
    expect([0.0124, 0.9, 1, 9.94, 10.4, 1500].map(durationText)).toEqual([
      '12 µs',
      '900 µs',
      '1.0 ms',
      '9.9 ms',
      '10 ms',
      '1.5 s',
    ]);
  });
});
