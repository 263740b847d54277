import { encodeMsgpack } from '../../src/record/record-encoder.ts';

/** A msgpack map of one member with these bytes as its value. */
export function memberOf(name: string, ...value: number[]): Uint8Array {
  return Uint8Array.of(0x81, ...encodeMsgpack(name), ...value);
}

/** Numbers in forms that our own writer does not use, as other encoders write them. */
export const LONG_FORMS: readonly [number[], number][] = [
  [[0xcc, 7], 7],
  [[0xcd, 0, 7], 7],
  [[0xce, 0, 0, 0, 7], 7],
  [[0xcf, 0, 0, 0, 0, 0, 0, 0, 7], 7],
  [[0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Number.MAX_SAFE_INTEGER],
  [[0xd0, 0xf9], -7],
  [[0xd1, 0xff, 0xf9], -7],
  [[0xd2, 0xff, 0xff, 0xff, 0xf9], -7],
  [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9], -7],
  [[0xd3, 0, 0, 0, 1, 0, 0, 0, 0], 2 ** 32],
  [[0xca, 0x3f, 0xc0, 0, 0], 1.5],
  [[0xcb, 0x40, 0x1c, 0, 0, 0, 0, 0, 0], 7],
];
