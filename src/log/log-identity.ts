import { randomBytes } from 'node:crypto';
import { MokaError } from '../base/errors.ts';
import type { Disk } from './disk.ts';

/** Who a log is: the file `LOG` in its directory, written once, before the first segment. */
export interface LogIdentity {
  readonly partition: number;
  /** Start value of every CRC of this log. */
  readonly salt: number;
}

export const LOG_FORMAT_VERSION = 1;
/** Stands in the directory of every log. */
export const LOG_IDENTITY_FILE = 'LOG';

/**
 * Reads the identity of the log in this directory; `null` if there is none and nothing that would need one.
 * @throws ERR_DATA_VERSION written by another version; ERR_LOG_DAMAGED unreadable, of another partition, or missing
 */
export function readLogIdentity(disk: Disk, directory: string, partition: number): LogIdentity | null {
  const path = `${directory}/${LOG_IDENTITY_FILE}`;
  if (!disk.existsSync(path)) {
    const slots = disk.existsSync(directory) ? disk.listSync(directory).filter((name) => name.startsWith('slot-')) : [];
    if (slots.some((name) => !name.endsWith('.tmp'))) throw damaged(path, partition, 'missing beside segments');
    return null;
  }
  const parsed = parse(disk.readFileSync(path), path, partition);
  if (parsed['version'] !== LOG_FORMAT_VERSION) {
    const versions = `found=${String(parsed['version'])} expected=${LOG_FORMAT_VERSION}`;
    throw new MokaError('ERR_DATA_VERSION', `log version ${versions} path=${path}`, { partition });
  }
  const salt = parsed['salt'];
  if (typeof salt !== 'number' || parsed['partition'] !== partition) {
    throw damaged(path, partition, `of another log found=${String(parsed['partition'])} expected=${partition}`);
  }
  return { partition, salt };
}

/** Makes the log's directory and its identity, durable on return. */
export function createLogIdentity(
  disk: Disk,
  directory: string,
  partition: number,
  salt: number = randomBytes(4).readUInt32LE(),
): LogIdentity {
  const text = JSON.stringify({ format: 'moka-log', version: LOG_FORMAT_VERSION, partition, salt });
  disk.makeDirectorySync(directory);
  disk.writeFileDurableSync(`${directory}/${LOG_IDENTITY_FILE}`, Buffer.from(`${text}\n`));
  return { partition, salt };
}

function parse(bytes: Uint8Array, path: string, partition: number): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof parsed === 'object' && parsed !== null && 'format' in parsed && parsed.format === 'moka-log') {
      return parsed as Record<string, unknown>;
    }
  } catch (cause) {
    throw new MokaError('ERR_LOG_DAMAGED', `log identity unreadable path=${path}`, { partition, cause });
  }
  throw damaged(path, partition, 'not a log');
}

function damaged(path: string, partition: number, what: string): MokaError {
  return new MokaError('ERR_LOG_DAMAGED', `log identity ${what} path=${path}`, { partition });
}
