/**
 * The first byte of a msgpack value, as the msgpack specification draws it. Lengths and numbers that follow are big
 * endian.
 *
 * ```
 *   00..7f positive fixint    c0 nil           ca float32   d0..d3 int8..int64     d9..db str8..str32
 *   80..8f fixmap             c1 never used    cb float64   d4..d8 fixext          dc..dd array16, array32
 *   90..9f fixarray           c2 false c3 true cc..cf uint8..uint64                de..df map16, map32
 *   a0..bf fixstr             c4..c6 bin       c7..c9 ext                          e0..ff negative fixint
 * ```
 * Binary and extension types do not come in: JSON has no such values, and an extension is where msgpackr keeps its
 * in-band record definitions (d4 72 …), which build functions out of input.
 */
export const FIX_MAP = 0x80;
export const FIX_ARRAY = 0x90;
export const FIX_TEXT = 0xa0;
export const NIL = 0xc0;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
export const FLOAT_32 = 0xca;
export const FLOAT_64 = 0xcb;
export const UINT_8 = 0xcc;
export const UINT_16 = 0xcd;
export const UINT_32 = 0xce;
export const UINT_64 = 0xcf;
export const INT_8 = 0xd0;
export const INT_16 = 0xd1;
export const INT_32 = 0xd2;
export const INT_64 = 0xd3;
export const TEXT_8 = 0xd9;
export const TEXT_16 = 0xda;
export const TEXT_32 = 0xdb;
export const ARRAY_16 = 0xdc;
export const ARRAY_32 = 0xdd;
export const MAP_16 = 0xde;
export const MAP_32 = 0xdf;
export const NEGATIVE_FIXINT = 0xe0;
