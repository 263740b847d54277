import { type TSchema, Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { JsonDecoder } from '../../src/record/json-decoder.ts';
import { RecordDecoder } from '../../src/record/record-decoder.ts';
import { encodeRecord } from '../../src/record/record-encoder.ts';
import { compileSchemaCheck } from '../../src/topology/schema-check.ts';
import { embedded } from './canonical-order.ts';

/** Values at the bounds of a member, and on either side of them. */
const MEMBERS: readonly [TSchema, readonly unknown[]][] = [
  [Type.String({ minLength: 1 }), ['', 'a', '🥐']],
  [Type.String({ minLength: 3 }), ['ab', 'abc', 'üb', 'übe', '🥐a', '🥐ab', '🥐🥐', '🥐🥐🥐']],
  [Type.String({ maxLength: 3 }), ['', 'abc', 'abcd', 'übe', 'über', '🥐🥐', '🥐🥐🥐', '🥐🥐🥐🥐']],
  [Type.String({ minLength: 2, maxLength: 2 }), ['a', 'ab', 'abc', '🥐', '🥐🥐', 'é', 'e\u0301']],
  [Type.Integer({ minimum: -1, maximum: 256 }), [-2, -1, 0, 256, 257, 1.5]],
  [Type.Number({ minimum: 0.5, maximum: 100_000 }), [0, 0.25, 0.5, 100_000, 100_001, 1e12]],
  [Type.Array(Type.Integer(), { minItems: 1, maxItems: 3 }), [[], [1], [1, 2, 3], [1, 2, 3, 4], [1.5]]],
  [Type.Union([Type.String({ minLength: 2 }), Type.Null()]), [null, 'a', 'ab']],
];

const CASES = MEMBERS.flatMap(([member, values]) =>
  values.map((value) => ({ schema: Type.Object({ member }, { additionalProperties: false }), value })),
);

describe('what a complete plan has decoded', () => {
  it.each(CASES)('$schema.properties.member: $value', ({ schema, value }) => {
    const event = { member: value };
    const fits = compileSchemaCheck(schema).check(event);
    const decoders = [
      { decoder: new JsonDecoder(schema), body: Buffer.from(JSON.stringify(event)) },
      { decoder: new RecordDecoder(schema), body: encodeRecord(schema)(event) },
    ];
    for (const { decoder, body } of decoders) {
      const { bytes, start, end } = embedded(body);
      expect(decoder.decode(bytes, start, end)).toEqual(event);
      // What is known to fit does; what does not is never known to.
      expect(decoder.isChecked && !fits).toBe(false);
    }
  });

  it('is known to fit where it does, but for a text that only looks long enough', () => {
    const known = CASES.filter(({ schema, value }) => {
      const decoder = new JsonDecoder(schema);
      const { bytes, start, end } = embedded(JSON.stringify({ member: value }));
      decoder.decode(bytes, start, end);
      return decoder.isChecked;
    });
    const fitting = CASES.filter(({ schema, value }) => compileSchemaCheck(schema).check({ member: value }));
    const left = fitting.filter((one) => !known.includes(one)).map(({ value }) => value);
    expect(left).toEqual(['übe', '🥐ab', '🥐🥐', '🥐🥐🥐', '🥐🥐', 'e\u0301']);
  });
});
