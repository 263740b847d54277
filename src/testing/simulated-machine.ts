import { SeededRandom } from './seeded-random.ts';

/** The simulated process ends here. Whatever it had open is of no use any more; the disk waits for `crash`. */
export class CrashSignal extends Error {
  override readonly name = 'CrashSignal';
}

/** An error as the system gives it. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Something asynchronous that the process has asked for. */
export interface PendingOperation {
  /** What it does to the disk, and the call back; may ask for another operation. */
  run(): void;
  /** What it may have done to the disk when the process died before it was answered. */
  interrupt(): void;
}

/** The process and what it waits for: nothing happens until `runOne` picks it, and at any operation it may die. */
export class SimulatedMachine {
  /**
   * Operations until a `CrashSignal`, 0 being the next; -1 for none. Every call that changes the disk, or completes, is
   * one.
   */
  crashCountdown = -1;
  /** Flushes until one fails, 0 being the next; -1 for none. */
  flushFailureCountdown = -1;
  flushFailureCount = 0;
  operationCount = 0;
  /** Raised by every restart: what was opened before is dead. */
  generation = 0;
  readonly random: SeededRandom;
  private pending: PendingOperation[] = [];
  private isDead = false;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  enqueue(operation: PendingOperation): void {
    this.pending.push(operation);
  }

  runOne(): boolean {
    if (this.pending.length === 0) return false;
    const index = this.random.below(this.pending.length);
    this.step();
    const [operation] = this.pending.splice(index, 1);
    (operation as PendingOperation).run();
    return true;
  }

  /** Counts one operation. @throws CrashSignal when the count-down ends here, and on every call after it */
  step(): void {
    if (this.isDead) throw new CrashSignal('the process is dead');
    this.operationCount += 1;
    if (this.crashCountdown < 0 || this.crashCountdown-- > 0) return;
    this.kill();
  }

  /** Ends the process at this very place: for fail points. */
  kill(): never {
    this.isDead = true;
    throw new CrashSignal(`crash operation=${this.operationCount}`);
  }

  /** For the files of an earlier life. @throws CrashSignal */
  assertAlive(generation: number): void {
    if (this.isDead || generation !== this.generation) throw new CrashSignal('the process is dead');
  }

  flushFails(): boolean {
    if (this.flushFailureCountdown < 0 || this.flushFailureCountdown-- > 0) return false;
    this.flushFailureCount += 1;
    return true;
  }

  /** What was under way did part of its work, or all, or none; then a new process can begin. */
  restart(): void {
    for (const operation of this.pending) operation.interrupt();
    this.pending = [];
    this.generation += 1;
    this.isDead = false;
    this.crashCountdown = -1;
    this.flushFailureCountdown = -1;
  }
}
