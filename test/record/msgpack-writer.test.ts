import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { MsgpackWriter } from '../../src/record/msgpack-writer.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const PEER = new Unpackr({ useRecords: false, int64AsType: 'number' });

function written(value: unknown): Uint8Array {
  const writer = new MsgpackWriter(1);
  writer.value(value);
  return writer.take();
}

describe('MsgpackWriter.value', () => {
  it('writes what another implementation reads', () => {
    // the peer renames a member __proto__
    const values = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    const property = fc.property(values, (value) => {
      expect(PEER.unpack(written(value))).toStrictEqual(value);
    });
    fc.assert(property, fuzzRuns(1000));
  });

  it('writes each number in its shortest form', () => {
    const lengths = [
      [0, 1],
      [127, 1],
      [128, 2],
      [255, 2],
      [256, 3],
      [65_535, 3],
      [65_536, 5],
      [0xffff_ffff, 5],
      [0x1_0000_0000, 9],
      [-1, 1],
      [-32, 1],
      [-33, 2],
      [-128, 2],
      [-129, 3],
      [-32_768, 3],
      [-32_769, 5],
      [-0x8000_0000, 5],
      [-0x8000_0001, 9],
      [0.5, 9],
      [-0, 9],
    ];
    for (const [value, length] of lengths) {
      const bytes = written(value);
      expect([value, bytes.length]).toEqual([value, length]);
      expect(PEER.unpack(bytes)).toBe(value);
    }
  });

  it('writes texts, arrays and maps of every length of length', () => {
    for (const length of [0, 31, 32, 255, 256, 65_535, 65_536]) {
      expect(PEER.unpack(written('x'.repeat(length)))).toBe('x'.repeat(length));
    }
    for (const length of [0, 15, 16, 65_535, 65_536]) {
      expect((PEER.unpack(written(new Array(length).fill(1))) as unknown[]).length).toBe(length);
      const object = Object.fromEntries(Array.from({ length }, (_, i) => [`m${i}`, i]));
      expect(Object.keys(PEER.unpack(written(object)) as object).length).toBe(length);
    }
  });

  it('leaves out what is undefined', () => {
    expect(PEER.unpack(written({ a: 1, b: undefined, c: [undefined] }))).toEqual({ a: 1, c: [null] });
  });

  it('throws on what JSON has no word for', () => {
    expect(() => written(1n)).toThrow(TypeError);
  });
});

describe('MsgpackWriter.take', () => {
  it('begins anew and keeps what was taken', () => {
    const writer = new MsgpackWriter();
    writer.text('one');
    const one = writer.take();
    writer.text('two');
    expect([PEER.unpack(one), PEER.unpack(writer.take())]).toEqual(['one', 'two']);
  });
});
