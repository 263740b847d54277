import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { type DirectoryOwner, findOwner, UNKNOWN_OWNER } from './directory-lock.ts';
import type { SavedAnswer } from './health-routes.ts';

/** An engine of another process, with its state on disk. */
export interface SavedEngine {
  readonly pid: string;
  /** By partition: its last checkpoint reflects at least this. */
  readonly offsets: readonly number[];
}

/** How long a checkpoint of all partitions may take; the largest, behind a copy of all rows, takes some seconds. */
const SAVE_SECONDS = 60;
/** On top of it, for the answer to arrive. */
const ANSWER_SECONDS = 5;

/**
 * Has the engine that runs on a data directory save the state it has now, and waits until that is on disk.
 *
 * @returns null: none runs there
 * @throws MokaError, with what to do: ERR_NOT_READY when the engine does not answer, cannot be reached or is not open yet;
 * whatever code it answers with when it cannot save its state, such as ERR_DISK_FULL; ERR_DATA_UNUSABLE
 */
export async function saveRunningEngine(
  directory: string,
  saveSeconds = SAVE_SECONDS,
  answerSeconds = ANSWER_SECONDS,
): Promise<SavedEngine | null> {
  const owner = await findOwner(directory);
  if (owner === null) return null;
  const { pid, adminUrl } = owner;
  if (pid === UNKNOWN_OWNER)
    throw cannot(`a process holds data directory=${directory} and does not answer: is it stopped?`);
  if (adminUrl === null) throw cannot(`engine pid=${pid} on data directory=${directory} is not open yet`);
  const url = `${adminUrl}/admin/checkpoint?wait=${saveSeconds}`;
  const { status, body } = await post(owner, url, saveSeconds + answerSeconds);
  const { code, detail, pid: answeredBy, partitions } = parse(body);
  if (status === 200 && Array.isArray(partitions)) {
    if (String(answeredBy) !== pid) throw cannot(`at ${adminUrl} answers pid=${answeredBy}, not engine pid=${pid}`);
    return { pid, offsets: partitions.map(({ checkpointOffset }) => checkpointOffset) };
  }
  const known = typeof code === 'string' && code in ERRORS ? (code as ErrorCode) : 'ERR_NOT_READY';
  throw cannot(`engine pid=${pid} saves no checkpoint: ${detail ?? `status=${status}`}`, known);
}

async function post(
  { pid, adminUrl }: DirectoryOwner,
  url: string,
  seconds: number,
): Promise<{ status: number; body: string }> {
  try {
    // Not `fetch`, which refuses some ports.
    const sent = request(url, { method: 'POST', agent: false, signal: AbortSignal.timeout(seconds * 1000) }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  } catch (cause) {
    const { name, message } = cause as Error;
    const why = name === 'AbortError' ? `no answer in seconds=${seconds}` : message;
    throw cannot(`admin listener ${adminUrl} of engine pid=${pid} cannot be reached from here: ${why}`);
  }
}

function parse(body: string): Partial<SavedAnswer> & { code?: unknown; detail?: unknown } {
  try {
    return (JSON.parse(body) as ReturnType<typeof parse> | null) ?? {};
  } catch {
    return {};
  }
}

function cannot(what: string, code: ErrorCode = 'ERR_NOT_READY'): MokaError {
  const advice = 'try again, or compare with its last checkpoint: --no-checkpoint';
  return new MokaError(code, `${what}; ${advice}`);
}
