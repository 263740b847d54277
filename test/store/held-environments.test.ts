import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CheckpointWriter, DEFAULT_ROTATION } from '../../src/store/checkpoint-writer.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import { holdEnvironments, type KeptEnvironment, keepPrevious, openKept } from '../../src/store/held-environments.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { bundledProcess } from './bundled-process.ts';
import { applyEvent, checkpoint, describeState, openState } from './folded-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const ROUNDS = 60;
const run = bundledProcess('killed-process');
const hold = (directory: string): ReturnType<typeof holdEnvironments> => holdEnvironments(nodeStateFiles, directory, 0);

/** The state after ever later offsets, computed from nothing. */
class Fold {
  readonly #state = openState(openEnvironments(nodeStateFiles, '/nonexistent', 0).openForRead());
  #next = 0;

  through(offset: number): string {
    for (; this.#next <= offset; this.#next++) applyEvent(this.#state, this.#next);
    return describeState(this.#state, offset);
  }
}

/** A copy after every commit, never a fresh environment in its place. */
const COPIES = { ...DEFAULT_ROTATION, maxCommits: 1, maxFreshBytes: 0 };

describe('holdEnvironments', () => {
  it('has nothing to read where no checkpoint was made', () => {
    for (const directory of ['/nonexistent', temporaryDirectory()]) {
      const held = hold(directory);
      expect([held.current.meta, held.previous]).toEqual([null, null]);
      held.close();
    }
  });

  it('keeps both as they were, and leaves no name behind, while a writer goes on and removes them', () => {
    const directory = temporaryDirectory();
    const writer = new CheckpointWriter(nodeStateFiles, directory, COPIES, () => {});
    const state = openState(openEnvironments(nodeStateFiles, directory, 0).openForRead());
    const live = (from: number, count: number): void => {
      for (let offset = from; offset < from + count; offset++) {
        applyEvent(state, offset);
        if (offset % 10 !== 9) continue;
        checkpoint(state, writer, offset);
        writer.startRotation();
        while (writer.isRotating) writer.rotateSlice();
      }
    };
    live(0, 20);
    mkdirSync(join(directory, 'held-999999999/1'), { recursive: true });
    const held = hold(directory);
    expect(readdirSync(directory).sort()).toEqual(['2', '3', 'CURRENT']);
    live(20, 30);
    expect(readdirSync(directory).sort()).toEqual(['5', '6', 'CURRENT']);
    for (const reader of [held.current, held.previous]) {
      expect(reader?.meta?.offset).toBe(19);
      expect(reader && describeState(openState(reader), 19)).toBe(new Fold().through(19));
    }
    held.close();
    writer.close();
  });

  it('keepPrevious keeps what a writer removes, and it can be read beside the others', () => {
    const directory = temporaryDirectory();
    expect(keepPrevious(nodeStateFiles, directory)).toBe(null);
    const writer = new CheckpointWriter(nodeStateFiles, directory, COPIES, () => {});
    const state = openState(openEnvironments(nodeStateFiles, directory, 0).openForRead());
    const keeps: (KeptEnvironment | null)[] = [];
    for (let offset = 0; offset < 4; offset++) {
      applyEvent(state, offset);
      checkpoint(state, writer, offset);
      writer.startRotation();
      while (writer.isRotating) writer.rotateSlice();
      if (offset === 1) keeps.push(keepPrevious(nodeStateFiles, directory));
    }
    const held = hold(directory);
    const kept = openKept(keeps[0]?.directory as string, 0);
    const readers = [kept, held.previous, held.current];
    expect(readers.map((reader) => reader?.meta?.offset)).toEqual([1, 3, 3]);
    expect(describeState(openState(kept), 1)).toBe(new Fold().through(1));
    kept.close();
    held.close();
    keeps[0]?.release();
    const [first, second] = [keepPrevious(nodeStateFiles, directory), hold(directory)];
    const same = openKept(first?.directory as string, 0);
    for (const reader of [same, second.previous]) {
      expect(reader && describeState(openState(reader), 3)).toBe(new Fold().through(3));
    }
    same.close();
    second.close();
    first?.release();
    expect(readdirSync(directory).sort()).toEqual(['4', '5', 'CURRENT']);
    writer.close();
  });

  it('opens what the pointer names where a file of it is missing: LMDB makes its lock anew', () => {
    const directory = temporaryDirectory();
    const writer = new CheckpointWriter(nodeStateFiles, directory, DEFAULT_ROTATION, () => {});
    const state = openState(openEnvironments(nodeStateFiles, directory, 0).openForRead());
    applyEvent(state, 0);
    checkpoint(state, writer, 0);
    writer.close();
    rmSync(join(directory, '1/lock.mdb'));
    const held = hold(directory);
    expect(held.current.meta?.offset).toBe(0);
    held.close();
    rmSync(join(directory, '1/data.mdb'));
    expect(() => hold(directory)).toThrow(expect.objectContaining({ code: 'ERR_CHECKPOINT_DAMAGED' }));
  });

  it('reads one state of another process that commits, rotates and removes without a pause', async () => {
    const directory = temporaryDirectory();
    const child = run(directory);
    let hasEnded = false;
    child.once('exit', () => {
      hasEnded = true;
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', () => {});
    const [folded, foldedBefore] = [new Fold(), new Fold()];
    let generations = 0;
    for (let round = 0; round < ROUNDS; ) {
      const { current, previous, close } = hold(directory);
      const offset = current.meta?.offset ?? -1;
      if (previous?.meta != null) {
        expect(previous.meta.offset).toBeLessThanOrEqual(offset);
        const before = describeState(openState(previous), previous.meta.offset);
        if (before !== foldedBefore.through(previous.meta.offset)) expect.fail(`previous at ${previous.meta.offset}`);
        if (describeState(openState(current), offset) !== folded.through(offset)) expect.fail(`current at ${offset}`);
        generations = Math.max(generations, openEnvironments(nodeStateFiles, directory, 0).current);
        round += 1;
      }
      close();
      await sleep(1);
    }
    expect(hasEnded).toBe(false);
    expect(generations).toBeGreaterThan(5);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    expect(readdirSync(directory).filter((name) => name.startsWith('held-'))).toEqual([]);
  });
});
