import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { MAX_BODY_DEPTH } from '../../src/base/limits.ts';
import { JsonDecoder, parseJson } from '../../src/record/json-decoder.ts';
import { CANONICAL_ORDER, CANONICAL_SCHEMA, embedded } from './canonical-order.ts';

const SCHEMA = Type.Object({ id: Type.String(), count: Type.Integer(), note: Type.Optional(Type.String()) });

function decode(body: string | Uint8Array, schema: unknown = SCHEMA): unknown {
  const { bytes, start, end } = embedded(body);
  return new JsonDecoder(schema).decode(bytes, start, end);
}

/** The code and message of the refusal: the same along a plan and without one. */
function refusal(body: string | Uint8Array): string {
  const refusals = [SCHEMA, {}].map((schema) => {
    try {
      return `decoded ${JSON.stringify(decode(body, schema))}`;
    } catch (error) {
      const { code, message } = error as MokaError;
      expect(error).toBeInstanceOf(MokaError);
      return `${code} ${message}`;
    }
  });
  expect(refusals[0]).toBe(refusals[1]);
  return refusals[0] as string;
}

describe('JsonDecoder.decode', () => {
  it('decodes the canonical order', () => {
    expect(decode(CANONICAL_ORDER, CANONICAL_SCHEMA)).toStrictEqual(JSON.parse(CANONICAL_ORDER));
  });

  it('counts what follows the plan and what does not', () => {
    const decoder = new JsonDecoder(SCHEMA);
    const value = { id: 'a', count: 1 };
    for (const body of ['{"id":"a","count":1}', '{"count":1,"id":"a"}', '{"id": "a", "count": 1}\r\n']) {
      expect(decoder.decode(Buffer.from(body), 0, body.length)).toStrictEqual(value);
    }
    expect([decoder.plannedCount, decoder.parsedCount]).toEqual([3, 0]);
    const indented = JSON.stringify(value, null, 2);
    expect(decoder.decode(Buffer.from(indented), 0, indented.length)).toStrictEqual(value);
    expect([decoder.plannedCount, decoder.parsedCount]).toEqual([3, 1]);
  });

  it('decodes members in any order, with and without the optional ones', () => {
    const decoder = new JsonDecoder(SCHEMA);
    const members = { id: '"a"', count: '1', note: '"b"' };
    const orders = [
      ...[
        ['id', 'count'],
        ['count', 'id'],
        ['id', 'count', 'note'],
        ['id', 'note', 'count'],
      ],
      ...[
        ['count', 'id', 'note'],
        ['count', 'note', 'id'],
        ['note', 'id', 'count'],
        ['note', 'count', 'id'],
      ],
    ] as (keyof typeof members)[][];
    for (const names of orders) {
      const body = `{${names.map((name) => `"${name}":${members[name]}`).join(',')}}`;
      expect(decoder.decode(Buffer.from(body), 0, body.length)).toStrictEqual(JSON.parse(body));
    }
    expect([decoder.plannedCount, decoder.parsedCount]).toEqual([orders.length, 0]);
  });

  it('decodes what the schema would refuse', () => {
    for (const body of ['{"id":1}', '{"id":"a","count":1,"more":[true]}', '[1,"a",null]', '12', '"a"', 'null', '{}']) {
      expect(decode(body)).toStrictEqual(JSON.parse(body));
    }
  });

  it('decodes any script, escapes and numbers', () => {
    const values = ['kühl ☕ 日本 𝄞', 'a"b\\c\n\u0000\u007f', ''];
    for (const id of values) expect(decode(JSON.stringify({ id, count: 1 }))).toStrictEqual({ id, count: 1 });
    expect(decode('{"id":"\\u0061\\ud834\\udd1e","count":1}')).toStrictEqual({ id: 'a𝄞', count: 1 });
    for (const count of ['0', '-7', '9007199254740991', '-9007199254740991', '1.5', '-0.25', '1e3', '0.1', '-0']) {
      expect(decode(`{"id":"a","count":${count}}`)).toStrictEqual({ id: 'a', count: Number(count) });
    }
  });

  it('decodes numbers where the schema has them, and refuses what only looks like one', () => {
    const schema = Type.Object({ n: Type.Number() });
    for (const n of ['0', '-0', '1', '-1', '1.5', '-0.125', '10.10', '100000000000000.1', '1e3', '2E-2', '0.1e1']) {
      expect(decode(`{"n":${n}}`, schema)).toStrictEqual({ n: Number(n) });
    }
    for (const n of ['01', '-', '-01', '01.5', '1.', '.5', '-.5', '1..5', '1.5.5', '1.e3', '1e', '--1', '+1', '1 2']) {
      expect(() => decode(`{"n":${n}}`, schema)).toThrow(expect.objectContaining({ code: 'ERR_EVENT_UNPARSEABLE' }));
    }
  });

  it('reads nothing beyond the end', () => {
    const bytes = Buffer.from(CANONICAL_ORDER);
    const decoder = new JsonDecoder(CANONICAL_SCHEMA);
    for (let end = 1; end < bytes.length; end++) {
      expect(() => decoder.decode(bytes, 0, end)).toThrow(expect.objectContaining({ code: 'ERR_EVENT_UNPARSEABLE' }));
    }
  });

  it('refuses every control character inside a text', () => {
    for (let code = 0; code < 0x20; code++) {
      for (const rest of ['', 'ü', '\\n']) {
        expect(refusal(`{"id":"${String.fromCharCode(code)}${rest}","count":1}`)).toMatch(UNPARSEABLE);
      }
    }
  });

  it('accepts the name __proto__ as a text', () => {
    expect(decode('{"id":"__proto__","count":1}')).toStrictEqual({ id: '__proto__', count: 1 });
    expect(decode('{"note":"\\"__proto__\\":1"}')).toStrictEqual({ note: '"__proto__":1' });
  });

  it('refuses a member __proto__ at any depth, however it is written', () => {
    expect(refusal('{"id":"a","count":1,"__proto__":{}}')).toBe(
      'ERR_EVENT_FORBIDDEN_MEMBER member pointer=/__proto__ is forbidden',
    );
    expect(refusal('{"a":[0,{"\\u005f_proto__":1}]}')).toBe(
      'ERR_EVENT_FORBIDDEN_MEMBER member pointer=/a/1/__proto__ is forbidden',
    );
  });

  it('refuses a duplicate member at any depth, however it is written', () => {
    expect(refusal('{"id":"a","count":1,"count":2}')).toBe('ERR_EVENT_DUPLICATE_MEMBER duplicate member=count');
    expect(refusal('{"id":"a","\\u0069d":"b","count":1}')).toBe('ERR_EVENT_DUPLICATE_MEMBER duplicate member=id');
    expect(refusal('{"a":[{"b":1,"c":":{","b":2}]}')).toBe('ERR_EVENT_DUPLICATE_MEMBER duplicate member=b');
    expect(refusal('{"a":{"b":1},"b":2,"c":"a","a":0}')).toBe('ERR_EVENT_DUPLICATE_MEMBER duplicate member=a');
  });

  it('refuses numbers that a double cannot hold', () => {
    const cases = { '9007199254740993': '/count', '-9007199254740992': '/count', '1e400': '/count', '1e20': '/count' };
    for (const [number, pointer] of Object.entries(cases)) {
      expect(refusal(`{"id":"a","count":${number}}`)).toBe(
        `ERR_EVENT_NUMBER_RANGE number pointer=${pointer} beyond 2^53`,
      );
    }
    expect(refusal('[[1],{"x":[123456789012345678]}]')).toBe(
      'ERR_EVENT_NUMBER_RANGE number pointer=/1/x/0 beyond 2^53',
    );
    expect(refusal('{"count":0.12345678901234566}')).toBe('decoded {"count":0.12345678901234566}');
  });

  it('refuses bytes that are not UTF-8', () => {
    for (const broken of ['\xff', '\xc3', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80']) {
      expect(refusal(Buffer.from(`{"id":"${broken}","count":1}`, 'latin1'))).toBe(
        'ERR_EVENT_ENCODING JSON is not valid UTF-8',
      );
    }
  });

  it('refuses half of a surrogate pair', () => {
    expect(refusal('{"id":"\\ud834","count":1}')).toBe(
      'ERR_EVENT_ENCODING text pointer=/id has half of a surrogate pair',
    );
    expect(refusal('{"\\udd1e":1}')).toBe('ERR_EVENT_ENCODING text pointer= has half of a surrogate pair');
  });

  it('refuses a byte order mark, nothing, and white space alone', () => {
    expect(refusal('\ufeff{"id":"a","count":1}')).toBe('ERR_EVENT_UNPARSEABLE JSON begins with a byte order mark');
    expect(refusal('')).toBe('ERR_EVENT_EMPTY body bytes=0');
    expect(refusal(' \n')).toMatch(/^ERR_EVENT_UNPARSEABLE JSON cannot be parsed/);
  });

  it('refuses what is not JSON', () => {
    const order = '{"id":"a","count":1}';
    for (let length = 1; length < order.length; length++) expect(refusal(order.slice(0, length))).toMatch(UNPARSEABLE);
    for (const count of ['01', '-', '+1', '1.', '.5', '1e', '0x1', 'NaN', 'Infinity', 'tru', '', "'a'"]) {
      expect(refusal(`{"id":"a","count":${count}}`)).toMatch(UNPARSEABLE);
    }
    for (const body of [`${order}x`, `${order},`, `${order}\0`, '{"id":"a","count":1,}', '{"id":"a\nb","count":1}']) {
      expect(refusal(body)).toMatch(UNPARSEABLE);
    }
    expect(refusal('{"id":"\\x","count":1}')).toMatch(UNPARSEABLE);
  });

  it('quotes nothing of the body but a place', () => {
    expect(refusal(`{"id":${'secret'.repeat(50)}}`)).toMatch(
      /^ERR_EVENT_UNPARSEABLE JSON cannot be parsed( position=\d+)?$/,
    );
  });

  it('cuts a long name short', () => {
    const name = 'x'.repeat(500);
    expect(refusal(`{"${name}":1,"${name}":2}`)).toBe(`ERR_EVENT_DUPLICATE_MEMBER duplicate member=${'x'.repeat(64)}…`);
  });

  it('goes down to the greatest depth and no further', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(refusal(nested(MAX_BODY_DEPTH))).toBe(`decoded ${nested(MAX_BODY_DEPTH)}`);
    expect(refusal(nested(MAX_BODY_DEPTH + 1))).toBe('ERR_EVENT_TOO_DEEP body depth=33 allowed=32');
    expect(refusal(`"${'['.repeat(99)}"`)).toBe(`decoded "${'['.repeat(99)}"`);
  });
});

describe('parseJson', () => {
  it('takes a text with very many members in time that grows with its length', () => {
    const body = Buffer.from(`{${Array.from({ length: 20_000 }, (_, i) => `"m${i}":${i}`).join(',')}}`);
    expect(Object.keys(parseJson(body, 0, body.length) as object).length).toBe(20_000);
    const twice = Buffer.from(`${body.toString().slice(0, -1)},"m7":0}`);
    expect(() => parseJson(twice, 0, twice.length)).toThrow('duplicate member=m7');
  });
});

const UNPARSEABLE = /^ERR_EVENT_UNPARSEABLE /;
