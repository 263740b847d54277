import { MokaError } from '../base/errors.ts';
import { parseMsgpack } from './msgpack-decoder.ts';
import { NOT_PLANNED, type Plan } from './planned-decode.ts';
import { compileRecordPlan } from './record-plan.ts';
import { mergedObject, type ObjectNode, type PlanNode, planOf } from './schema-plan.ts';
import type { ValueDecoder } from './value-codec.ts';

/** Positional msgpack records, into what the same JSON would give. */
export class RecordDecoder implements ValueDecoder {
  /** Bodies that followed the plan, and those that took several times as long. */
  plannedCount = 0;
  parsedCount = 0;
  isPlanned = false;
  isChecked = false;

  readonly #node: ObjectNode | null;
  readonly #plan: Plan | null;

  constructor(schema: unknown) {
    const node = planOf(schema);
    this.#node = node.kind === 'object' || node.kind === 'variants' ? mergedObject(node) : null;
    this.#plan = this.#node === null ? null : compileRecordPlan(this.#node);
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
    const value = parseMsgpack(bytes, start, end);
    return this.#node === null ? value : named(this.#node, value);
  }
}

/**
 * Gives a positional value the names of its schema. What is of another type than the schema has is left as it is, so
 * that the schema's check can say where; trailing members may be left out.
 */
function named(node: PlanNode, value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (node.kind === 'array') return value.map((item) => named(node.item, item));
  if (node.kind !== 'object' && node.kind !== 'variants') return value;
  const members = mergedObject(node).members;
  if (value.length > members.length) {
    throw new MokaError('ERR_EVENT_SCHEMA', `record fields=${value.length} expected=${members.length}`);
  }
  const object: Record<string, unknown> = {};
  for (const [index, item] of value.entries()) {
    const member = members[index];
    if (member === undefined || (item === null && member.isOptional && !member.node.isNullable)) continue;
    // Not by assignment: a schema may name a member as it likes.
    Object.defineProperty(object, member.name, {
      value: named(member.node, item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
