import { isUtf8 } from 'node:buffer';
import { MokaError } from '../base/errors.ts';
import { MAX_BODY_DEPTH } from '../base/limits.ts';
import { compileJsonPlan } from './json-plan.ts';
import { JsonSurvey } from './json-survey.ts';
import { NOT_PLANNED, type Plan } from './planned-decode.ts';
import type { ValueDecoder } from './value-codec.ts';
import { duplicateMember, inspectValue } from './value-inspection.ts';

/**
 * JSON, along the plan of the schema where the body follows it, else with JSON.parse and every check by itself. Both ways
 * give the same value or both refuse.
 */
export class JsonDecoder implements ValueDecoder {
  /** Bodies that followed the plan, and those that took three to eight times as long. */
  plannedCount = 0;
  parsedCount = 0;
  isPlanned = false;
  isChecked = false;

  readonly #plan: Plan | null;

  constructor(schema: unknown) {
    this.#plan = compileJsonPlan(schema);
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    const plan = this.#plan;
    if (plan !== null) {
      const value = plan.decode(bytes, start, end);
      if (value !== NOT_PLANNED) {
        this.plannedCount++;
        this.isPlanned = true;
        this.isChecked = plan.isComplete;
        return value;
      }
    }
    this.parsedCount++;
    this.isPlanned = false;
    this.isChecked = false;
    return parseJson(bytes, start, end);
  }
}

const SURVEY = new JsonSurvey();

/** Any JSON text, strictly. @throws MokaError */
export function parseJson(bytes: Buffer, start: number, end: number): unknown {
  if (start === end) throw new MokaError('ERR_EVENT_EMPTY', 'body bytes=0');
  SURVEY.survey(bytes, start, end);
  const { depth, memberCount, isAscii, hasEscape, hasWideNumber } = SURVEY;
  if (depth > MAX_BODY_DEPTH)
    throw new MokaError('ERR_EVENT_TOO_DEEP', `body depth=${depth} allowed=${MAX_BODY_DEPTH}`);
  if (!isAscii) requireUtf8(bytes, start, end);
  const value = parse(bytes.toString(isAscii ? 'latin1' : 'utf8', start, end));
  const inspectedCount = inspectValue(value, hasWideNumber, hasEscape);
  if (inspectedCount !== memberCount) {
    const name = duplicateMember(bytes.toString('utf8', start, end));
    throw new MokaError('ERR_EVENT_DUPLICATE_MEMBER', `duplicate member=${name}`);
  }
  return value;
}

function requireUtf8(bytes: Buffer, start: number, end: number): void {
  if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) {
    throw new MokaError('ERR_EVENT_UNPARSEABLE', 'JSON begins with a byte order mark');
  }
  if (!isUtf8(bytes.subarray(start, end))) throw new MokaError('ERR_EVENT_ENCODING', 'JSON is not valid UTF-8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes the body; nothing of it goes back but the place.
    const position = /position (\d+)/.exec((cause as Error).message)?.[1];
    const place = position === undefined ? '' : ` position=${position}`;
    throw new MokaError('ERR_EVENT_UNPARSEABLE', `JSON cannot be parsed${place}`, { cause });
  }
}
