import { createHash, randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MokaError } from '../base/errors.ts';
import { SECRET_BYTES } from '../base/hash.ts';
import { explainSystemError } from '../base/system-advice.ts';
import type { Disk } from '../log/disk.ts';
import { LOG_IDENTITY_FILE } from '../log/log-identity.ts';

/** Raised when the bytes on disk change in a way that older code cannot read. */
export const DATA_VERSION = 1;

interface DataMeta {
  version: number;
  partitions: number;
  /** Tells the `secret` that belongs to these logs from another; absent in a directory made before there was one. */
  secretCheck?: string;
  /** Fingerprint of the topology that the engine last took events under; absent until then. */
  topology?: string;
  /** By partition, the last offset of the log when it took over from another topology; absent if it was the first. */
  since?: readonly number[];
  /** Names of its streams by number. A later topology keeps the numbers that the log holds, or is refused. */
  streams?: readonly string[];
}

/** What stands in the data directory besides the partitions' own files. */
export interface DataDirectory {
  readonly path: string;
  readonly partitions: number;
  /** Keys are hashed with it: outsiders cannot aim at one partition. */
  readonly routingSecret: Uint8Array;
  readonly identitySecret: Uint8Array;
  readonly isNew: boolean;
  readonly topologyFingerprint: string | null;
  /** By partition, the last offset that another topology has written; empty if none has. */
  readonly topologySince: readonly number[];
  /** Whether moka.json tells this secret from another. */
  readonly isSecretNoted: boolean;
}

export function logDirectory(path: string, partition: number): string {
  return join(path, 'log', String(partition));
}

export function stateDirectory(path: string, partition: number): string {
  return join(path, 'state', String(partition));
}

/**
 * Opens the data directory, or makes it.
 *
 * @param partitions as configured; 0 takes what is there
 * @param defaultPartitions for a new directory when nothing is configured
 * @throws MokaError ERR_DATA_VERSION, ERR_DATA_PARTITIONS, ERR_DATA_UNUSABLE
 */
export function openDataDirectory(
  disk: Disk,
  path: string,
  partitions: number,
  defaultPartitions: number,
): DataDirectory {
  const metaPath = metaPathOf(path);
  const secretPath = join(path, 'secret');
  try {
    disk.makeDirectorySync(path);
    let isNew = false;
    if (!disk.existsSync(metaPath)) {
      if (disk.existsSync(join(path, 'log'))) {
        throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${path} has logs but no moka.json; restore that file`);
      }
      isNew = true;
      // The secret first: a directory that has its moka.json is complete.
      const secret = randomBytes(2 * SECRET_BYTES);
      disk.writeFileDurableSync(secretPath, secret);
      writeMeta(disk, path, {
        version: DATA_VERSION,
        partitions: partitions || defaultPartitions,
        secretCheck: checkOf(secret),
      });
    }
    const meta = parseMeta(path, Buffer.from(disk.readFileSync(metaPath)).toString('utf8'));
    if (partitions !== 0 && partitions !== meta.partitions) {
      throw new MokaError(
        'ERR_DATA_PARTITIONS',
        `data directory=${path} partitions=${meta.partitions} configured=${partitions}; keys would move to other partitions. Start with partitions=${meta.partitions} or use another directory`,
      );
    }
    const secret = disk.readFileSync(secretPath);
    if (secret.length !== 2 * SECRET_BYTES) {
      throw new MokaError(
        'ERR_DATA_UNUSABLE',
        `data directory=${path} file=secret bytes=${secret.length} expected=${2 * SECRET_BYTES}; ${RESTORE_SECRET}`,
      );
    }
    if (meta.secretCheck !== undefined && meta.secretCheck !== checkOf(secret)) {
      throw new MokaError(
        'ERR_DATA_UNUSABLE',
        `data directory=${path} file=secret is not the one that its logs were written with: check=${checkOf(secret)} ` +
          `expected=${meta.secretCheck}; ${RESTORE_SECRET}`,
      );
    }
    if (meta.topology !== undefined) assertLogs(disk, path, meta.partitions);
    return {
      path,
      partitions: meta.partitions,
      routingSecret: new Uint8Array(secret.subarray(0, SECRET_BYTES)),
      identitySecret: new Uint8Array(secret.subarray(SECRET_BYTES)),
      isNew,
      topologyFingerprint: meta.topology ?? null,
      topologySince: meta.since ?? [],
      isSecretNoted: meta.secretCheck !== undefined,
    };
  } catch (error) {
    if (error instanceof MokaError && error.code !== 'ERR_DISK_IO') throw error;
    throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${path} cannot be used: ${explainSystemError(error)}`, {
      cause: error,
    });
  }
}

/**
 * Notes the topology under which events are taken from now on. Call before the first one, when every lane is open.
 *
 * @param logEnds last offset of every partition's log
 */
export function noteTopology(
  disk: Disk,
  directory: DataDirectory,
  topology: NotedTopology,
  logEnds: readonly number[],
): void {
  const { topologyFingerprint } = directory;
  if (topologyFingerprint === topology.fingerprint && directory.isSecretNoted) return;
  const hasTakenOver = topologyFingerprint !== null && topologyFingerprint !== topology.fingerprint;
  const since = hasTakenOver ? logEnds : directory.topologySince;
  writeMeta(disk, directory.path, {
    version: DATA_VERSION,
    partitions: directory.partitions,
    secretCheck: checkOf(directory.routingSecret, directory.identitySecret),
    topology: topology.fingerprint,
    ...(since.length > 0 ? { since } : {}),
    streams: topology.streams.map(({ name }) => name),
  });
}

export interface NotedTopology {
  readonly fingerprint: string;
  /** In the order of their numbers. */
  readonly streams: readonly { readonly name: string }[];
}

/** Whether events may have been taken here: it says of itself what it is. */
export function isDataDirectory(path: string): boolean {
  return existsSync(metaPathOf(path));
}

/** A line about a secret that others may read, with which they could aim at one partition; null if there is none. */
export function warningOfSecret(path: string): string | null {
  const secretPath = join(path, 'secret');
  const mode = statSync(secretPath, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === 'win32' || (mode & OTHERS_MAY) === 0) return null;
  return `file=${secretPath} mode=${(mode & 0o777).toString(8)} may be read or changed by other users; chmod 600 ${secretPath}`;
}

/** For who reads a log from outside: names of streams by number, as far as the directory can tell. */
export function readStreamNames(disk: Disk, path: string): readonly string[] {
  try {
    return parseMeta(path, Buffer.from(disk.readFileSync(metaPathOf(path))).toString('utf8')).streams ?? [];
  } catch {
    // a log beside a moka.json that is gone or broken can still be read
    return [];
  }
}

/** Every lane was open, and so had its log, before the topology was noted: what is not there now has been taken away. */
function assertLogs(disk: Disk, path: string, partitions: number): void {
  const logs = join(path, 'log');
  const expected = Array.from({ length: partitions }, (_, partition) => String(partition));
  const found = disk.existsSync(logs) ? disk.listSync(logs).filter((name) => /^\d+$/.test(name)) : [];
  // Listed, not asked for: a directory that may not be read is not one without its file.
  const missing = expected.filter(
    (name) => !found.includes(name) || !disk.listSync(join(logs, name)).includes(LOG_IDENTITY_FILE),
  );
  const unknown = found.filter((name) => !expected.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  const lines = [
    ...missing.map((name) => `log/${name}/${LOG_IDENTITY_FILE} is missing`),
    ...unknown.map((name) => `log/${name} is there`),
  ];
  throw new MokaError(
    'ERR_DATA_UNUSABLE',
    `data directory=${path} does not hold the logs that its moka.json says: partitions=${partitions}, ` +
      `but ${lines.join(', ')}; restore moka.json or the logs from a backup, or use another directory`,
  );
}

function writeMeta(disk: Disk, path: string, meta: DataMeta): void {
  disk.writeFileDurableSync(metaPathOf(path), Buffer.from(`${JSON.stringify(meta, null, 2)}\n`));
}

/** 64 bits of a hash: enough to tell two secrets apart, and no help to whoever wants to know one. */
function checkOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** Any permission of group or others. */
const OTHERS_MAY = 0o077;

const RESTORE_SECRET =
  'restore that file from a backup: with another one, keys move to other partitions and repeated events are taken again';

function metaPathOf(path: string): string {
  return join(path, 'moka.json');
}

function parseMeta(path: string, text: string): DataMeta {
  let meta: unknown;
  try {
    meta = JSON.parse(text);
  } catch (cause) {
    throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${path} file=moka.json is not JSON`, { cause });
  }
  const { version, partitions, secretCheck, topology, since, streams } = meta as Partial<DataMeta>;
  if (version !== DATA_VERSION) {
    throw new MokaError(
      'ERR_DATA_VERSION',
      `data directory=${path} version=${String(version)} supported=${DATA_VERSION}`,
    );
  }
  if (!Number.isInteger(partitions) || (partitions as number) < 1) {
    throw new MokaError('ERR_DATA_UNUSABLE', `data directory=${path} file=moka.json partitions=${String(partitions)}`);
  }
  const isOffsets = Array.isArray(since) && since.length === partitions && since.every(Number.isSafeInteger);
  if (since !== undefined && !isOffsets) {
    throw new MokaError(
      'ERR_DATA_UNUSABLE',
      `data directory=${path} file=moka.json since=${JSON.stringify(since)}: must be one offset for each of partitions=${partitions}`,
    );
  }
  return {
    version,
    partitions: partitions as number,
    ...(typeof secretCheck === 'string' ? { secretCheck } : {}),
    ...(typeof topology === 'string' ? { topology } : {}),
    ...(since === undefined ? {} : { since }),
    ...(Array.isArray(streams) ? { streams: streams.map(String) } : {}),
  };
}
