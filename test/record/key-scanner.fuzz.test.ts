import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyScanner } from '../../src/record/key-scanner.ts';
import { SCAN_ESCAPED, SCAN_MISSING, SCAN_NOT_SCALAR, SCAN_OK, SCAN_TOO_DEEP } from '../../src/record/scan-result.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { embedded } from './canonical-order.ts';

it('KeyScanner.scan agrees with a parser on every JSON object', () => {
  const property = fc.property(fc.dictionary(fc.constantFrom('a', 'key', 'b', 'ü'), fc.jsonValue()), fc.nat(2), run);
  fc.assert(property, fuzzRuns(3000));

  function run(object: Record<string, unknown>, indent: number): void {
    const { bytes, start, end } = embedded(JSON.stringify(object, null, indent));
    const scanner = new KeyScanner('key');
    const result = scanner.scan(bytes, start, end);
    if (result === SCAN_TOO_DEEP) return;
    const key = object['key'];
    const text = bytes.toString('utf8', scanner.keyStart, scanner.keyEnd);
    if (!Object.hasOwn(object, 'key')) expect(result).toBe(SCAN_MISSING);
    else if (typeof key === 'string') {
      const isPlain = JSON.stringify(key) === `"${key}"`;
      expect(result).toBe(isPlain ? SCAN_OK : SCAN_ESCAPED);
      if (isPlain) expect([text, scanner.isNumber]).toEqual([key, false]);
    } else if (typeof key === 'number' && /^(0|-?[1-9]\d*)$/.test(JSON.stringify(key))) {
      expect([result, text, scanner.isNumber]).toEqual([SCAN_OK, String(key), true]);
    } else expect(result).toBe(SCAN_NOT_SCALAR);
  }
});

it('KeyScanner.scan ends and stays inside on any bytes', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'key', '"key":', ' ', '1', '-', 'é', '\u0000');
  const property = fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    const { bytes, start, end } = embedded(pieces.join(''));
    const scanner = new KeyScanner('key');
    const result = scanner.scan(bytes, start, end);
    expect(result <= SCAN_OK).toBe(true);
    if (result !== SCAN_OK) return;
    expect(scanner.keyStart).toBeGreaterThanOrEqual(start);
    expect(scanner.keyEnd).toBeGreaterThanOrEqual(scanner.keyStart);
    expect(scanner.keyEnd).toBeLessThan(end);
  });
  fc.assert(property, fuzzRuns(5000));
});
