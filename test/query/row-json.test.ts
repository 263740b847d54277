import { describe, expect, it } from 'vitest';
import { rowJson } from '../../src/query/row-json.ts';

describe('rowJson', () => {
  it.each([
    [{ a: [1, 'x', null, true, { b: {} }] }, '{"a":[1,"x",null,true,{"b":{}}]}'],
    ['text', '"text"'],
    [7, '7'],
    [null, 'null'],
    [Number.NaN, 'null'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ bytes: new Uint8Array([1, 2, 255]) }, '{"bytes":"AQL/"}'],
    [{ bytes: Buffer.from('hi') }, '{"bytes":"aGk="}'],
    [new Uint8Array([1]), '"AQ=="'],
    [{ list: [{ id: 2n ** 60n }] }, '{"list":[{"id":"1152921504606846976"}]}'],
    [5n, '"5"'],
    [{ map: new Map([['k', new Set([1, 2])]]) }, '{"map":{"k":[1,2]}}'],
    [() => 1, 'null'],
  ])('of %o', (value, json) => {
    expect(rowJson(value)).toBe(json);
  });
});
