import { describe, expect, it } from 'vitest';
import { MsgpackKeyScanner } from '../../src/record/msgpack-key-scanner.ts';
import { encodeMsgpack } from '../../src/record/record-encoder.ts';
import {
  SCAN_MISSING,
  SCAN_NOT_OBJECT,
  SCAN_NOT_SCALAR,
  SCAN_OK,
  SCAN_TRUNCATED,
} from '../../src/record/scan-result.ts';
import { CANONICAL_ORDER, embedded } from './canonical-order.ts';
import { LONG_FORMS, memberOf } from './msgpack-bytes.ts';

function outcome(scanner: MsgpackKeyScanner, bytes: Buffer, result: number): string | number {
  if (result !== SCAN_OK) return result;
  return scanner.isNumber ? `number ${scanner.keyNumber}` : bytes.toString('utf8', scanner.keyStart, scanner.keyEnd);
}

function scanMap(body: Uint8Array, field = 'key'): string | number {
  const scanner = new MsgpackKeyScanner(field, -1);
  const { bytes, start, end } = embedded(body);
  return outcome(scanner, bytes, scanner.scanMap(bytes, start, end));
}

function scanRecord(body: Uint8Array, fieldIndex: number): string | number {
  const scanner = new MsgpackKeyScanner('key', fieldIndex);
  const { bytes, start, end } = embedded(body);
  return outcome(scanner, bytes, scanner.scanRecord(bytes, start, end));
}

const ORDER = JSON.parse(CANONICAL_ORDER) as Record<string, unknown>;

describe('MsgpackKeyScanner.scanMap', () => {
  it('finds every member of the canonical order', () => {
    const body = encodeMsgpack(ORDER);
    expect(
      ['orderId', 'customerId', 'placedAt', 'totalCents', 'currency'].map((field) => scanMap(body, field)),
    ).toEqual(['ord_01HZX8', 'c-4821', 'number 1763600000000', 'number 1040', 'EUR']);
  });

  it('finds no member of an inner map', () => {
    expect(scanMap(encodeMsgpack({ a: { key: 1 }, b: [{ key: 2 }] }))).toBe(SCAN_MISSING);
    expect(scanMap(encodeMsgpack({ a: { key: 1 }, key: 'outer' }))).toBe('outer');
  });

  it('reads integers of every form, and no other number', () => {
    for (const [value, number] of LONG_FORMS) {
      expect(scanMap(memberOf('key', ...value))).toBe(number === 1.5 ? SCAN_NOT_SCALAR : `number ${number}`);
    }
    expect(scanMap(memberOf('key', 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0))).toBe(SCAN_NOT_SCALAR);
  });

  it('says that the key is no scalar', () => {
    for (const value of [null, true, [], {}, 0.5]) expect(scanMap(encodeMsgpack({ key: value }))).toBe(SCAN_NOT_SCALAR);
  });

  it('says that there is no map', () => {
    for (const body of [encodeMsgpack(['key']), encodeMsgpack('key'), Uint8Array.of(0xc1), memberOf('a', 0xc4, 0)]) {
      expect(scanMap(body)).toBe(SCAN_NOT_OBJECT);
    }
    expect(scanMap(Uint8Array.of(0x81, 1, 1))).toBe(SCAN_NOT_OBJECT); // a name that is a number
  });

  it('reads nothing beyond the end', () => {
    const body = encodeMsgpack({ a: [1, { b: 'c'.repeat(40) }], c: 70_000, key: 'value' });
    for (let length = 0; length < body.length; length++) expect(scanMap(body.slice(0, length))).toBe(SCAN_TRUNCATED);
    expect(scanMap(memberOf('a', 0xdd, 0xff, 0xff, 0xff, 0xff))).toBe(SCAN_TRUNCATED);
  });
});

describe('MsgpackKeyScanner.scanRecord', () => {
  it('finds the field by its index, over values of every kind', () => {
    const body = encodeMsgpack(['a', null, true, 1.5, [1, ['x']], { m: { n: 1 } }, 'x'.repeat(300), 'key', 12]);
    expect(scanRecord(body, 0)).toBe('a');
    expect(scanRecord(body, 7)).toBe('key');
    expect(scanRecord(body, 8)).toBe('number 12');
    expect(scanRecord(body, 1)).toBe(SCAN_NOT_SCALAR);
  });

  it('says that the field is missing', () => {
    expect(scanRecord(encodeMsgpack(['a']), 1)).toBe(SCAN_MISSING);
    expect(scanRecord(encodeMsgpack([]), 0)).toBe(SCAN_MISSING);
  });

  it('says that there is no record', () => {
    expect(scanRecord(encodeMsgpack({ key: 'a' }), 0)).toBe(SCAN_NOT_OBJECT);
    expect(scanRecord(Uint8Array.of(0xd4, 0x72, 0x40), 0)).toBe(SCAN_NOT_OBJECT);
    expect(scanRecord(new Uint8Array(0), 0)).toBe(SCAN_TRUNCATED);
  });
});
