import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { EngineConfig } from '../engine/config.ts';
import { warningOfSecret } from '../engine/data-directory.ts';
import { loadUws } from '../http/uws.ts';
import { type DiskProbe, fileSystemOf, probeDisk } from './disk-probe.ts';
import { bytesText, durationText } from './output.ts';

/** One thing looked at. `ok`: fit; `warning`: works, not as promised or not for long; `problem`: does not work. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly found: string;
  /** What to do about it; empty when nothing is to be done. */
  readonly advice: string;
}

const TESTED_NODES = [20, 22, 24, 26];
const OLDEST_NODE: readonly [number, number] = [20, 19];
/** Newer binaries of uWebSockets.js ask for it; the one for Node 20 does with 2.28. */
const GLIBC_FOR_NEW_NODES = 2.38;
const ENOUGH_FILES = 4096;
/** A flush slower than this makes every ack slow; SD cards and sleeping disks are found here. */
const SLOW_FLUSH_MS = 50;

function finding(name: string, verdict: Finding['verdict'], found: string, advice = ''): Finding {
  return { name, verdict, found, advice };
}

export function checkNode(version = process.versions.node): Finding {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    return finding('Node', 'problem', version, `use Node ${OLDEST_NODE.join('.')} or newer`);
  }
  if (!TESTED_NODES.includes(major)) {
    return finding('Node', 'warning', version, `tested with Node ${TESTED_NODES.join(', ')}`);
  }
  return finding('Node', 'ok', version);
}

export function checkGlibc(version = glibcVersion(), nodeMajor = Number(process.versions.node.split('.')[0])): Finding {
  if (process.platform !== 'linux') return finding('C library', 'ok', process.platform);
  if (version === undefined) return finding('C library', 'problem', 'not glibc', 'musl (Alpine) is not supported');
  const isNew = isAtLeast(version, GLIBC_FOR_NEW_NODES);
  if (nodeMajor <= 22 || isNew) return finding('C library', 'ok', `glibc ${version}`);
  return finding(
    'C library',
    'problem',
    `glibc ${version}`,
    `Node ${nodeMajor} needs glibc 2.38, or use Node 20 or 22`,
  );
}

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}

function isAtLeast(version: string, wanted: number): boolean {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  const [wantedMajor, wantedMinor] = String(wanted).split('.').map(Number) as [number, number];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

export function checkWebServer(): Finding {
  const name = `@uwsjs/${process.platform}-${process.arch}-${process.versions.node.split('.')[0]}`;
  try {
    loadUws();
    return finding('Web server', 'ok', `${name} loads`);
  } catch (error) {
    return finding('Web server', 'problem', `${name} does not load`, (error as Error).message);
  }
}

export function checkThreadPool(partitions: number, size = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)): Finding {
  const wanted = partitions + 4;
  const found = `UV_THREADPOOL_SIZE=${size} for ${partitions} partition${partitions === 1 ? '' : 's'}`;
  if (size >= wanted) return finding('Thread pool', 'ok', found);
  return finding('Thread pool', 'warning', found, `flushes will wait for each other; set it to ${wanted} or more`);
}

export function checkOpenFiles(limits = readOpenFileLimit()): Finding {
  if (limits === undefined) return finding('Open files', 'ok', 'no limit known');
  const found = limits === Number.POSITIVE_INFINITY ? 'no limit' : `limit ${limits}`;
  if (limits >= ENOUGH_FILES) return finding('Open files', 'ok', found);
  return finding('Open files', 'warning', found, `every connection is one; raise it: ulimit -n ${ENOUGH_FILES * 4}`);
}

function readOpenFileLimit(): number | undefined {
  if (!existsSync('/proc/self/limits')) return undefined;
  const text = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

export function checkProcessor(cores = availableParallelism()): Finding {
  const found = `${cores} core${cores === 1 ? '' : 's'}`;
  if (cores >= 2) return finding('Processor', 'ok', found);
  return finding('Processor', 'warning', found, 'intake and processing will take turns');
}

export function checkMemory(config: EngineConfig, partitions: number, total = totalmem()): Finding {
  const wanted = partitions * (config.state.cacheBytes + config.ring.bytes) + config.websocket.stagingBytes;
  const found = `${bytesText(total)}, of which moka may take ${bytesText(wanted)} for caches and rings`;
  if (wanted <= total / 2) return finding('Memory', 'ok', found);
  return finding('Memory', 'warning', found, 'lower state.cacheBytes or the number of partitions');
}

/** The data directory, or the directory that it would be made in. */
export function nearestDirectory(path: string): string {
  let directory = resolve(path);
  while (!existsSync(directory)) directory = dirname(directory);
  return directory;
}

/** Whether what an outsider must not know is kept from the other users of this machine; nothing where there is none yet. */
export function checkSecret(path: string): Finding[] {
  const warning = warningOfSecret(path);
  return warning === null ? [] : [finding('Secret', 'warning', ...(warning.split('; ') as [string, string]))];
}

/** File system, free space and speed of the disk under the data directory. */
export function checkDisk(config: EngineConfig, partitions: number, onFlush: (done: number) => void): Finding[] {
  const directory = nearestDirectory(config.dataDir);
  const { name, isDurable, freeBytes } = fileSystemOf(directory);
  const where = `${name} at ${directory}`;
  const system =
    isDurable === true
      ? finding('File system', 'ok', where)
      : finding(
          'File system',
          isDurable === false ? 'problem' : 'warning',
          where,
          isDurable === false ? 'it forgets everything without power' : 'make sure that what it flushes is on a disk',
        );
  return [system, checkSpace(config, partitions, freeBytes), ...checkFlush(directory, onFlush)];
}

function checkSpace(config: EngineConfig, partitions: number, freeBytes: number): Finding {
  // the segment written, the one that stands ready, and room for two checkpoints of what the caches hold
  const wanted = config.log.reserveBytes + partitions * 2 * (config.log.segmentBytes + config.state.cacheBytes);
  const found = `${bytesText(freeBytes)} free`;
  if (freeBytes <= config.log.reserveBytes + partitions * 2 * config.log.segmentBytes) {
    return finding('Disk space', 'problem', found, `no event would be taken; ${bytesText(wanted)} are needed`);
  }
  if (freeBytes >= wanted) return finding('Disk space', 'ok', found);
  return finding('Disk space', 'warning', found, `have ${bytesText(wanted)}, or lower log.segmentBytes`);
}

function checkFlush(directory: string, onFlush: (done: number) => void): Finding[] {
  try {
    return [judgeFlush(probeDisk(directory, { onFlush }))];
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return [finding('Disk flush', 'problem', `${directory} cannot be written (${code})`, 'choose another with --data')];
  }
}

export function judgeFlush({ flushMsP50, flushMsP99, flushes, isPlausible }: DiskProbe): Finding {
  const found = `64 KiB on disk in ${durationText(flushMsP50)} (p50), ${durationText(flushMsP99)} (p99) of ${flushes}`;
  if (!isPlausible) {
    const advice = 'no disk is that fast: it answers before the bytes are safe, a power cut would lose acked orders';
    return finding('Disk flush', 'warning', found, advice);
  }
  if (flushMsP50 <= SLOW_FLUSH_MS) return finding('Disk flush', 'ok', found);
  return finding('Disk flush', 'warning', found, 'every ack waits for one; use a faster disk');
}
