import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, readJournal } from '../../../native-bench/load/journal.ts';

describe('Journal', () => {
  it('gives back every entry, across full buffers', () => {
    const directory = mkdtempSync(join(tmpdir(), 'journal-'));
    try {
      const path = join(directory, 'acked');
      const journal = new Journal(path);
      for (let number = 0; number < 5000; number++) journal.acked(number, number % 7, -1, number * 2 ** 32);
      journal.close();
      const entries = readJournal(path);
      expect(entries).toHaveLength(5000);
      expect(entries[4999]).toEqual({ orderNumber: 4999, connection: 1, partition: -1, offset: 4999 * 2 ** 32 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
