// data plane

/** Characters of a number as `numberText` writes it. */
export const NUMBER_LENGTH = 16;

/**
 * A finite number as text whose order is that of the number: the bits of its double in hex, with the sign bit turned over
 * and, of a negative one, all others too. 0 and -0 are one.
 */
export function numberText(value: number): string {
  DOUBLE[0] = value + 0;
  const upper = BITS[UPPER] as number;
  const lower = BITS[LOWER] as number;
  return upper < SIGN ? hex(upper ^ SIGN) + hex(lower) : hex(~upper) + hex(~lower);
}

/** The number that `numberText` wrote, `at` characters into a text. */
export function numberOfText(text: string, at: number): number {
  const upper = Number.parseInt(text.slice(at, at + HALF_LENGTH), 16);
  const lower = Number.parseInt(text.slice(at + HALF_LENGTH, at + NUMBER_LENGTH), 16);
  BITS[UPPER] = upper >= SIGN ? upper ^ SIGN : ~upper;
  BITS[LOWER] = upper >= SIGN ? lower : ~lower;
  return DOUBLE[0] as number;
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(HALF_LENGTH, '0');
}

const HALF_LENGTH = 8;
const SIGN = 0x80000000;
const DOUBLE = new Float64Array(1);
const BITS = new Uint32Array(DOUBLE.buffer);
const UPPER = new Uint8Array(new Uint32Array([1]).buffer)[0] as number;
const LOWER = 1 - UPPER;
