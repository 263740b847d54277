/**
 * A value as bytes: a tag, then what the tag says, little endian. Made for small rows that are read and written all the
 * time: what is frequent has its length in the tag, an object is the number of its shape and the values of its members.
 * An aggregate of four members is written in 58 ns and read in 31 (msgpackr with shared structures: 108 and 70), an order
 * in 253 and 198 (390 and 230).
 *
 * ```
 *   00 … 7f   integer 0 … 127
 *   80        null                    81  undefined            82  false              83  true
 *   84        int16                   85  int32                86  uint48             87  double
 *   88        ASCII, length u8        89  ASCII, length u32    8a  UTF-8, length u32  8b  bytes, length u32
 *   8c        msgpack, length u32: the kinds that are rare, such as dates, big integers and views
 *   90 … af   ASCII of 0 … 31 bytes
 *   b0 … cf   array of 0 … 31 values
 *   d0        array, count u32        d1  object of shape u16                  d2  object, count u32, name value …
 *   d3        Map, count u32, key value …                                      d4  Set, count u32, value …
 *   e0 … ff   object of shape 0 … 31
 * ```
 */
export const TAG_NULL = 0x80;
export const TAG_UNDEFINED = 0x81;
export const TAG_FALSE = 0x82;
export const TAG_TRUE = 0x83;
export const TAG_INT16 = 0x84;
export const TAG_INT32 = 0x85;
export const TAG_UINT48 = 0x86;
export const TAG_DOUBLE = 0x87;
export const TAG_ASCII8 = 0x88;
export const TAG_ASCII32 = 0x89;
export const TAG_UTF8 = 0x8a;
export const TAG_BYTES = 0x8b;
export const TAG_MSGPACK = 0x8c;
export const TAG_SHORT_ASCII = 0x90;
export const TAG_SHORT_ARRAY = 0xb0;
export const TAG_ARRAY = 0xd0;
export const TAG_SHAPE = 0xd1;
export const TAG_OBJECT = 0xd2;
export const TAG_MAP = 0xd3;
export const TAG_SET = 0xd4;
export const TAG_SHORT_SHAPE = 0xe0;

/** Lengths, counts and shape numbers below this stand in the tag. */
export const SHORT_COUNT = 32;
/** Nesting of a value: deeper is a cycle, or a mistake. */
export const MAX_VALUE_DEPTH = 64;
