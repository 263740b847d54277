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
  fc.double(),
  fc.bigInt(),
  fc.constantFrom(undefined, -0, -1, 127, 128, -0x8000, 0x7fff, 0x8000, -(2 ** 31), 2 ** 31, 2 ** 48 - 1, 2 ** 48, 1.5),
  fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
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
    fc.array(fc.nat(300), { maxLength: 70, size: 'max' }),
    fc.array(fc.tuple(fc.string({ maxLength: 3 }), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(fc.nat(), { maxLength: 4 }).map((members) => new Set(members)),
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
          codec.written.bytes.subarray(0, codec.written.length),
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

it('ValueCodec keeps members of any name as members', () => {
  const codec = new ValueCodec();
  const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"a b":2,"\\u2028":3}');
  codec.encode(value);
  const back = codec.decode(codec.written.bytes, 0, codec.written.length) as object;
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  expect(JSON.stringify(back)).toBe(JSON.stringify(value));
  expect('polluted' in back).toBe(false);
});

it('ValueCodec takes instances by what they say of themselves, and objects without a prototype', () => {
  class Price {
    readonly cents: number = 420;
    get isFree(): boolean {
      return this.cents === 0;
    }
  }
  const codec = new ValueCodec();
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  class Said {
    toJSON(): object {
      return { said: true };
    }
  }
  codec.encode([new Price(), bare, Object.create({ inherited: 1 }), new Said()]);
  expect(codec.decode(codec.written.bytes, 0, codec.written.length)).toEqual([
    { cents: 420 },
    { a: 1 },
    {},
    { said: true },
  ]);
});

it('ValueCodec takes any number of objects side by side, and 64 within each other', () => {
  const codec = new ValueCodec();
  const wide = Array.from({ length: 500 }, (_, n) => ({ n, inner: { n } }));
  codec.encode(wide);
  expect(codec.decode(codec.written.bytes, 0, codec.written.length)).toEqual(wide);
  const nested = (depth: number): unknown => (depth === 0 ? 'core' : { inner: nested(depth - 1) });
  codec.encode(nested(64));
  expect(codec.decode(codec.written.bytes, 0, codec.written.length)).toEqual(nested(64));
  expect(() => codec.encode(nested(65))).toThrowError(expect.objectContaining({ code: 'ERR_OPERATOR_FAILED' }));
});

it.each([
  ['a function', (): void => {}],
  ['a symbol', Symbol('x')],
  ['a promise', Promise.resolve(1)],
  ['a map of functions', new Map([['k', () => 1]])],
])('ValueCodec refuses %s', (_what, unkept) => {
  const codec = new ValueCodec();
  expect(() => codec.encode({ deep: [unkept] })).toThrowError(expect.objectContaining({ code: 'ERR_OPERATOR_FAILED' }));
  codec.encode('still in order');
  expect(codec.decode(codec.written.bytes, 0, codec.written.length)).toBe('still in order');
});

it('ValueCodec.decode says of damaged bytes that they are', () => {
  const codec = new ValueCodec();
  const whole = Buffer.alloc(300);
  codec.encode({
    orderId: 'ord_01HZX8',
    items: [{ sku: 'flat-white', qty: 1 }],
    at: new Date(5),
    total: 10.5,
    big: 2n ** 70n,
  });
  codec.written.bytes.copy(whole, 0, 0, codec.written.length);
  const { length } = codec.written;
  for (let at = 0; at < length; at++) {
    for (let bit = 1; bit <= 128; bit *= 2) {
      const bytes = Buffer.from(whole.subarray(0, length));
      bytes[at] = (bytes[at] as number) ^ bit;
      try {
        codec.decode(bytes, 0, length);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_CHECKPOINT_DAMAGED' });
      }
    }
  }
  for (let end = 1; end < length; end++)
    expect(() => codec.decode(whole.subarray(0, end), 0, end)).toThrowError(/cannot be read/);
  expect(() => codec.decode(whole, 0, length + 1)).toThrowError(/cannot be read/);
});

it('ValueCodec.shapes grow with new member lists only, and end at a bound', () => {
  const codec = new ValueCodec();
  codec.encode({ a: 1, b: { c: 2 } });
  codec.encode({ a: 3, b: { c: 4 } });
  expect(codec.shapes()).toEqual([['a', 'b'], ['c']]);
  for (let n = 0; n < 1_000; n++) codec.encode({ [`member-${n}`]: n });
  expect(codec.shapeCount).toBe(256);
});
