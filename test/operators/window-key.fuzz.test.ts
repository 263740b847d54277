import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  endOfKey,
  isWindowKey,
  keyOfWindowKey,
  plainKeyOf,
  timeOfText,
  timeText,
  windowKey,
  windowOfKey,
} from '../../src/operators/window-key.ts';

const time = fc.integer({ min: -3_000_000_000_000_000, max: 4_000_000_000_000_000 });
// Keys hold no control characters; these are the lengths and characters that could be taken for a window.
const key = fc.string({ unit: fc.constantFrom('a', '0', '4', ' ', '~', 'é', '☕'), minLength: 1, maxLength: 60 });

it('a window key gives back the key and the window it was made of', () => {
  fc.assert(
    fc.property(key, time, time, (name, start, end) => {
      const made = windowKey(name, start, end);
      expect(isWindowKey(made)).toBe(true);
      expect(keyOfWindowKey(made)).toBe(name);
      expect(windowOfKey(made)).toEqual({ start, end });
    }),
  );
});

it('no key without a window is taken for one with a window', () => {
  fc.assert(fc.property(key, (name) => !isWindowKey(name)));
});

it('the key is found in a row of a key, any windows, a name, and anything behind that', () => {
  const name = fc.constantFrom('last', '4', '0123456789012345678901234567890', 'a12345678901234567890123456789012');
  const rest = fc.constantFrom('', '\u0000', '\u0000entry', '\u000012345678901234567890123456789012\u0000');
  const windows = fc.array(fc.tuple(time, time), { maxLength: 2 });
  fc.assert(
    fc.property(key, windows, name, rest, (plain, bounds, state, more) => {
      const full = bounds.reduce((inner, [start, end]) => windowKey(inner, start, end), plain);
      expect(plainKeyOf(full)).toBe(plain);
      expect(endOfKey(`${full}\u0000${state}${more}`)).toBe(full.length);
    }),
  );
});

it('times as text are in the order of the times', () => {
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(timeText(a) < timeText(b)).toBe(a < b);
      expect(timeOfText(`x${timeText(a)}`, 1)).toBe(a);
    }),
  );
});
