import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointWriter, DEFAULT_ROTATION, type RotationPolicy } from '../../src/store/checkpoint-writer.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import { LmdbEnvironment } from '../../src/store/lmdb.ts';
import { RowBatch } from '../../src/store/row-batch.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { applyEvent, checkpoint, describeState, openState } from './folded-state.ts';
import { metaAt } from './state-fixtures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A copy after every commit. */
const EVERY_COMMIT: RotationPolicy = { ...DEFAULT_ROTATION, maxCommits: 1, maxFreshBytes: 0 };

function writerOf(directory: string, rotation = DEFAULT_ROTATION, open = LmdbEnvironment.open): CheckpointWriter {
  return new CheckpointWriter(nodeStateFiles, directory, rotation, () => {}, open);
}

function rotate(writer: CheckpointWriter): void {
  writer.startRotation();
  while (writer.isRotating) writer.rotateSlice();
}

function describeSaved(directory: string): string {
  const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
  const text = describeState(openState(reader), reader.meta?.offset ?? -1);
  reader.close();
  return text;
}

function foldedThrough(offset: number): string {
  const state = openState(openEnvironments(nodeStateFiles, '/nonexistent', 0).openForRead());
  for (let n = 0; n <= offset; n++) applyEvent(state, n);
  return describeState(state, offset);
}

describe('CheckpointWriter and environments', () => {
  it('a state goes on from its checkpoint as if nothing had happened', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory);
    let offset = 0;
    for (let life = 0; life < 3; life++) {
      const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
      expect(reader.meta?.offset ?? -1).toBe(offset - 1);
      const state = openState(reader);
      for (let n = 0; n < 60; n++) {
        applyEvent(state, offset++);
        if (n % 20 === 19) expect(checkpoint(state, writer, offset - 1)).toBe(true);
      }
      expect(describeState(state, offset - 1)).toBe(foldedThrough(offset - 1));
      reader.close();
      expect(describeSaved(directory)).toBe(foldedThrough(offset - 1));
    }
    writer.close();
  });

  it('a rotation keeps the environment it was made from as the previous one, and a reader follows', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory, EVERY_COMMIT);
    const environments = openEnvironments(nodeStateFiles, directory, 0);
    const reader = environments.openForRead();
    const state = openState(reader);
    for (let offset = 0; offset < 30; offset++) {
      applyEvent(state, offset);
      if (offset % 10 !== 9) continue;
      checkpoint(state, writer, offset);
      rotate(writer);
      expect(environments.previousOffset).toBe(offset);
      expect(writer.previousOffset).toBe(offset);
    }
    expect(environments.current).toBe(environments.previous + 1);
    expect(readdirSync(directory).sort()).toEqual(['3', '4', 'CURRENT']);
    expect(describeState(state, 29)).toBe(foldedThrough(29));
    reader.close();
    expect(describeSaved(directory)).toBe(foldedThrough(29));
    writer.close();
  });

  it('a rotation copies environments of several slices, each row once', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory, EVERY_COMMIT);
    const batch = new RowBatch();
    const keys = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);
    for (const [i, key] of keys.entries()) {
      batch.add(i % 3, Buffer.from(key), 0, key.length, 1_000);
      batch.appendValue(Buffer.alloc(1_000, i), 0, 1_000);
    }
    writer.commit(batch, metaAt(8));
    writer.startRotation();
    let slices = 0;
    for (; writer.isRotating; slices++) writer.rotateSlice();
    expect(slices).toBeGreaterThan(2);
    const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
    expect(reader.meta).toEqual(metaAt(8));
    let count = 0;
    for (let storeId = 0; storeId < 3; storeId++) {
      reader.scan(storeId, null, (key, value) => {
        const i = Number(Buffer.from(key).toString().slice(4));
        if (value.length !== 1_000 || value[999] !== i % 256 || i % 3 !== storeId) expect.fail(`row key-${i}`);
        return ++count > 0;
      });
    }
    expect(count).toBe(keys.length);
    reader.close();
    writer.close();
  });

  it('discardCurrent goes back to the previous environment, then to none', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory, EVERY_COMMIT);
    const environments = openEnvironments(nodeStateFiles, directory, 0);
    const state = openState(environments.openForRead());
    for (let offset = 0; offset < 20; offset++) {
      applyEvent(state, offset);
      if (offset % 10 === 9) checkpoint(state, writer, offset);
      if (offset === 9) rotate(writer);
    }
    writer.close();
    expect(environments.openForRead().meta?.offset).toBe(19);
    environments.discardCurrent();
    expect(describeSaved(directory)).toBe(foldedThrough(9));
    environments.discardCurrent();
    expect(environments.openForRead().meta).toBeNull();
    expect([environments.current, environments.previous, environments.previousOffset]).toEqual([0, 0, -1]);
  });

  it('openForRead says what is missing, damaged or of another version', () => {
    const directory = temporaryDirectory();
    const environments = openEnvironments(nodeStateFiles, directory, 3);
    const failure = (code: string): object => expect.objectContaining({ code });
    writeFileSync(join(directory, 'CURRENT'), '{"version":1,"current":');
    expect(() => environments.openForRead()).toThrowError(failure('ERR_CHECKPOINT_DAMAGED'));
    writeFileSync(join(directory, 'CURRENT'), '{"version":9,"current":1,"previous":0,"previousOffset":-1}');
    expect(() => environments.openForRead()).toThrowError(failure('ERR_DATA_VERSION'));
    writeFileSync(join(directory, 'CURRENT'), '{"version":1,"current":1,"previous":0,"previousOffset":-1}');
    expect(() => environments.openForRead()).toThrowError(failure('ERR_CHECKPOINT_DAMAGED'));

    nodeStateFiles.makeDirectorySync(join(directory, '1'));
    writeFileSync(join(directory, '1', 'data.mdb'), Buffer.alloc(16_384, 0x5a));
    expect(() => environments.openForRead()).toThrowError(failure('ERR_CHECKPOINT_DAMAGED'));
    rmSync(join(directory, '1'), { recursive: true });

    nodeStateFiles.makeDirectorySync(join(directory, '1'));
    const environment = LmdbEnvironment.open(join(directory, '1'));
    expect(() => environments.openForRead()).toThrowError(failure('ERR_CHECKPOINT_DAMAGED'));
    environment.commit(new RowBatch(), { ...metaAt(5), version: 77 }, () => {});
    expect(() => environments.openForRead()).toThrowError(failure('ERR_DATA_VERSION'));
    environment.close();

    environments.discardCurrent();
    expect(environments.openForRead().meta).toBeNull();
  });

  it('openForRead sees that a file was cut short', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory);
    const batch = new RowBatch();
    const value = Buffer.alloc(3_000_000);
    for (let i = 0; i < 5; i++) {
      batch.add(0, Uint8Array.of(i), 0, 1, value.length);
      batch.appendValue(value, 0, value.length);
    }
    writer.commit(batch, metaAt(1));
    writer.close();
    const path = join(directory, '1', 'data.mdb');
    truncateSync(path, statSync(path).size - 5_000_000);
    expect(() => openEnvironments(nodeStateFiles, directory, 0).openForRead()).toThrowError(/cut short/);
  });

  it('commit on a full disk saves nothing and can be tried again; a rotation on a full disk is given up', () => {
    const directory = temporaryDirectory();
    let isFull = true;
    const full = (): never => {
      throw Object.assign(new Error('No space left on device'), { code: 28 });
    };
    const writer = writerOf(directory, EVERY_COMMIT, (path) => {
      const environment = LmdbEnvironment.open(path);
      const { commit, append } = environment;
      environment.commit = (...args) => (isFull ? full() : commit.apply(environment, args));
      environment.append = (...args) => (isFull ? full() : append.apply(environment, args));
      return environment;
    });
    const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
    const state = openState(reader);
    for (let offset = 0; offset < 5; offset++) applyEvent(state, offset);
    expect(checkpoint(state, writer, 4)).toBe(false);
    expect(existsSync(join(directory, 'CURRENT'))).toBe(false);
    expect(describeState(state, 4)).toBe(foldedThrough(4));

    isFull = false;
    applyEvent(state, 5);
    expect(checkpoint(state, writer, 5)).toBe(true);
    isFull = true;
    rotate(writer);
    expect(writer.previousOffset).toBe(-1);
    expect(readdirSync(directory).sort()).toEqual(['1', 'CURRENT']);
    isFull = false;
    applyEvent(state, 6);
    expect(checkpoint(state, writer, 6)).toBe(true);
    expect(describeState(state, 6)).toBe(foldedThrough(6));
    rotate(writer);
    expect(writer.previousOffset).toBe(6);
    expect(describeSaved(directory)).toBe(foldedThrough(6));
    writer.close();
  });

  it('commit goes into the current environment, with its own rows alone, when a fresh one finds the disk full', () => {
    const directory = temporaryDirectory();
    let fails: 'open' | 'commitFirst' | '' = '';
    const full = (): never => {
      throw Object.assign(new Error('No space left on device'), { code: 28 });
    };
    const committed: number[] = [];
    const writer = writerOf(directory, { ...DEFAULT_ROTATION, maxCommits: 1 }, (path) => {
      if (fails === 'open') full();
      const environment = LmdbEnvironment.open(path);
      const { commit, commitFirst } = environment;
      environment.commit = (batch, ...rest) => {
        committed.push(batch.count);
        commit.call(environment, batch, ...rest);
      };
      environment.commitFirst = (...args) => (fails === 'commitFirst' ? full() : commitFirst.apply(environment, args));
      return environment;
    });
    const commitRows = (from: number, count: number, offset: number): boolean => {
      const batch = new RowBatch();
      for (let n = from; n < from + count; n++) {
        const key = Buffer.from(`key-${n}`);
        batch.add(0, key, 0, key.length, 1);
        batch.appendValue(Uint8Array.of(offset), 0, 1);
      }
      return writer.commit(batch, metaAt(offset));
    };
    /** How many rows are of each checkpoint. */
    const saved = (): number[] => {
      const counts = [0, 0, 0, 0, 0];
      const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
      reader.scan(0, null, (_key, value) => {
        const offset = value[0] as number;
        counts[offset] = (counts[offset] as number) + 1;
        return true;
      });
      reader.close();
      return counts;
    };
    expect(commitRows(0, 100, 1)).toBe(true);
    fails = 'open';
    expect(commitRows(20, 60, 2)).toBe(true);
    fails = 'commitFirst';
    expect(commitRows(40, 60, 3)).toBe(true);
    expect(committed).toEqual([100, 60, 60]);
    expect(saved()).toEqual([0, 20, 20, 60, 0]);
    expect(readdirSync(directory).sort()).toEqual(['1', 'CURRENT']);
    fails = '';
    expect(commitRows(0, 60, 4)).toBe(true);
    expect(committed).toHaveLength(3);
    expect(saved()).toEqual([0, 0, 0, 40, 60]);
    expect(readdirSync(directory).sort()).toEqual(['1', '2', 'CURRENT']);
    expect(writer.previousOffset).toBe(3);
    writer.close();
  });

  it('commit throws what is not a full disk, and a transaction that throws leaves nothing behind', () => {
    const directory = temporaryDirectory();
    const writer = writerOf(directory, DEFAULT_ROTATION, (path) => {
      const environment = LmdbEnvironment.open(path);
      const commit = environment.commit;
      let count = 0;
      environment.commit = (batch, meta) =>
        commit.call(environment, batch, meta, () => {
          if (++count === 2) throw Object.assign(new Error('Input/output error'), { code: 5 });
        });
      return environment;
    });
    const batch = new RowBatch();
    const commitRows = (value: number): boolean => {
      batch.reset();
      for (let i = 0; i < 20_000; i++) {
        const key = Buffer.from(`key-${i}`);
        batch.add(0, key, 0, key.length, 1);
        batch.appendValue(Uint8Array.of(value), 0, 1);
      }
      return writer.commit(batch, metaAt(value));
    };
    expect(commitRows(1)).toBe(true);
    expect(() => commitRows(2)).toThrowError(/Input/);
    const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
    expect(reader.meta?.offset).toBe(1);
    reader.scan(0, null, (_key, value) => {
      if (value[0] !== 1) expect.fail('a row of a transaction that threw');
      return true;
    });
    reader.close();
    writer.close();
  });
});

describe('LmdbEnvironment', () => {
  it('keeps rows in the order of store and key bytes, values of all sizes, and the row that is never deleted', () => {
    const directory = temporaryDirectory();
    const environment = LmdbEnvironment.open(directory);
    const keys = ['', '\u0000', '\u0001', 'a', 'a\u0000', 'aa', 'b', 'é', '\uffff', '𝄞', 'z'.repeat(1_024)];
    const batch = new RowBatch();
    for (const store of [0, 1, 255, 256, 65_000]) {
      for (const [i, key] of keys.entries()) {
        const bytes = Buffer.from(key);
        const value = Buffer.alloc(1 + i * 40_000, i);
        batch.add(store, bytes, 0, bytes.length, value.length);
        batch.appendValue(value, 0, value.length);
      }
    }
    environment.commit(batch, metaAt(1), () => {});
    const inOrder = keys.map((key) => Buffer.from(key)).sort(Buffer.compare);
    for (const store of [0, 1, 255, 256, 65_000]) {
      const found: Buffer[] = [];
      environment.scan(store, null, (key) => found.push(Buffer.from(key)) > 0);
      expect(found).toEqual(inOrder);
      const fromA: Buffer[] = [];
      environment.scan(store, Buffer.from('a\u0000'), (key) => fromA.push(Buffer.from(key)) > 0);
      expect(fromA).toEqual(inOrder.slice(inOrder.findIndex((key) => key.equals(Buffer.from('a\u0000')))));
    }
    for (const [i, key] of keys.entries()) {
      const bytes = Buffer.from(key);
      const value = environment.get(256, bytes, bytes.length);
      expect(value?.length).toBe(1 + i * 40_000);
      expect(value?.every((byte) => byte === i)).toBe(true);
    }
    expect(environment.get(2, Buffer.from('a'), 1)).toBeNull();

    batch.reset();
    for (const key of keys) batch.add(1, Buffer.from(key), 0, Buffer.byteLength(key), -1);
    batch.add(77, Buffer.from('never there'), 0, 11, -1);
    environment.commit(batch, metaAt(2), () => {});
    expect(environment.readMeta()?.offset).toBe(2);
    expect(environment.rowCount).toBe(4 * keys.length + 1);
    environment.close();
  });

  it('open says that a directory cannot be used, where LMDB would end the process', () => {
    const directory = temporaryDirectory();
    nodeStateFiles.makeDirectorySync(join(directory, 'lock.mdb'));
    expect(() => LmdbEnvironment.open(directory)).toThrowError(expect.objectContaining({ code: 'ERR_DATA_UNUSABLE' }));
    expect(() => LmdbEnvironment.open(join(directory, 'none'))).toThrowError(
      expect.objectContaining({ code: 'ERR_DATA_UNUSABLE' }),
    );
  });

  it('a reader of the same environment sees a commit only when renewed', () => {
    const directory = temporaryDirectory();
    const writer = LmdbEnvironment.open(directory);
    writer.commit(new RowBatch(), metaAt(1), () => {});
    const reader = LmdbEnvironment.openExisting(directory);
    expect(reader.readMeta()?.offset).toBe(1);
    writer.commit(new RowBatch(), metaAt(2), () => {});
    expect(reader.readMeta()?.offset).toBe(1);
    reader.renew();
    expect(reader.readMeta()?.offset).toBe(2);
    reader.close();
    writer.commit(new RowBatch(), metaAt(3), () => {});
    writer.close();
  });
});
