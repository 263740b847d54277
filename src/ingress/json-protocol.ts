// data plane
import { MAX_FRAME_EVENTS } from '../base/limits.ts';
import { LEVEL_NAMES, LEVEL_RECEIVED } from '../record/intake-message.ts';
import { CODEC_JSON } from '../record/layout.ts';
import { NO_SEQUENCE } from '../record/record-writer.ts';
import type { BodyBytes } from './body-bytes.ts';
import type { ConnectionCredit } from './credit.ts';
import type { FrameHead, FrameOutcome, FrameProtocol, Hello } from './frame-protocol.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { GroupIdentity } from './group-identity.ts';
import { MAX_GROUP_IDENTITY_BYTES } from './limits.ts';
import { splitLines } from './lines.ts';
import { isPrintable, writeAscii } from './request-headers.ts';
import type { StreamIntake } from './stream-intake.ts';

const NEWLINE = 10;
const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const MAX_U32 = 0xffffffff;

/**
 * `moka.json.v1`: text messages. A frame is a head and one event per line; every answer is one JSON object.
 *
 * ```
 *   {"frame":7,"seq":1000}                     with ?producer=; without: {"frame":7,"id":"till-3/7"}
 *   {"orderId":"o-1", …}
 *   {"orderId":"o-2", …}
 * ```
 */
export const jsonProtocol: FrameProtocol = {
  name: 'moka.json.v1',
  isBinary: false,

  read(body: BodyBytes, _stream: StreamIntake, head: FrameHead, identity: GroupIdentity, writer: FrameWriter): string {
    const bytes = Buffer.from(body.u8.buffer, body.u8.byteOffset, body.u8.byteLength);
    const newline = bytes.indexOf(NEWLINE);
    const headEnd = newline < 0 ? bytes.length : newline;
    const fault = readHead(bytes.toString('utf8', 0, headEnd), head, identity);
    if (fault !== '') return fault;
    if (!splitLines(bytes, headEnd + 1, writer)) return `frame has more than ${MAX_FRAME_EVENTS} events`;
    return '';
  },

  hello(hello: Hello, credit: ConnectionCredit): string {
    return JSON.stringify({ type: 'hello', ...hello, ...creditOf(credit) });
  },

  ack(outcome: FrameOutcome, credit: ConnectionCredit): string {
    const rejected = outcome.rejected.map(({ index, refusal }) => ({ index, ...refusal }));
    return (
      `{"type":"ack","frame":${outcome.frame},"accepted":${outcome.accepted},"duplicate":${outcome.duplicate},` +
      `"rejected":${rejected.length === 0 ? '[]' : JSON.stringify(rejected)},"level":"${LEVEL_NAMES[outcome.level]}",` +
      `"processed":${outcome.level > LEVEL_RECEIVED},"credit":{"events":${credit.freeEvents},"bytes":${credit.freeBytes}},` +
      `"limit":{"events":${credit.limitEvents},"bytes":${credit.limitBytes}}}`
    );
  },

  credit(credit: ConnectionCredit): string {
    return JSON.stringify({ type: 'credit', ...creditOf(credit) });
  },

  error(code: string, detail: string): string {
    return JSON.stringify({ type: 'error', code, detail });
  },
};

function creditOf(credit: ConnectionCredit): object {
  return {
    credit: { events: credit.freeEvents, bytes: credit.freeBytes },
    limit: { events: credit.limitEvents, bytes: credit.limitBytes },
  };
}

function readHead(text: string, head: FrameHead, identity: GroupIdentity): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'first line must be a JSON object such as {"frame":1}';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'first line must be a JSON object such as {"frame":1}';
  }
  const { frame, seq, id, ...others } = value as Record<string, unknown>;
  for (const name in others) return `first line has an unknown member ${JSON.stringify(name.slice(0, 32))}`;
  if (memberCount(text) !== Object.keys(value).length) return 'first line has a member twice';
  if (!isWhole(frame, MAX_U32)) return 'frame must be an integer from 0 to 4294967295';
  if (seq !== undefined && !isWhole(seq, Number.MAX_SAFE_INTEGER - MAX_FRAME_EVENTS)) {
    return 'seq must be an integer from 0 to 2^53';
  }
  if (id !== undefined && !isId(id)) return `id must be 1 to ${MAX_GROUP_IDENTITY_BYTES} printable ASCII characters`;
  if (seq !== undefined && id !== undefined)
    return 'seq and id exclude each other: seq is for a producer, id for others';
  head.frame = frame;
  head.codec = CODEC_JSON;
  identity.firstSequence = seq ?? NO_SEQUENCE;
  identity.idLength = id === undefined ? 0 : writeAscii(id, identity.id);
  return '';
}

/** Members as they are written; `JSON.parse` keeps the last of equal ones. @param text an object without inner ones */
function memberCount(text: string): number {
  let count = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (code === BACKSLASH) at += 1;
    else if (code === COLON && !isInString) count += 1;
  }
  return count;
}

function isWhole(value: unknown, greatest: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= greatest;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_GROUP_IDENTITY_BYTES && isPrintable(value);
}
