import { dirname } from 'node:path';
import type { Disk } from './disk.ts';

/**
 * A new file beside the old one, flushed, takes its name; then the name is flushed. A crash leaves the old or the new.
 */
export function replaceFileDurably(disk: Disk, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  if (disk.existsSync(temporary)) disk.removeSync(temporary);
  const file = disk.openSync(temporary, 'create');
  try {
    file.writeSync(bytes, 0, bytes.length, 0);
    file.flushSync();
  } finally {
    file.closeSync();
  }
  disk.renameSync(temporary, path);
  disk.flushDirectorySync(dirname(path));
}
