import type { SeededRandom } from './seeded-random.ts';
import type { LossStyle, SimulatedInode } from './simulated-inode.ts';

/** An entry that came or went and is not yet durable. */
interface Change {
  readonly name: string;
  readonly inode: SimulatedInode | null;
}

/**
 * The names of one directory: those the process sees, those on the medium, and the changes between them, of which a
 * power cut keeps the first few. A rename inside a directory is one change of two names.
 */
export class SimulatedDirectory {
  readonly entries = new Map<string, SimulatedInode>();
  private durable = new Map<string, SimulatedInode>();
  private changes: (readonly Change[])[] = [];

  link(name: string, inode: SimulatedInode): void {
    this.apply([{ name, inode }]);
  }

  unlink(name: string): void {
    this.apply([{ name, inode: null }]);
  }

  rename(from: string, to: string): void {
    const inode = this.entries.get(from) as SimulatedInode;
    this.apply([
      { name: from, inode: null },
      { name: to, inode },
    ]);
  }

  flush(): void {
    this.durable = new Map(this.entries);
    this.changes = [];
  }

  losePower(random: SeededRandom, style: LossStyle): void {
    const { length } = this.changes;
    const kept = style === 'all' ? length : style === 'none' ? 0 : random.below(length + 1);
    for (const change of this.changes.slice(0, kept)) applyTo(this.durable, change);
    this.changes = [];
    this.entries.clear();
    for (const [name, inode] of this.durable) this.entries.set(name, inode);
  }

  private apply(change: readonly Change[]): void {
    applyTo(this.entries, change);
    this.changes.push(change);
  }
}

function applyTo(entries: Map<string, SimulatedInode>, change: readonly Change[]): void {
  for (const { name, inode } of change) {
    if (inode === null) entries.delete(name);
    else entries.set(name, inode);
  }
}
