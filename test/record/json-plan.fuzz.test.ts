import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../../src/record/json-decoder.ts';
import { compileJsonPlan } from '../../src/record/json-plan.ts';
import { NOT_PLANNED, type Plan } from '../../src/record/planned-decode.ts';
import { compileSchemaCheck } from '../../src/topology/schema-check.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { embedded } from './canonical-order.ts';
import { schemaCase } from './schema-values.ts';

/** What the plan says: NOT_PLANNED, or a value that the strict parser gives as well, and that fits if the plan says so. */
function planned(plan: Plan | null, check: (value: unknown) => boolean, body: string | Uint8Array): unknown {
  const { bytes, start, end } = embedded(body);
  const value = plan === null ? NOT_PLANNED : plan.decode(bytes, start, end);
  if (value === NOT_PLANNED) return value;
  expect(value).toStrictEqual(parseJson(bytes, start, end));
  if (plan?.isComplete === true) expect(check(value)).toBe(true);
  return value;
}

/** The same value with the members of all its objects in another order. */
function rotated(value: unknown, shift: number): unknown {
  if (Array.isArray(value)) return value.map((item) => rotated(item, shift));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, rotated(member, shift)]);
  const start = members.length === 0 ? 0 : shift % members.length;
  return Object.fromEntries([...members.slice(start), ...members.slice(0, start)]);
}

it('a JSON plan decodes what follows its schema exactly as a parser does', () => {
  let plannedCount = 0;
  let completeCount = 0;
  let count = 0;
  const property = fc.property(schemaCase, fc.nat(), ({ schema, value }, shift) => {
    const plan = compileJsonPlan(schema);
    const { check } = compileSchemaCheck(schema);
    const text = JSON.stringify(value);
    for (const body of [text, text.replaceAll(/([:,])(?=["{[])/g, '$1 '), JSON.stringify(rotated(value, shift))]) {
      if (!check(value)) continue;
      count++;
      if (planned(plan, check, body) === NOT_PLANNED) continue;
      plannedCount++;
      if (plan?.isComplete === true) completeCount++;
    }
  });
  fc.assert(property, fuzzRuns(400));
  // The rest has numbers of more than 15 digits or with an exponent.
  expect(plannedCount / count).toBeGreaterThan(0.6);
  expect(completeCount / count).toBeGreaterThan(0.2);
});

it('a JSON plan accepts no damaged body that a parser would refuse or read otherwise', () => {
  const damage = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', ' ', '\n', '\0', '__proto__'),
      fc.constantFrom('\\u0041', '\\ud800', 'null', 'true', '99999999999999999', '"a":1,', 'ü', '""', ''),
    ),
  });
  const damages = fc.array(fc.array(damage, { minLength: 1, maxLength: 3 }), { minLength: 10, maxLength: 10 });
  const property = fc.property(schemaCase, damages, ({ schema, value }, bodies) => {
    const plan = compileJsonPlan(schema);
    const { check } = compileSchemaCheck(schema);
    for (const all of bodies) {
      let body = JSON.stringify(value);
      for (const { at, remove, insert } of all) {
        const place = Math.floor(at * (body.length + 1));
        body = body.slice(0, place) + insert + body.slice(place + remove);
      }
      planned(plan, check, body);
    }
  });
  fc.assert(property, fuzzRuns(500));
});

it('a JSON plan accepts no broken UTF-8', () => {
  const breaks = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 128, max: 255 })), { minLength: 10, maxLength: 10 });
  const property = fc.property(schemaCase, breaks, ({ schema, value }, all) => {
    const plan = compileJsonPlan(schema);
    const { check } = compileSchemaCheck(schema);
    for (const [at, byte] of all) {
      const bytes = Buffer.from(JSON.stringify(value));
      bytes[at % bytes.length] = byte;
      planned(plan, check, bytes);
    }
  });
  fc.assert(property, fuzzRuns(200));
});
