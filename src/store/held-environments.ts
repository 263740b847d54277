import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointReader } from './checkpoint.ts';
import { readerOf } from './environments.ts';
import { GenerationPointer, NO_GENERATIONS } from './generations.ts';
import { removeDirectory, type StateFiles } from './state-files.ts';

/** Both environments of a partition, as one reading of the pointer named them. */
export interface HeldEnvironments {
  /** The last checkpoint; its `meta` is null when there is none. */
  readonly current: CheckpointReader;
  /** Never ahead of `current`; null when there is none. */
  readonly previous: CheckpointReader | null;
  close(): void;
}

/**
 * Opens both environments of a partition for who looks at it from outside, also while an engine commits to the one and
 * removes the other. What is read stays as it was: of `current` until the thread's next turn, since a reader keeps its
 * snapshot that long; of `previous` because nobody writes to it any more.
 *
 * ```
 *   state/<partition>/7/data.mdb lock.mdb  ── the same two files ──  state/<partition>/held-<pid>/7/data.mdb lock.mdb
 * ```
 * They are opened by links that are gone again on return. An engine may remove an environment between the look at its
 * files and their opening: LMDB then either fails, which ends the process (`environment-file.ts`), or makes a file in the
 * directory that the engine is about to remove, which then fails. Links to both files are there or they are not, and a
 * file that is open stays when its last name is gone.
 *
 * @throws MokaError ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION, ERR_DATA_UNUSABLE
 */
export function holdEnvironments(files: StateFiles, directory: string, partition: number): HeldEnvironments {
  const pointer = new GenerationPointer(files, directory);
  removeForgotten(files, directory);
  const links = join(directory, `${LINKS_PREFIX}${process.pid}`);
  try {
    for (;;) {
      const { current, previous } = pointer.read();
      const areLinked = [current, previous].every((generation) => linkFiles(pointer, generation, links));
      // Each round needs another rotation, which copies the whole state.
      if (!areLinked && pointer.read().current !== current) continue;
      // What cannot be linked stays where it is: the pointer names it, or the file system knows no links.
      const directoryOf = areLinked ? (n: number) => join(links, String(n)) : (n: number) => pointer.directoryOf(n);
      return openBoth(current, previous, directoryOf, partition);
    }
  } finally {
    removeDirectory(links);
  }
}

/** The previous environment of a partition, kept by links of our own from going when an engine removes it. */
export interface KeptEnvironment {
  readonly directory: string;
  release(): void;
}

/**
 * Before an engine is asked for a checkpoint: with it, it may let go of the only state that is older than what it saves.
 *
 * @returns null: there is none, or the file system knows no links
 */
export function keepPrevious(files: StateFiles, directory: string): KeptEnvironment | null {
  const pointer = new GenerationPointer(files, directory);
  removeForgotten(files, directory);
  const links = join(directory, `${LINKS_PREFIX}${process.pid}${KEPT_SUFFIX}`);
  const release = (): void => removeDirectory(links);
  for (;;) {
    const { current, previous } = pointer.read();
    if (previous === NO_GENERATIONS.previous) return null;
    if (linkFiles(pointer, previous, links)) return { directory: join(links, String(previous)), release };
    release();
    if (pointer.read().current === current) return null;
  }
}

/** @throws MokaError ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION */
export function openKept(directory: string, partition: number): CheckpointReader {
  return readerOf(1, () => directory, partition);
}

function openBoth(
  current: number,
  previous: number,
  directoryOf: (generation: number) => string,
  partition: number,
): HeldEnvironments {
  const last = readerOf(current, directoryOf, partition);
  try {
    const before = previous === NO_GENERATIONS.previous ? null : readerOf(previous, directoryOf, partition);
    const close = (): void => {
      last.close();
      before?.close();
    };
    return { current: last, previous: before, close };
  } catch (error) {
    last.close();
    throw error;
  }
}

/** @returns whether both files of this environment have a second name now; there is nothing to do for none */
function linkFiles(pointer: GenerationPointer, generation: number, links: string): boolean {
  if (generation === NO_GENERATIONS.current) return true;
  const target = join(links, String(generation));
  try {
    removeDirectory(target);
    mkdirSync(target, { recursive: true, mode: 0o700 });
    for (const name of ENVIRONMENT_FILES) linkSync(join(pointer.directoryOf(generation), name), join(target, name));
    return true;
  } catch {
    return false;
  }
}

/** Links of a process that was killed while it opened them would keep the room of what was removed since. */
export function removeForgotten(files: StateFiles, directory: string): void {
  if (!files.existsSync(directory)) return;
  for (const name of files.listSync(directory)) {
    if (!name.startsWith(LINKS_PREFIX)) continue;
    if (!isAlive(Number.parseInt(name.slice(LINKS_PREFIX.length), 10))) removeDirectory(join(directory, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const LINKS_PREFIX = 'held-';
const KEPT_SUFFIX = '-kept';
const ENVIRONMENT_FILES = ['data.mdb', 'lock.mdb'] as const;
