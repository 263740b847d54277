import { describe, expect, it } from 'vitest';
import type { DiskFile, OpenMode } from '../../src/log/disk.ts';
import { CrashSignal, SimulatedDisk } from '../../src/testing/simulated-disk.ts';

const PATH = '/d/file';
const SECTORS = 16;
const LENGTH = SECTORS * 512;

/** A disk with one durable file of ones. */
function newDisk(seed: number): SimulatedDisk {
  const disk = new SimulatedDisk({ seed });
  disk.makeDirectorySync('/d');
  const file = disk.openSync(PATH, 'create');
  file.writeSync(new Uint8Array(LENGTH).fill(1), 0, LENGTH, 0);
  file.flushSync();
  disk.flushDirectorySync('/d');
  return disk;
}

function open(disk: SimulatedDisk, mode: OpenMode = 'write'): DiskFile {
  return disk.openSync(PATH, mode);
}

function twos(): Uint8Array {
  return new Uint8Array(LENGTH).fill(2);
}

/** The value of each sector; -1 if its bytes differ. */
function sectors(disk: SimulatedDisk, path = PATH): number[] {
  const bytes = disk.readFileSync(path);
  return Array.from({ length: Math.ceil(bytes.length / 512) }, (_, index) => {
    const sector = bytes.subarray(index * 512, index * 512 + 512);
    return sector.every((byte) => byte === sector[0]) ? (sector[0] as number) : -1;
  });
}

/** All images that a power cut leaves over many seeds, as text. */
function images(work: (disk: SimulatedDisk) => void, path = PATH): Set<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const disk = newDisk(seed);
    work(disk);
    disk.crash('power');
    found.add(disk.existsSync(path) ? sectors(disk, path).join('') : 'none');
  }
  return found;
}

const ALL_ONES = '1'.repeat(SECTORS);
const ALL_TWOS = '2'.repeat(SECTORS);

describe('SimulatedDisk', () => {
  it('shows at once what was written, also after the process died', () => {
    const disk = newDisk(1);
    open(disk).writeSync(twos(), 0, LENGTH, 0);
    expect(sectors(disk).join('')).toBe(ALL_TWOS);
    disk.crash('process');
    expect(sectors(disk).join('')).toBe(ALL_TWOS);
  });

  it('drops, reorders and tears in sectors what was not flushed when the power goes', () => {
    const found = images((disk) => open(disk).writeSync(twos(), 0, LENGTH, 0));
    expect(found).toContain(ALL_ONES);
    expect(found).toContain(ALL_TWOS);
    expect([...found].some((image) => /21/.test(image) && /12/.test(image))).toBe(true);
    expect([...found].every((image) => /^[12]+$/.test(image))).toBe(true);
  });

  it('may leave any of several unflushed versions of a sector', () => {
    const found = images((disk) => {
      const file = open(disk);
      for (const value of [2, 3, 4]) file.writeSync(new Uint8Array(512).fill(value), 0, 512, 0);
    });
    expect(new Set([...found].map((image) => image[0]))).toEqual(new Set(['1', '2', '3', '4']));
  });

  it.each<[string, (disk: SimulatedDisk) => void]>([
    [
      'a flush',
      (disk) => {
        const file = open(disk);
        file.writeSync(twos(), 0, LENGTH, 0);
        file.flushSync();
      },
    ],
    ['a durable write', (disk) => open(disk, 'write-durable').writeSync(twos(), 0, LENGTH, 0)],
    [
      'an answered asynchronous flush',
      (disk) => {
        const file = open(disk);
        file.write(twos(), 0, LENGTH, 0, () => file.flush(() => {}));
        disk.runAll();
      },
    ],
  ])('keeps what %s covered', (_, work) => {
    expect(images(work)).toEqual(new Set([ALL_TWOS]));
  });

  it('answers nothing before it is told to, and a write that was under way may be half there', () => {
    let answers = 0;
    const work = (disk: SimulatedDisk): void => {
      open(disk).write(twos(), 0, LENGTH, 0, () => {
        answers += 1;
      });
      expect(sectors(disk).join('')).toBe(ALL_ONES);
    };
    const found = images(work);
    expect(answers).toBe(0);
    expect(found).toContain(ALL_ONES);
    expect(found.size).toBeGreaterThan(4);
  });

  it('loses what a failed flush covered although the cache shows it and the next flush says well', () => {
    const found = images((disk) => {
      const file = open(disk);
      file.writeSync(twos(), 0, LENGTH, 0);
      disk.flushFailureCountdown = 0;
      expect(() => file.flushSync()).toThrow('EIO');
      expect(sectors(disk).join('')).toBe(ALL_TWOS);
      file.flushSync();
    });
    expect(found).toContain(ALL_ONES);
  });

  it('keeps what was lost by a failed flush once it is written and flushed again, in the same process or the next', () => {
    for (const restarts of [false, true]) {
      const found = images((disk) => {
        const file = open(disk);
        file.writeSync(twos(), 0, LENGTH, 0);
        disk.flushFailureCountdown = 0;
        expect(() => file.flushSync()).toThrow('EIO');
        if (restarts) disk.crash('process');
        const again = open(disk);
        again.writeSync(twos(), 0, LENGTH, 0);
        again.flushSync();
      });
      expect(found).toEqual(new Set([ALL_TWOS]));
    }
  });

  it('forgets names that were not flushed, and brings back removed ones', () => {
    const created = (disk: SimulatedDisk): void => {
      const file = disk.openSync('/d/new', 'create');
      file.writeSync(twos(), 0, LENGTH, 0);
      file.flushSync();
    };
    expect(images(created, '/d/new')).toEqual(new Set(['none', ALL_TWOS]));
    const flushed = (disk: SimulatedDisk): void => {
      created(disk);
      disk.flushDirectorySync('/d');
    };
    expect(images(flushed, '/d/new')).toEqual(new Set([ALL_TWOS]));
    expect(images((disk) => disk.removeSync(PATH))).toEqual(new Set(['none', ALL_ONES]));
    expect(images((disk) => disk.renameSync(PATH, '/d/to'), '/d/to')).toEqual(new Set(['none', ALL_ONES]));
  });

  it('replaces a file by the old or the new whole one, and for certain once it returns', () => {
    const old = newDisk(1).readFileSync(PATH);
    for (let operations = 0; operations < 12; operations++) {
      const disk = newDisk(operations);
      disk.crashCountdown = operations;
      let isDone = false;
      try {
        disk.writeFileDurableSync(PATH, twos());
        isDone = true;
      } catch (error) {
        expect(error).toBeInstanceOf(CrashSignal);
      }
      disk.crash('power');
      const bytes = disk.readFileSync(PATH);
      expect([Buffer.compare(bytes, old), Buffer.compare(bytes, twos())]).toContain(0);
      if (isDone) expect(Buffer.compare(bytes, twos())).toBe(0);
    }
  });

  it('preallocates under a temporary name until the file is whole and durable', () => {
    const disk = newDisk(3);
    let error: Error | null | undefined;
    disk.preallocate('/d/slot', 4096, (result) => {
      error = result;
    });
    disk.runOne();
    expect(disk.listSync('/d')).toEqual(['file', 'slot.tmp']);
    disk.runAll();
    expect(error).toBeNull();
    disk.crash('power');
    expect(disk.readFileSync('/d/slot')).toEqual(new Uint8Array(4096));
  });

  it('has no space beyond its capacity, and some again when something is removed', () => {
    const disk = newDisk(1);
    disk.capacityBytes = LENGTH + 1000;
    expect(disk.freeBytesSync()).toBe(1000);
    const outcomes: (string | undefined)[] = [];
    const preallocate = (): void => {
      disk.preallocate('/d/slot', 4096, (error) => outcomes.push((error as NodeJS.ErrnoException | null)?.code));
      disk.runAll();
    };
    preallocate();
    expect(disk.listSync('/d')).toEqual(['file']);
    disk.removeSync(PATH);
    preallocate();
    expect(outcomes).toEqual(['ENOSPC', undefined]);
    const file = disk.openSync('/d/slot', 'write');
    file.writeSync(new Uint8Array(4096), 0, 4096, 0);
    expect(() => file.writeSync(new Uint8Array(8192), 0, 8192, 4096)).toThrow('ENOSPC');
  });

  it('dies where it is told, refuses everything until the crash, and knows no file of an earlier life', () => {
    const disk = newDisk(1);
    const file = open(disk);
    disk.crashCountdown = 1;
    file.writeSync(twos(), 0, 512, 0);
    expect(() => file.flushSync()).toThrow(CrashSignal);
    expect(() => file.flushSync()).toThrow(CrashSignal);
    expect(() => open(disk)).toThrow(CrashSignal);
    disk.crash('process');
    expect(() => file.flushSync()).toThrow(CrashSignal);
    open(disk).flushSync();
  });

  it('is the same under the same seed', () => {
    const run = (seed: number): string => {
      const disk = newDisk(seed);
      const order: string[] = [];
      for (const name of ['a', 'b', 'c', 'd']) {
        disk.openSync(`/d/${name}`, 'create').write(twos(), 0, LENGTH, 0, () => order.push(name));
      }
      disk.runOne();
      disk.runOne();
      disk.crash('power');
      return `${order.join('')} ${disk.listSync('/d').join('')} ${sectors(disk).join('')}`;
    };
    expect(run(7)).toBe(run(7));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => run(seed))).size).toBeGreaterThan(5);
  });

  it('rots where it is told', () => {
    const disk = newDisk(1);
    disk.corrupt(PATH, 700);
    disk.truncate(PATH, 1024);
    expect(sectors(disk)).toEqual([1, -1]);
    disk.crash('power');
    expect(sectors(disk)).toEqual([1, -1]);
  });
});
