import { setTimeout as sleep } from 'node:timers/promises';
import { head, RawHttpClient } from '../../http/raw-http-client.ts';
import type { RawWebSocket } from '../../http/raw-websocket.ts';
import { connectIntake, type FrameAck, JSON_PROTOCOL, jsonFrame } from './intake-socket.ts';

/** What clients know of their events: the truth that the log is held against. */
export class Journal {
  readonly sent = new Set<string>();
  readonly acked = new Set<string>();
  /** Answers that asked to come back later. */
  refusals = 0;
  /** The longest of the times they named. */
  waitSecondsMax = 0;
  /** Answers that were neither. */
  readonly complaints: string[] = [];

  /** Resolves when this many events are acknowledged. */
  async reaches(count: number): Promise<void> {
    while (this.acked.size < count) await sleep(1);
  }
}

export interface LoadTarget {
  readonly port: number;
  readonly path: string;
  /** An event with this id. */
  event(id: string): string;
  /** Frames that a client has under way at most; without it as many as its credit allows. */
  readonly framesUnderway?: number;
}

/**
 * A client with one request under way at a time: it comes back when it is told to, and sends again, on a new connection,
 * what it got no answer to. It ends when it has sent all it has, or when the engine goes down.
 */
export async function httpClient(target: LoadTarget, name: string, count: number, journal: Journal): Promise<void> {
  let client: RawHttpClient | null = null;
  try {
    for (let n = 0; n < count; n++) {
      const id = `${name}-${n}`;
      journal.sent.add(id);
      for (let outcome: Outcome = 'again'; outcome === 'again'; ) {
        if (client === null || client.isClosed) client = await RawHttpClient.open(target.port);
        outcome = await deliver(client, target, id, journal);
        if (outcome === 'down') return;
      }
    }
  } catch (error) {
    if (!/ECONN/.test(String((error as NodeJS.ErrnoException).code))) throw error;
  } finally {
    client?.close();
  }
}

type Outcome = 'delivered' | 'again' | 'down';

async function deliver(client: RawHttpClient, target: LoadTarget, id: string, journal: Journal): Promise<Outcome> {
  const body = target.event(id);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
  client.send(head('POST', target.path, headers) + body);
  const answer = await client.answer().catch(() => null);
  if (answer === null) return 'again';
  const { status, json } = answer;
  if (status === 201) {
    journal.acked.add(id);
    return 'delivered';
  }
  if (json['code'] === 'ERR_DRAINING') return 'down';
  if (json['retryable'] !== true) {
    journal.complaints.push(`${id}: ${status} ${json['code']} ${json['detail']}`);
    return 'delivered';
  }
  journal.refusals += 1;
  const waitSeconds = Number(answer.headers.get('retry-after'));
  journal.waitSecondsMax = Math.max(journal.waitSecondsMax, waitSeconds);
  await sleep(waitSeconds * 1000);
  return 'again';
}

const EVENTS_PER_FRAME = 10;

/** A client that sends frames as long as it has credit for them, until its connection ends or it has sent all it has. */
export async function frameClient(target: LoadTarget, name: string, count: number, journal: Journal): Promise<void> {
  const { socket, hello } = await connectIntake(target.port, `${target.path}/ws`, JSON_PROTOCOL);
  const underway = new Map<number, string[]>();
  let limit = hello['limit'] as Limit;
  let sentEvents = 0;
  let sentBytes = 0;
  let next = 0;
  let frame = 0;
  let frameEvents = EVENTS_PER_FRAME;
  try {
    while (next < count || underway.size > 0) {
      while (next < count && underway.size < (target.framesUnderway ?? count)) {
        const ids = Array.from({ length: Math.min(frameEvents, count - next) }, (_, n) => `${name}-${next + n}`);
        const bytes = jsonFrame(
          { frame: frame + 1 },
          ids.map((id) => target.event(id)),
        );
        if (sentEvents + ids.length > limit.events || sentBytes + bytes.length > limit.bytes) {
          // With nothing under way there is no more credit to come: the frame is larger than all of it.
          if (underway.size > 0) break;
          frameEvents = Math.ceil(frameEvents / 2);
          continue;
        }
        frame += 1;
        next += ids.length;
        sentEvents += ids.length;
        sentBytes += bytes.length;
        underway.set(frame, ids);
        for (const id of ids) journal.sent.add(id);
        socket.sendText(bytes.toString());
      }
      limit = takeAnswer(await nextOf(socket), underway, journal) ?? limit;
    }
    socket.close();
  } catch (error) {
    if (!(error instanceof Error && /^closed code=/.test(error.message))) throw error;
  }
}

interface Limit {
  events: number;
  bytes: number;
}

async function nextOf(socket: RawWebSocket): Promise<Record<string, unknown>> {
  return (await socket.nextJson()) as Record<string, unknown>;
}

function takeAnswer(message: Record<string, unknown>, underway: Map<number, string[]>, journal: Journal): Limit | null {
  if (message['type'] === 'ack') {
    const { frame, rejected } = message as unknown as FrameAck;
    const ids = underway.get(frame) as string[];
    underway.delete(frame);
    const refused = new Map(rejected.map((rejection) => [rejection.index, rejection]));
    ids.forEach((id, index) => {
      const rejection = refused.get(index);
      if (rejection === undefined) journal.acked.add(id);
      else journal.complaints.push(`${id}: ${rejection.status} ${rejection.code} ${rejection.detail}`);
    });
  } else if (message['type'] === 'error' && message['code'] !== 'ERR_DRAINING') {
    journal.complaints.push(`${message['code']} ${message['detail']}`);
  }
  return (message['limit'] as Limit | undefined) ?? null;
}

/** Holds the ids in a log against a journal: what is missing, what is there twice, what nobody sent. */
export function compare(
  journal: Journal,
  logged: readonly string[],
): Record<'lost' | 'repeated' | 'foreign', string[]> {
  const seen = new Set<string>();
  const repeated = logged.filter((id) => seen.size === seen.add(id).size);
  return {
    lost: [...journal.acked].filter((id) => !seen.has(id)),
    repeated,
    foreign: logged.filter((id) => !journal.sent.has(id)),
  };
}

export const NOTHING_WRONG = { lost: [], repeated: [], foreign: [] };
