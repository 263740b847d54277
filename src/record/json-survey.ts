// data plane
/**
 * One pass over the bytes of a JSON text for what JSON.parse does not tell: how deep it is, how many members it has (a
 * parser keeps one of two equal names), whether its numbers may lie outside a double. Of an invalid text it says
 * something; the parser refuses that. One instance per thread, filled anew by each `survey`.
 */
export class JsonSurvey {
  /** Of objects and arrays together. */
  depth = 0;
  /** Names in all objects: a colon outside of strings each. */
  memberCount = 0;
  isAscii = true;
  hasEscape = false;
  /** A number with an exponent or more than 15 digits is in it. */
  hasWideNumber = false;

  survey(bytes: Uint8Array, start: number, end: number): void {
    let open = 0;
    let depth = 0;
    let memberCount = 0;
    let seen = 0;
    let hasEscape = false;
    let hasWideNumber = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      seen |= byte;
      if (byte === 0x22) {
        for (at++; at < end; at++) {
          const character = bytes[at] as number;
          if (character === 0x22) break;
          seen |= character;
          if (character === 0x5c) {
            hasEscape = true;
            at++;
          }
        }
      } else if (byte === 0x3a) {
        memberCount++;
      } else if (byte === 0x7b || byte === 0x5b) {
        if (++open > depth) depth = open;
      } else if (byte === 0x7d || byte === 0x5d) {
        open--;
      } else if (byte >= 0x30 && byte <= 0x39) {
        const first = at;
        while (at + 1 < end && isNumberPart(bytes[at + 1] as number)) {
          at++;
          // An exponent: E or e.
          if (((bytes[at] as number) | 0x20) === 0x65) hasWideNumber = true;
        }
        if (at - first >= 15) hasWideNumber = true;
      }
    }
    this.depth = depth;
    this.memberCount = memberCount;
    this.isAscii = seen < 0x80;
    this.hasEscape = hasEscape;
    this.hasWideNumber = hasWideNumber;
  }
}

function isNumberPart(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === 0x2d
  );
}
