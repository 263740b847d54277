import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';

/**
 * Development mode: everything user code is given is frozen through and through, so that changing it throws where it
 * happens; and what goes into a store must come out of it as it was. Production runs without any of this.
 */
const frozen = new WeakSet<object>();

export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || frozen.has(value) || ArrayBuffer.isView(value)) return;
  frozen.add(value);
  for (const member of Object.values(value)) deepFreeze(member);
  Object.freeze(value);
}

/** Stands before every operator. */
export class FreezeOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #output: Operator;

  /** @param name of the operator that follows */
  constructor(name: string, context: OperatorContext, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    deepFreeze(next);
    deepFreeze(previous);
    const given = bytesIn(next).concat(bytesIn(previous));
    const before = given.map((bytes) => Buffer.from(bytes));
    this.#output.push(key, next, previous, time);
    if (given.every((bytes, index) => before[index]?.equals(bytes))) return;
    this.#context.running = this.#name;
    throw new OperatorError(this.#name, 'changed bytes that it was given; change a copy: bytes.slice()');
  }
}

/** Bytes cannot be frozen, so they are looked for; once in each value, for what is frozen has no others later. */
const bytesWithin = new WeakMap<object, readonly Uint8Array[]>();
const NO_BYTES: readonly Uint8Array[] = [];

function bytesIn(value: unknown): readonly Uint8Array[] {
  if (typeof value !== 'object' || value === null) return NO_BYTES;
  const known = bytesWithin.get(value);
  if (known !== undefined) return known;
  // It may contain itself.
  bytesWithin.set(value, NO_BYTES);
  const found = ArrayBuffer.isView(value)
    ? [new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
    : Object.values(value).flatMap(bytesIn);
  if (found.length > 0) bytesWithin.set(value, found);
  return found;
}

/** Stands before every store. */
export class FrozenStore implements OperatorStore {
  readonly #store: OperatorStore;

  constructor(store: OperatorStore) {
    this.#store = store;
  }

  get(key: string): unknown {
    const value = this.#store.get(key);
    deepFreeze(value);
    return value;
  }

  put(key: string, value: unknown, time?: number): void {
    const complaint = whyNotStorable(value, '');
    if (complaint !== null) throw new TypeError(complaint);
    this.#store.put(key, value, time);
  }

  get time(): number {
    return this.#store.time;
  }

  delete(key: string): boolean {
    return this.#store.delete(key);
  }

  range(from: string, to: string | undefined, limit: number): [key: string, value: unknown][] {
    const rows = this.#store.range(from, to, limit);
    for (const [, value] of rows) deepFreeze(value);
    return rows;
  }

  readRegister(index: number): number {
    return this.#store.readRegister(index);
  }

  writeRegister(index: number, value: number): void {
    this.#store.writeRegister(index, value);
  }
}

const MAX_DEPTH = 64;

/** State is plain data: what a store would give back as something else must not go in. */
function whyNotStorable(value: unknown, pointer: string, depth = 0): string | null {
  const place = pointer === '' ? 'value to be stored' : `value to be stored, at ${pointer},`;
  if (depth > MAX_DEPTH) return `${place} is nested more than ${MAX_DEPTH} deep, or contains itself`;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : `${place} is ${value}; a finite number is needed`;
    case 'object':
      break;
    default:
      return `${place} is of type ${typeof value}; state is plain data`;
  }
  if (value === null || value instanceof Uint8Array) return null;
  if (Array.isArray(value)) return firstComplaint(value.entries(), pointer, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${place} is a ${(value.constructor as { name?: string } | undefined)?.name ?? 'class'}; state is plain data`;
  }
  // A member that is undefined is left out by the store: reading gives undefined again.
  return firstComplaint(
    Object.entries(value).filter(([, member]) => member !== undefined),
    pointer,
    depth,
  );
}

function firstComplaint(members: Iterable<[string | number, unknown]>, pointer: string, depth: number): string | null {
  for (const [name, member] of members) {
    const complaint = whyNotStorable(member, `${pointer}/${name}`, depth + 1);
    if (complaint !== null) return complaint;
  }
  return null;
}
