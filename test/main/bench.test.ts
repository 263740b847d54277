import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { moka } from './moka-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'moka-bench-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('moka bench', () => {
  it('drives an engine of its own, counts every order, and leaves nothing behind', () => {
    const args = ['--seconds', '1', '--connections', '4', '--dir', directory, '--json'];
    const { code, stdout, stderr } = moka(['bench', ...args]);
    expect([code, stderr]).toEqual([0, '']);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ event: 'bench', transport: 'http', durability: 'fsync', accepted: result.sent });
    expect(result.sent).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });
});
