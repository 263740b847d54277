import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ValueCodec } from '../../src/store/value-codec.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const member = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'orderId',
      'totalCents',
      'items',
      'sku',
      'qty',
      'status',
      'constructor',
      'toString',
      'length',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }).filter((name) => name !== '__proto__') },
);
const scalar = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    '',
    0,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    0.1,
    1e300,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
  ),
  fc.integer(),
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.string({ maxLength: 300 }),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(member, tie('value'), { maxKeys: 8, noNullPrototype: true }),
  ),
})).value;

type Step = { codec: number; value: unknown; isRestart: boolean };

it('ValueCodec reads every value back, through restarts, other codecs in between and any number of shapes', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    codec: fc.nat(1),
    value,
    isRestart: fc.nat(20).map((n) => n === 0),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), fc.nat(400), (steps, knownShapes) => {
      const codecs = [new ValueCodec(), new ValueCodec()];
      for (let n = 0; n < knownShapes; n++) (codecs[0] as ValueCodec).encode({ [`known-${n}`]: n });
      const kept: { codec: number; bytes: Buffer; value: unknown }[] = [];
      for (const { codec: n, value: next, isRestart } of steps) {
        if (isRestart) codecs[n] = new ValueCodec(JSON.parse(JSON.stringify((codecs[n] as ValueCodec).shapes())));
        const codec = codecs[n] as ValueCodec;
        codec.encode(next);
        const bytes = Buffer.concat([
          Buffer.alloc(5),
          codec.bytes.subarray(codec.start, codec.start + codec.length),
          Buffer.alloc(3),
        ]);
        kept.push({ codec: n, bytes, value: next });
        const {
          codec: m,
          bytes: earlier,
          value: expected,
        } = kept[(kept.length * 0x9e37) % (kept.length + 1)] ?? (kept[0] as (typeof kept)[number]);
        expect((codecs[m] as ValueCodec).decode(earlier, 5, earlier.length - 3)).toEqual(expected);
      }
      for (const { codec, bytes, value: expected } of kept) {
        expect((codecs[codec] as ValueCodec).decode(bytes, 5, bytes.length - 3)).toEqual(expected);
      }
    }),
    fuzzRuns(30),
  );
});

it('ValueCodec.shapes grow with new member lists only, and end at a bound', () => {
  const codec = new ValueCodec();
  codec.encode({ a: 1, b: { c: 2 } });
  codec.encode({ a: 3, b: { c: 4 } });
  expect(codec.shapes()).toEqual([['a', 'b'], ['c']]);
  for (let n = 0; n < 1_000; n++) codec.encode({ [`member-${n}`]: n });
  expect(codec.shapeCount).toBe(256);
});
