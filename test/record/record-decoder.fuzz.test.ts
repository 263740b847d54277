import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseMsgpack } from '../../src/record/msgpack-decoder.ts';
import { RecordDecoder } from '../../src/record/record-decoder.ts';
import { encodeRecord } from '../../src/record/record-encoder.ts';
import { compileSchemaCheck } from '../../src/topology/schema-check.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { embedded } from './canonical-order.ts';
import { schemaCase } from './schema-values.ts';

it('RecordDecoder.decode gives back every value of every schema', () => {
  const property = fc.property(schemaCase, ({ schema, value }) => {
    const { bytes, start, end } = embedded(encodeRecord(schema)(value));
    const decoder = new RecordDecoder(schema);
    const decoded = decoder.decode(bytes, start, end);
    if (decoder.isChecked) expect(compileSchemaCheck(schema).check(decoded)).toBe(true);
    expect(withoutOptionalNulls(decoded, value)).toStrictEqual(value);
  });
  fc.assert(property, fuzzRuns(400));
});

it('RecordDecoder.decode ends with a value or a refusal on damaged bytes', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const damages = fc.array(fc.tuple(damage, fc.nat()), { minLength: 10, maxLength: 10 });
  const property = fc.property(schemaCase, damages, ({ schema, value }, bodies) => {
    const encode = encodeRecord(schema);
    const decoder = new RecordDecoder(schema);
    const { check } = compileSchemaCheck(schema);
    for (const [all, cut] of bodies) {
      const body = encode(value);
      for (const [at, byte] of all) body[at % body.length] = byte;
      const { bytes, start, end } = embedded(cut % 3 === 0 ? body.slice(0, cut % body.length) : body);
      const planned = decoder.plannedCount;
      const decoded = outcome(() => decoder.decode(bytes, start, end));
      const parsed = outcome(() => parseMsgpack(bytes, start, end));
      // The plan accepts what the general decoder accepts, and reads the same out of it.
      if (decoder.plannedCount > planned) expect(scalars(decoded)).toEqual(scalars(parsed));
      if (decoder.plannedCount > planned && decoder.isChecked) expect(check(decoded)).toBe(true);
    }
  });
  fc.assert(property, fuzzRuns(300));
});

/** A value, or the code it was refused with. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    expect((error as { code: string }).code).toMatch(/^ERR_EVENT_/);
    return (error as { code: string }).code;
  }
}

/** All that a value holds, whether by name or by position, without nil. */
function scalars(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [`${typeof value} ${String(value)}`];
  return Object.values(value).flatMap(scalars).sort();
}

/** An optional member that may also be null comes back as null when it was not there: a record has one nil for both. */
function withoutOptionalNulls(decoded: unknown, original: unknown): unknown {
  if (Array.isArray(decoded) && Array.isArray(original)) {
    return decoded.map((item, index) => withoutOptionalNulls(item, original[index]));
  }
  if (typeof decoded !== 'object' || decoded === null || typeof original !== 'object' || original === null) {
    return decoded;
  }
  const members = Object.entries(decoded).filter(([name, member]) => member !== null || name in original);
  return Object.fromEntries(
    members.map(([name, member]) => [name, withoutOptionalNulls(member, (original as Record<string, unknown>)[name])]),
  );
}
