import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { findOwner, lockDirectory } from '../../src/engine/directory-lock.ts';
import { saveRunningEngine } from '../../src/engine/running-engine.ts';

const root = mkdtempSync(join(tmpdir(), 'moka-running-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A data directory that this process holds, as an engine would whose admin listener answers like this. */
async function heldDirectory(listener: RequestListener | null): Promise<{ directory: string; url: string }> {
  const directory = mkdtempSync(join(root, 'd-'));
  const lock = await lockDirectory(directory);
  onTestFinished(() => lock.release());
  const server: Server = createServer(listener ?? (() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  if (listener === null) close();
  else onTestFinished(close);
  lock.announce(url);
  return { directory, url };
}

describe('saveRunningEngine', () => {
  it('finds none where nobody holds the directory', async () => {
    const directory = mkdtempSync(join(root, 'd-'));
    expect([await findOwner(directory), await saveRunningEngine(directory)]).toEqual([null, null]);
  });

  it('asks on the admin listener that the lock names, and gives what was saved', async () => {
    const asked: string[] = [];
    const { directory, url } = await heldDirectory((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const partitions = [4, -1].map((checkpointOffset, partition) => ({ partition, checkpointOffset }));
      response.end(JSON.stringify({ pid: process.pid, partitions }));
    });
    expect(await findOwner(directory)).toEqual({ pid: String(process.pid), adminUrl: url });
    expect(await saveRunningEngine(directory, 7)).toEqual({ pid: String(process.pid), offsets: [4, -1] });
    expect(asked).toEqual(['POST /admin/checkpoint?wait=7']);
  });

  it.each([
    [507, { code: 'ERR_DISK_FULL', detail: 'no room' }, 'ERR_DISK_FULL', 'saves no checkpoint: no room; try again'],
    [202, { accepted: true }, 'ERR_NOT_READY', 'saves no checkpoint: status=202'],
    [404, 'not here', 'ERR_NOT_READY', 'saves no checkpoint: status=404'],
    [200, { pid: 1, partitions: [] }, 'ERR_NOT_READY', `answers pid=1, not engine pid=${process.pid}`],
  ])('says why nothing was saved when the answer is %i %j', async (status, body, code, message) => {
    const { directory } = await heldDirectory((_, response) => {
      response.writeHead(status).end(JSON.stringify(body));
    });
    await expect(saveRunningEngine(directory)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('says what to do when the admin listener cannot be reached, or does not answer', async () => {
    const gone = await heldDirectory(null);
    await expect(saveRunningEngine(gone.directory)).rejects.toMatchObject({
      code: 'ERR_NOT_READY',
      message: expect.stringMatching(
        /^admin listener http:\S+ of engine pid=\d+ cannot be reached from here: .*--no-ch/,
      ),
    });
    const silent = await heldDirectory(() => {});
    await expect(saveRunningEngine(silent.directory, 0.1, 0.1)).rejects.toMatchObject({
      code: 'ERR_NOT_READY',
      message: expect.stringContaining('no answer in seconds=0.2'),
    });
  });

  it('says that an engine is not open yet', async () => {
    const directory = mkdtempSync(join(root, 'd-'));
    const lock = await lockDirectory(directory);
    await expect(saveRunningEngine(directory)).rejects.toMatchObject({
      code: 'ERR_NOT_READY',
      message: expect.stringContaining('is not open yet; try again'),
    });
    lock.release();
  });
});
