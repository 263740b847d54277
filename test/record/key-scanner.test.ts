import { describe, expect, it } from 'vitest';
import { MAX_BODY_DEPTH } from '../../src/base/limits.ts';
import { KeyScanner } from '../../src/record/key-scanner.ts';
import {
  SCAN_ESCAPED,
  SCAN_MISSING,
  SCAN_NOT_OBJECT,
  SCAN_NOT_SCALAR,
  SCAN_OK,
  SCAN_TOO_DEEP,
  SCAN_TRUNCATED,
} from '../../src/record/scan-result.ts';
import { CANONICAL_ORDER, embedded } from './canonical-order.ts';

/** The key's text, or the result. */
function scan(body: string, field = 'key'): string | number {
  const scanner = new KeyScanner(field);
  const { bytes, start, end } = embedded(body);
  const result = scanner.scan(bytes, start, end);
  if (result !== SCAN_OK) return result;
  return bytes.toString('utf8', scanner.keyStart, scanner.keyEnd);
}

describe('KeyScanner.scan', () => {
  it('finds every member of the canonical order', () => {
    expect(
      ['orderId', 'customerId', 'placedAt', 'totalCents', 'currency'].map((f) => scan(CANONICAL_ORDER, f)),
    ).toEqual(['ord_01HZX8', 'c-4821', '1763600000000', '1040', 'EUR']);
  });

  it('finds no member of an inner object', () => {
    expect(scan(CANONICAL_ORDER, 'sku')).toBe(SCAN_MISSING);
    expect(scan('{"a":{"key":"inner"},"b":[{"key":"inner"}],"key":"outer"}')).toBe('outer');
  });

  it('takes the first of two members', () => {
    expect(scan('{"key":"one","key":"two"}')).toBe('one');
  });

  it('takes no name for another', () => {
    expect(scan('{"ke":"a","keys":"b","Key":"c","\\u006bey":"d","key":"e"}')).toBe('e');
    expect(scan('{"a":"key","b":"\\"key\\":1","key":"c"}')).toBe('c');
  });

  it('says whether the key is a number', () => {
    const scanner = new KeyScanner('key');
    scanner.scan(Buffer.from('{"key":-12}'), 0, 11);
    expect(scanner.isNumber).toBe(true);
    scanner.scan(Buffer.from('{"key":"12"}'), 0, 12);
    expect(scanner.isNumber).toBe(false);
  });

  it('takes integers alone as numbers', () => {
    expect(['0', '7', '-12', '9007199254740993'].map((n) => scan(`{"key":${n}}`))).toEqual([
      ...['0', '7', '-12', '9007199254740993'],
    ]);
    for (const value of ['1.5', '1e3', '-0', '-', '1x', 'true', 'null', '{}', '["a"]', ',', '}']) {
      expect(scan(`{"key":${value}}`)).toBe(SCAN_NOT_SCALAR);
    }
  });

  it('takes keys in any script', () => {
    expect(scan('{"größe":"kühl ☕"}', 'größe')).toBe('kühl ☕');
  });

  it('passes white space of every kind', () => {
    expect(scan(' \t\r\n{ \n"a" : [ 1 , "]" ] ,\t"key" :  "x" } ')).toBe('x');
    expect(scan('{"key": 12 }')).toBe('12');
  });

  it('passes values of every kind', () => {
    expect(scan('{"a":null,"b":true,"c":-1.5e+10,"d":"","e":"\\\\","f":"\\"","g":[],"h":{},"key":"x"}')).toBe('x');
    expect(scan('{"a":[[{"b":"}]"}],"\\"]"],"key":"x"}')).toBe('x');
  });

  it('leaves an escaped key to the decoder', () => {
    expect(scan('{"key":"a\\nb"}')).toBe(SCAN_ESCAPED);
    expect(scan('{"key":"a\\')).toBe(SCAN_ESCAPED);
  });

  it('takes an empty key: it is for others to refuse', () => {
    expect(scan('{"key":""}')).toBe('');
  });

  it('says that there is no object', () => {
    for (const body of ['[]', '"key"', '12', 'null', '\ufeff{}', '{key:1}', '{"a" 1}', '{"a":1 "key":2}', '{"a":,}']) {
      expect(scan(body)).toBe(SCAN_NOT_OBJECT);
    }
  });

  it('says that the member is missing', () => {
    for (const body of ['{}', ' { } ', '{"a":1}', '{"a":"key"}', '{"a":{"key":1}}'])
      expect(scan(body)).toBe(SCAN_MISSING);
  });

  it('reads nothing beyond the end', () => {
    const body = '{"a":[1,{"b":"c"}],"key":"value"}';
    for (let length = 0; length < body.length - 1; length++) expect(scan(body.slice(0, length))).toBe(SCAN_TRUNCATED);
    expect(scan('{"key":12')).toBe(SCAN_TRUNCATED);
    expect(scan('{"a":"x\\')).toBe(SCAN_TRUNCATED);
    expect(scan('{"a":1,')).toBe(SCAN_TRUNCATED);
  });

  it('goes down to the greatest depth and no further', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)},"key":"x"}`;
    expect(scan(nested(MAX_BODY_DEPTH))).toBe('x');
    expect(scan(nested(MAX_BODY_DEPTH + 1))).toBe(SCAN_TOO_DEEP);
  });

  it('reads ordinary and shared memory alike', () => {
    const scanner = new KeyScanner('customerId');
    const bytes = new TextEncoder().encode(CANONICAL_ORDER);
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(SCAN_OK);
    expect([scanner.keyStart, scanner.keyEnd]).toEqual([38, 44]);
  });
});
