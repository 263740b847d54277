// data plane
import { isUtf8 } from 'node:buffer';
import { cursor } from './planned-decode.ts';

/** 1 for every byte that stands for itself inside a JSON string: ASCII but quote, backslash and control characters. */
export const PLAIN_TEXT: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);

/**
 * A string whose bytes from `start`, behind its opening quote, are not all plain.
 * @returns its text, with `cursor.at` behind its closing quote; undefined if it is not a valid string.
 */
export function irregularText(bytes: Buffer, start: number, end: number): string | undefined {
  let hasEscape = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x22) {
      cursor.at = at + 1;
      if (!isUtf8(bytes.subarray(start, at))) return undefined;
      return hasEscape ? unescaped(bytes, start - 1, at + 1) : bytes.toString('utf8', start, at);
    }
    if (byte === 0x5c) {
      hasEscape = true;
      at++;
    } else if (byte < 0x20) {
      return undefined;
    }
  }
  return undefined;
}

/** The text of a string literal, quotes included; undefined if it is none, or is half of a surrogate pair. */
function unescaped(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    const text = JSON.parse(bytes.toString('utf8', start, end)) as string;
    return text.isWellFormed() ? text : undefined;
  } catch {
    return undefined;
  }
}
