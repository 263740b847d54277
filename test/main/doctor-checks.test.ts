import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/engine/config.ts';
import {
  checkGlibc,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkProcessor,
  checkThreadPool,
  checkWebServer,
  judgeFlush,
  nearestDirectory,
} from '../../src/main/doctor-checks.ts';

describe('doctor', () => {
  it('refuses an old Node, warns of an untested one', () => {
    const verdicts = ['18.20.0', '20.18.1', '20.19.0', '21.0.0', '22.1.0', '24.0.0'].map((v) => checkNode(v).verdict);
    expect(verdicts).toEqual(['problem', 'problem', 'ok', 'warning', 'ok', 'ok']);
  });

  it('knows which Node needs which glibc', () => {
    expect(checkGlibc('2.36', 20).verdict).toBe('ok');
    expect(checkGlibc('2.36', 22).verdict).toBe('ok');
    expect(checkGlibc('2.36', 24).verdict).toBe('problem');
    expect(checkGlibc('2.4', 24).verdict).toBe('problem');
    expect(checkGlibc('2.41', 24).verdict).toBe('ok');
  });

  it('finds the binary of the web server', () => {
    expect(checkWebServer()).toMatchObject({ verdict: 'ok', found: expect.stringContaining('@uwsjs/') });
  });

  it('wants four threads more than partitions', () => {
    expect(checkThreadPool(4, 8).verdict).toBe('ok');
    expect(checkThreadPool(5, 8)).toMatchObject({ verdict: 'warning', advice: expect.stringContaining('9 or more') });
  });

  it('warns of few files, one core, little memory', () => {
    expect([checkOpenFiles(1024).verdict, checkOpenFiles(4096).verdict]).toEqual(['warning', 'ok']);
    expect([checkProcessor(1).verdict, checkProcessor(2).verdict]).toEqual(['warning', 'ok']);
    const config = resolveConfig();
    expect(checkMemory(config, 1, 256 * 1024 ** 2).verdict).toBe('warning');
    expect(checkMemory(config, 1, 16 * 1024 ** 3).verdict).toBe('ok');
  });

  it('does not believe a flush of 5 µs and complains of a slow one', () => {
    const probe = { flushMsP50: 0.1, flushMsP99: 0.4, flushes: 200, isPlausible: true };
    expect(judgeFlush(probe)).toMatchObject({ verdict: 'ok', found: expect.stringContaining('100 µs (p50)') });
    const lie = judgeFlush({ ...probe, flushMsP50: 0.005, isPlausible: false });
    expect(lie).toMatchObject({ verdict: 'warning', advice: expect.stringContaining('a power cut would lose') });
    expect(judgeFlush({ ...probe, flushMsP50: 80 }).verdict).toBe('warning');
  });

  it('looks at the directory that a data directory would be made in', () => {
    expect(nearestDirectory(`${tmpdir()}/not/made/yet`)).toBe(tmpdir());
  });
});
