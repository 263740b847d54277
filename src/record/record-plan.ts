import {
  FALSE,
  FIX_ARRAY,
  FIX_TEXT,
  FLOAT_64,
  INT_8,
  INT_16,
  INT_32,
  NEGATIVE_FIXINT,
  NIL,
  TEXT_8,
  TEXT_16,
  TRUE,
  UINT_8,
  UINT_16,
  UINT_32,
} from './msgpack-format.ts';
import { float64, uint16, uint32 } from './msgpack-token.ts';
import { isInRange, isText } from './msgpack-validator.ts';
import { boundsSource, isPlannableName, objectSource, SourceNames, wideTextBounds } from './plan-source.ts';
import { cursor, NOT_PLANNED, type Plan, type PlannedDecode } from './planned-decode.ts';
import { type ArrayNode, mergedObject, type ObjectNode, type PlanNode, type ScalarNode } from './schema-plan.ts';

/**
 * Compiles a decoder for positional records: an object is the array of its members' values in the order of the schema,
 * nil for one that is missing. It takes the forms that encoders really write and gives up at anything else, 64-bit
 * integers among them.
 *
 * @returns null for a schema that a plan cannot follow.
 */
export function compileRecordPlan(node: ObjectNode): Plan | null {
  const plan = new RecordPlanSource();
  const source = plan.decoder(node);
  if (source === null) return null;
  const build = new Function('BAIL', 'cursor', 'wideNumber', 'wideText', source);
  const decode = build(NOT_PLANNED, cursor, wideNumber, wideText) as PlannedDecode;
  return { decode, isComplete: node.isComplete && !plan.hasVariants };
}

/** Writes a decoder's source, with the variables of JsonPlanSource; `c` is a value's first byte, `p` the end of a text. */
class RecordPlanSource {
  readonly #names = new SourceNames();
  #canFollow = true;
  /** Whether members of several objects stand in one record: which of them belong together is not looked at. */
  hasVariants = false;

  decoder(node: ObjectNode): string | null {
    const body = this.#object(node, 'v');
    if (!this.#canFollow) return null;
    return `'use strict';
return function decodePlanned(b, start, end) {
  const t = b.latin1Slice(start, end);
  let at = start, c = 0, p = 0, seen = 0, v;
  ${body}
  return at === end ? v : BAIL;
};`;
  }

  /** Statements that read one value from `at` on into a declared variable, or return BAIL. */
  #value(node: PlanNode, into: string): string {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node, into);
      case 'variants':
        this.hasVariants = true;
        return this.#orNull(node.isNullable, into, this.#object(mergedObject(node), into));
      case 'object':
        return this.#orNull(node.isNullable, into, this.#object(node, into));
      case 'array':
        return this.#orNull(node.isNullable, into, this.#array(node, into));
      case 'any':
        this.#canFollow = false;
        return '';
    }
  }

  #orNull(isNullable: boolean, into: string, statements: string): string {
    return isNullable ? `if (b[at] === ${NIL}) { ${into} = null; at++; } else { ${statements} }` : statements;
  }

  #object(node: ObjectNode, into: string): string {
    const members = node.members.map((member) => ({
      member,
      value: this.#names.next('v'),
      has: this.#names.next('has'),
    }));
    // More members than a fixarray counts: rare, and the general decoder knows the longer heads.
    if (members.length > 15 || !members.every(({ member }) => isPlannableName(member.name))) this.#canFollow = false;
    const lines = [`if (b[at] !== ${FIX_ARRAY + members.length}) return BAIL;`, 'at++;'];
    for (const { member, value, has } of members) {
      lines.push(`let ${value};`);
      const read = this.#value(member.node, value);
      if (!member.isOptional) {
        lines.push(read);
      } else if (member.node.isNullable) {
        lines.push(`const ${has} = true;`, read);
      } else {
        lines.push(`const ${has} = b[at] !== ${NIL};`, `if (${has}) { ${read} } else at++;`);
      }
    }
    lines.push(objectSource(members, into));
    return lines.join('\n  ');
  }

  #array(node: ArrayNode, into: string): string {
    const item = this.#names.next('v');
    const left = this.#names.next('left');
    return `let ${left} = b[at++] - ${FIX_ARRAY};
  if (!(${left} >= 0 && ${left} <= 15)) return BAIL;
  ${boundsSource(node, left)}
  ${into} = [];
  for (; ${left} > 0; ${left}--) {
    let ${item};
    ${this.#value(node.item, item)}
    ${into}.push(${item});
  }`;
  }

  #scalar(node: ScalarNode, into: string): string {
    const branches: string[] = [];
    if (node.isText) {
      const isText = `c >= ${FIX_TEXT} && c < ${NIL} || c === ${TEXT_8} || c === ${TEXT_16}`;
      branches.push(`if (${isText}) { ${text(node, into)} }`);
    }
    if (node.isInteger || node.isNumber) {
      const bounds = boundsSource(node, into);
      const whole = node.isNumber ? '' : `if (!Number.isInteger(${into})) return BAIL;`;
      const wide = `${into} = wideNumber(b, at, c); if (${into} === undefined) return BAIL; ${whole} at = cursor.at;`;
      branches.push(`if (c < 128) { ${into} = c; ${bounds} }`);
      branches.push(`if (c >= ${NEGATIVE_FIXINT}) { ${into} = c - 256; ${bounds} }`);
      branches.push(`if (c >= ${FLOAT_64} && c <= ${INT_32}) { ${wide} ${bounds} }`);
    }
    if (node.isBoolean) branches.push(`if (c === ${TRUE}) ${into} = true;`, `if (c === ${FALSE}) ${into} = false;`);
    if (node.isNullable) branches.push(`if (c === ${NIL}) ${into} = null;`);
    branches.push('return BAIL;');
    return `c = b[at++]; ${branches.join(' else ')}`;
  }
}

function text(node: ScalarNode, into: string): string {
  const length = `${into}.length`;
  return `if (c < ${NIL}) p = at + (c & 31);
    else if (c === ${TEXT_8}) { p = at + 1 + b[at]; at++; }
    else { p = at + 2 + (b[at] << 8 | b[at + 1]); at += 2; }
    if (!(p <= end)) return BAIL;
    seen = 0;
    for (let i = at; i < p; i++) seen |= b[i];
    if (seen < 128) { ${into} = t.substring(at - start, p - start); ${boundsSource(node, length)} }
    else { ${into} = wideText(b, at, p); if (${into} === undefined) return BAIL; ${boundsSource(wideTextBounds(node), length)} }
    at = p;`;
}

/** A number that does not fit its first byte; leaves `cursor.at` behind it. Undefined if it is for the general decoder. */
function wideNumber(bytes: Uint8Array, at: number, head: number): number | undefined {
  switch (head) {
    case UINT_8:
      cursor.at = at + 1;
      return bytes[at];
    case UINT_16:
      cursor.at = at + 2;
      return uint16(bytes, at);
    case UINT_32:
      cursor.at = at + 4;
      return uint32(bytes, at);
    case INT_8:
      cursor.at = at + 1;
      return ((bytes[at] as number) << 24) >> 24;
    case INT_16:
      cursor.at = at + 2;
      return (uint16(bytes, at) << 16) >> 16;
    case INT_32:
      cursor.at = at + 4;
      return uint32(bytes, at) | 0;
    case FLOAT_64: {
      cursor.at = at + 8;
      const value = float64(bytes, at);
      return isInRange(value) ? value : undefined;
    }
    default:
      return undefined;
  }
}

function wideText(bytes: Buffer, start: number, end: number): string | undefined {
  return isText(bytes, start, end) ? bytes.toString('utf8', start, end) : undefined;
}
