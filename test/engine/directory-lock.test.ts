import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockDirectory } from '../../src/engine/directory-lock.ts';

const root = mkdtempSync(join(tmpdir(), 'moka-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function directory(): string {
  return mkdtempSync(join(root, 'd-'));
}

/** A process that takes the lock, says so, and is killed. */
async function leaveDeadOwner(path: string): Promise<void> {
  const script = `
    const server = require('node:net').createServer();
    server.listen(${JSON.stringify(join(path, 'LOCK.sock'))}, () => console.log('held'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('lockDirectory', () => {
  it('is refused while it is held, naming the owner, and given after the release', async () => {
    const path = directory();
    const lock = await lockDirectory(path);
    await expect(lockDirectory(path)).rejects.toMatchObject({
      code: 'ERR_DATA_OCCUPIED',
      message: expect.stringContaining(`pid=${process.pid}`),
    });
    lock.release();
    (await lockDirectory(path)).release();
  });

  it('takes over from an owner that was killed', async () => {
    const path = directory();
    await leaveDeadOwner(path);
    (await lockDirectory(path)).release();
  });

  it('takes over when another was killed while it took over', async () => {
    const path = directory();
    await leaveDeadOwner(path);
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    symlinkSync(String(dead.pid), join(path, 'LOCK.claim'));
    (await lockDirectory(path)).release();
  });

  it('lets one of several that take over at once have it', async () => {
    const path = directory();
    await leaveDeadOwner(path);
    const results = await Promise.allSettled([lockDirectory(path), lockDirectory(path), lockDirectory(path)]);
    const held = results.filter((result) => result.status === 'fulfilled');
    expect(held).toHaveLength(1);
    for (const result of held) result.value.release();
  });

  it('works however long the path is', async () => {
    const path = join(directory(), 'd'.repeat(120));
    mkdirSync(path);
    (await lockDirectory(path)).release();
  });
});
