import { Packr } from 'msgpackr';
import { MAX_BODY_DEPTH, MAX_KEY_BYTES } from '../../../src/base/limits.ts';
import { order } from './shop.ts';

/** An event of the coffee shop's `orders` that must be refused, with what the refusal says on every transport. */
export interface BadEvent {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly status: number;
  readonly code: string;
  /** Of the first detail, when the schema is what it does not fit. */
  readonly pointer?: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** `value` as JSON with one text replaced: what no serializer would write. */
function json(changes: object, from = '', to = ''): Buffer {
  const text = JSON.stringify(order('bad', changes));
  if (from !== '' && !text.includes(from)) throw new Error(`${from} is not in the order`);
  return Buffer.from(text.replace(from, to));
}

/** An order whose currency is these bytes. */
function withBytes(...bytes: number[]): Buffer {
  const text = json({ currency: '#' });
  const at = text.indexOf('#');
  return Buffer.concat([text.subarray(0, at), Buffer.from(bytes), text.subarray(at + 1)]);
}

function without(field: string): object {
  const { [field]: _, ...rest } = order('bad') as Record<string, unknown>;
  return rest;
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

type Row = readonly [name: string, bytes: string | Uint8Array | object, status: number, code: string, pointer?: string];

function eventsOf(rows: readonly Row[]): BadEvent[] {
  return rows.map(([name, value, status, code, pointer]) => {
    const bytes =
      value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    return { name, bytes, status, code, ...(pointer === undefined ? {} : { pointer }) };
  });
}

const good = JSON.stringify(order('bad'));

export const BAD_JSON: readonly BadEvent[] = eventsOf([
  ['no bytes at all', '', 400, 'ERR_EVENT_EMPTY'],
  ['words', 'two coffees please', 400, 'ERR_EVENT_UNPARSEABLE'],
  ['an object cut short', good.slice(0, -1), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['an object cut short before its key', '{"customerId":"c', 400, 'ERR_EVENT_UNPARSEABLE'],
  ['words behind the object', `${good} thanks`, 400, 'ERR_EVENT_UNPARSEABLE'],
  ['two objects', good + good, 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a byte order mark', `\ufeff${good}`, 400, 'ERR_EVENT_UNPARSEABLE'],
  ['single quotes', "{'orderId':'bad'}", 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a comment', json({}, '{"orderId"', '{/* latte */"orderId"'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a trailing comma', json({}, '"EUR"}', '"EUR",}'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['NaN', json({}, '"totalCents":420', '"totalCents":NaN'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['Infinity', json({}, '"totalCents":420', '"totalCents":Infinity'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a hexadecimal number', json({}, '"totalCents":420', '"totalCents":0x1f'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a leading zero', json({}, '"totalCents":420', '"totalCents":0420'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a bare tab inside a string', json({ currency: '#' }, '#', '\t'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['an unknown escape', json({ currency: '#' }, '#', '\\x41'), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a byte that no UTF-8 has', withBytes(0xff), 400, 'ERR_EVENT_ENCODING'],
  ['overlong UTF-8', withBytes(0xc0, 0x80), 400, 'ERR_EVENT_ENCODING'],
  ['a surrogate in UTF-8', withBytes(0xed, 0xa0, 0x80), 400, 'ERR_EVENT_ENCODING'],
  ['UTF-8 cut short', withBytes(0xe2, 0x82), 400, 'ERR_EVENT_ENCODING'],
  ['half of an escaped pair', json({ currency: '#' }, '#', '\\ud83d'), 400, 'ERR_EVENT_ENCODING'],
  ['half of an escaped pair in the key', json({ orderId: '#' }, '#', '\\ud83d'), 400, 'ERR_EVENT_ENCODING'],

  ['null', 'null', 422, 'ERR_EVENT_SCHEMA', ''],
  ['a number', '42', 422, 'ERR_EVENT_SCHEMA', ''],
  ['a string', '"orderId"', 422, 'ERR_EVENT_SCHEMA', ''],
  ['an array of an order', `[${good}]`, 422, 'ERR_EVENT_SCHEMA', ''],
  ['a member missing', without('currency'), 422, 'ERR_EVENT_SCHEMA', '/currency'],
  ['an unknown member', order('bad', { isAdmin: true }), 422, 'ERR_EVENT_SCHEMA', '/isAdmin'],
  ['a member named constructor', order('bad', { constructor: {} }), 422, 'ERR_EVENT_SCHEMA', '/constructor'],
  ['a member of another type', order('bad', { totalCents: '420' }), 422, 'ERR_EVENT_SCHEMA', '/totalCents'],
  ['half a cent', order('bad', { totalCents: 0.5 }), 422, 'ERR_EVENT_SCHEMA', '/totalCents'],
  ['money that is owed', order('bad', { totalCents: -1 }), 422, 'ERR_EVENT_SCHEMA', '/totalCents'],
  ['no item', order('bad', { items: [] }), 422, 'ERR_EVENT_SCHEMA', '/items'],
  ['none of an item', order('bad', { items: [item({ qty: 0 })] }), 422, 'ERR_EVENT_SCHEMA', '/items/0/qty'],
  ['more than all of an item', order('bad', { items: [item({ qty: 1e9 })] }), 422, 'ERR_EVENT_SCHEMA', '/items/0/qty'],
  ['a type that is none', order('bad', { type: 'eaten' }), 422, 'ERR_EVENT_SCHEMA'],

  ['no key', without('orderId'), 422, 'ERR_EVENT_KEY_MISSING'],
  ['the key one level down', { order: { orderId: 'bad' } }, 422, 'ERR_EVENT_KEY_MISSING'],
  ['a key that is null', order('bad', { orderId: null }), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key that is true', order('bad', { orderId: true }), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key that is an object', order('bad', { orderId: {} }), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key with a fraction', order('bad', { orderId: 1.5 }), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key that is a number', order('bad', { orderId: 17 }), 422, 'ERR_EVENT_SCHEMA', '/orderId'],
  ['an empty key', order(''), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key too long for its schema', order('k'.repeat(101)), 422, 'ERR_EVENT_SCHEMA', '/orderId'],
  ['a key too long for any', order('k'.repeat(MAX_KEY_BYTES + 1)), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key with a NUL', order('bad\u0000'), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a key with a bell', order('bad\u0007'), 422, 'ERR_EVENT_KEY_INVALID'],
  ['the key twice', json({}, '{"orderId"', '{"orderId":"other","orderId"'), 400, 'ERR_EVENT_DUPLICATE_MEMBER'],
  ['the same key twice', json({}, '{"orderId"', '{"orderId":"bad","orderId"'), 400, 'ERR_EVENT_DUPLICATE_MEMBER'],
  [
    'the key once more, in disguise',
    json({}, '{"orderId"', '{"\\u006frderId":"other","orderId"'),
    400,
    'ERR_EVENT_DUPLICATE_MEMBER',
  ],
  ['another member twice', json({}, '"currency"', '"currency":"USD","currency"'), 400, 'ERR_EVENT_DUPLICATE_MEMBER'],
  ['a member of an item twice', json({}, '"qty":1', '"qty":1,"qty":1'), 400, 'ERR_EVENT_DUPLICATE_MEMBER'],
  ['__proto__', json({}, '{"orderId"', '{"__proto__":{},"orderId"'), 400, 'ERR_EVENT_FORBIDDEN_MEMBER'],
  ['__proto__ in disguise', json({}, '"qty"', '"__pr\\u006fto__":1,"qty"'), 400, 'ERR_EVENT_FORBIDDEN_MEMBER'],
  ['nesting beyond the bound', json({}, '"EUR"', nested(MAX_BODY_DEPTH)), 400, 'ERR_EVENT_TOO_DEEP'],
  ['nesting before the key', `{"a":${nested(1000)},${good.slice(1)}`, 400, 'ERR_EVENT_TOO_DEEP'],

  ['2^53', order('bad', { totalCents: 2 ** 53 }), 422, 'ERR_EVENT_NUMBER_RANGE'],
  [
    'a number of 20 digits',
    json({}, ':420,"currency"', ':42000000000000000001,"currency"'),
    422,
    'ERR_EVENT_NUMBER_RANGE',
  ],
  ['1e400', json({}, ':420,"currency"', ':1e400,"currency"'), 422, 'ERR_EVENT_NUMBER_RANGE'],
  ['the first of January 1970', order('bad', { placedAt: 0 }), 422, 'ERR_EVENT_TIME_RANGE'],
  ['seconds for milliseconds', order('bad', { placedAt: 1763600000 }), 422, 'ERR_EVENT_TIME_RANGE'],
  ['microseconds for milliseconds', order('bad', { placedAt: 1763600000000000 }), 422, 'ERR_EVENT_TIME_RANGE'],
  ['the day after tomorrow', order('bad', { placedAt: Date.now() + 2 * DAY_MS }), 422, 'ERR_EVENT_TIME_RANGE'],
  ['a time in words', order('bad', { placedAt: '2026-11-20T08:00:00Z' }), 422, 'ERR_EVENT_SCHEMA', '/placedAt'],
  ['no identity', { orderId: 'bad', type: 'ready' }, 400, 'ERR_IDENTITY_MISSING'],
]);

function item(changes: object): object {
  return { sku: 'tea', qty: 1, priceCents: 300, options: [], ...changes };
}

const packr = new Packr({ useRecords: false, variableMapSize: true });
export const pack = (value: unknown): Buffer => Buffer.from(packr.pack(value));

/** A map of these members: what a JavaScript object cannot say. */
function packMap(members: readonly (readonly [name: Uint8Array, value: Uint8Array])[]): Buffer {
  return Buffer.concat([Buffer.from([0x80 | members.length]), ...members.flat()]);
}

/** The members of an order, with one of its values given as bytes. */
function packWith(field: string, bytes: readonly number[]): Buffer {
  const members = Object.entries(order('bad')).map(([name, value]) => {
    return [pack(name), name === field ? Buffer.from(bytes) : pack(value)] as const;
  });
  return packMap(members);
}

const packed = pack(order('bad'));

/** The same in msgpack maps. */
export const BAD_MSGPACK: readonly BadEvent[] = eventsOf([
  ['no bytes at all', Buffer.alloc(0), 400, 'ERR_EVENT_EMPTY'],
  ['JSON', Buffer.from(good), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a map cut short', packed.subarray(0, -1), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['bytes behind the map', Buffer.concat([packed, Buffer.from([0xc0])]), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['the byte that means nothing', packWith('currency', [0xc1]), 400, 'ERR_EVENT_MSGPACK'],
  ['an array longer than the body', packWith('items', [0xdd, 0xff, 0xff, 0xff, 0xff]), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a text longer than the body', packWith('currency', [0xdb, 0xff, 0xff, 0xff, 0xff]), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['a record definition', packWith('currency', [0xd4, 0x72, 0x40]), 400, 'ERR_EVENT_MSGPACK'],
  ['an extension', packWith('currency', [0xc7, 0x01, 0x05, 0x00]), 400, 'ERR_EVENT_MSGPACK'],
  ['a timestamp', packWith('placedAt', [0xd6, 0xff, 0x69, 0x1e, 0x00, 0x00]), 400, 'ERR_EVENT_MSGPACK'],
  ['raw bytes', packWith('currency', [0xc4, 0x03, 0x45, 0x55, 0x52]), 400, 'ERR_EVENT_MSGPACK'],
  ['a member whose name is a number', packMap([[pack(1), pack(2)]]), 400, 'ERR_EVENT_MSGPACK'],
  ['text that is no UTF-8', packWith('currency', [0xa3, 0xff, 0xff, 0xff]), 400, 'ERR_EVENT_ENCODING'],
  [
    'nesting beyond the bound',
    packWith('items', [...Array(MAX_BODY_DEPTH).fill(0x91), 0xc0]),
    400,
    'ERR_EVENT_TOO_DEEP',
  ],
  ['an integer beyond 2^53', packWith('totalCents', [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1]), 422, 'ERR_EVENT_NUMBER_RANGE'],
  ['not a number', packWith('totalCents', [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]), 422, 'ERR_EVENT_NUMBER_RANGE'],
  ['nil', pack(null), 422, 'ERR_EVENT_SCHEMA', ''],
  ['an array', pack([order('bad')]), 422, 'ERR_EVENT_SCHEMA', ''],
  ['a member of another type', pack(order('bad', { totalCents: '420' })), 422, 'ERR_EVENT_SCHEMA', '/totalCents'],
  ['no key', pack(without('orderId')), 422, 'ERR_EVENT_KEY_MISSING'],
  ['a key that is nil', pack(order('bad', { orderId: null })), 422, 'ERR_EVENT_KEY_INVALID'],
  ['an empty key', pack(order('')), 422, 'ERR_EVENT_KEY_INVALID'],
  [
    'the key twice',
    packMap([
      [pack('orderId'), pack('bad')],
      [pack('orderId'), pack('bad')],
    ]),
    400,
    'ERR_EVENT_DUPLICATE_MEMBER',
  ],
  [
    '__proto__',
    packMap([
      [pack('orderId'), pack('bad')],
      [pack('__proto__'), pack({})],
    ]),
    400,
    'ERR_EVENT_FORBIDDEN_MEMBER',
  ],
]);

const PAYMENT = ['bad', 'bad', 420, 'EUR', 'card', 1763600000000];

/** Payments as msgpack records: the values in the order of the schema. */
export const BAD_RECORDS: readonly BadEvent[] = eventsOf([
  ['no bytes at all', Buffer.alloc(0), 400, 'ERR_EVENT_EMPTY'],
  ['a map of too little', pack({ orderId: 'bad' }), 422, 'ERR_EVENT_SCHEMA', '/paymentId'],
  ['nil', pack(null), 422, 'ERR_EVENT_SCHEMA', ''],
  ['too few values', pack(PAYMENT.slice(0, -1)), 422, 'ERR_EVENT_SCHEMA'],
  ['too many values', pack([...PAYMENT, 1]), 422, 'ERR_EVENT_SCHEMA'],
  ['no key', pack(PAYMENT.slice(0, 1)), 422, 'ERR_EVENT_KEY_MISSING'],
  ['a key that is nil', pack(PAYMENT.with(1, null as never)), 422, 'ERR_EVENT_KEY_INVALID'],
  ['a value of another type', pack(PAYMENT.with(2, '420')), 422, 'ERR_EVENT_SCHEMA', '/amountCents'],
  ['values cut short', pack(PAYMENT).subarray(0, -1), 400, 'ERR_EVENT_UNPARSEABLE'],
  ['bytes behind the values', Buffer.concat([pack(PAYMENT), Buffer.from([0xc0])]), 400, 'ERR_EVENT_UNPARSEABLE'],
  [
    'an extension',
    Buffer.concat([Buffer.from([0x96]), ...PAYMENT.slice(0, 5).map(pack), Buffer.from([0xd4, 0x00, 0x00])]),
    400,
    'ERR_EVENT_MSGPACK',
  ],
  ['a time of long ago', pack(PAYMENT.with(5, 1)), 422, 'ERR_EVENT_TIME_RANGE'],
]);

/** Payments that are good, as records. */
export function paymentRecord(paymentId: string): Buffer {
  return pack(PAYMENT.with(0, paymentId));
}
