import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { EXIT_CODES, type ExitReason } from '../base/exit-codes.ts';

const CELL_BYTES = 4096;
const TEXT_START = 8;
const encoder = new TextEncoder();

/**
 * Where a thread says why it ends, before it ends: a message to the main thread may not arrive any more. The first
 * failure stays; what follows is its consequence.
 */
export class FailureCell {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CELL_BYTES);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, TEXT_START);
  }

  report(error: unknown, reason: ExitReason = exitReasonOf(error)): void {
    if (Atomics.compareExchange(this.#words, 0, 0, -1) !== 0) return;
    const message = `${codeOf(error)}\n${messageOf(error)}`;
    const text = new Uint8Array(CELL_BYTES - TEXT_START);
    const { written } = encoder.encodeInto(message, text);
    this.#bytes.set(text);
    this.#words[1] = written;
    // Publishes text and length; pairs with the load in `read`.
    Atomics.store(this.#words, 0, EXIT_CODES[reason]);
  }

  /** @returns null while nothing has failed */
  read(): { exitCode: number; error: MokaError } | null {
    const exitCode = Atomics.load(this.#words, 0);
    if (exitCode <= 0) return null;
    const text = Buffer.from(this.#bytes.slice(0, this.#words[1])).toString('utf8');
    const end = text.indexOf('\n');
    return { exitCode, error: new MokaError(text.slice(0, end) as ErrorCode, text.slice(end + 1)) };
  }
}

function codeOf(error: unknown): ErrorCode {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code in ERRORS ? (code as ErrorCode) : 'ERR_WORKER_DIED';
}

/** What has a code says what it means; of anything else the stack is wanted. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof MokaError ? error.message : (error.stack ?? error.message);
}

const REASON_BY_CODE: Readonly<Record<string, ExitReason>> = {
  ERR_DISK_FLUSH: 'flushFailed',
  ERR_LOG_DAMAGED: 'damaged',
  ERR_CHECKPOINT_DAMAGED: 'damaged',
  ERR_DATA_VERSION: 'environment',
  ERR_TOPOLOGY_CHANGED: 'usage',
  ERR_OPERATOR_STUCK: 'stuck',
  ERR_OPERATOR_STUCK_LOGGED: 'undecided',
  ERR_DISK_IO: 'environment',
  ERR_DATA_OCCUPIED: 'occupied',
  ERR_PORT_OCCUPIED: 'occupied',
  ERR_NATIVE_MISSING: 'platform',
  ERR_DATA_UNUSABLE: 'environment',
  ERR_CONFIG_INVALID: 'usage',
  ERR_DATA_PARTITIONS: 'usage',
  ERR_TOPOLOGY_INVALID: 'usage',
  ERR_TOPOLOGY_LOAD: 'usage',
};

/** How the process ends for this error. */
export function exitReasonOf(error: unknown): ExitReason {
  if (error instanceof Error && error.name === 'AssertionError') return 'bug';
  const code = (error as { code?: unknown } | null)?.code;
  return (typeof code === 'string' && REASON_BY_CODE[code]) || 'runtime';
}
