import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openEnvironments } from '../../src/store/environments.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { bundledProcess } from './bundled-process.ts';
import { applyEvent, describeState, openState } from './folded-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const run = bundledProcess('killed-process');

/** Where the process may end: by itself at a fail point, the nth time, or at any moment. */
const ENDS = [
  'checkpoint.before-transaction:1',
  'checkpoint.after-transaction:1',
  'checkpoint.after-transaction:4',
  'checkpoint.before-turn:1',
  'checkpoint.after-turn:1',
  'checkpoint.before-turn:2',
  30,
  70,
  110,
] as const;

function foldedThrough(offset: number): string {
  const state = openState(openEnvironments(nodeStateFiles, '/nonexistent', 0).openForRead());
  for (let n = 0; n <= offset; n++) applyEvent(state, n);
  return describeState(state, offset);
}

it.each(['copy', 'fresh'])(
  'what was committed outlives SIGKILL at any moment, whole and as it was: %s',
  { timeout: 60_000 },
  async (way) => {
    const directory = temporaryDirectory();
    let committed = -1;
    for (const end of ENDS) {
      const child = run(directory, typeof end === 'string' ? end : '', way);
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_code, signal) => resolve(signal)),
      );
      for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
        const [word, offset, text] = line.split(' ') as [string, string, string | undefined];
        if (word === 'committed') {
          committed = Number(offset);
          continue;
        }
        // A commit whose word did not get out may count or not.
        expect(Number(offset)).toBeGreaterThanOrEqual(committed);
        expect(Buffer.from(text as string, 'base64').toString()).toBe(foldedThrough(Number(offset)));
        committed = Number(offset);
        if (typeof end === 'number') setTimeout(() => child.kill('SIGKILL'), end);
      }
      expect(await ended).toBe('SIGKILL');
    }
    expect(committed).toBeGreaterThan(20);
  },
);
