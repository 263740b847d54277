import { describe, expect, it } from 'vitest';
import { closestName } from '../../src/base/closest-name.ts';

describe('closestName', () => {
  it('finds the name with a letter missing, doubled, replaced or swapped', () => {
    const names = ['retentionMs', 'retentionBytes', 'segmentBytes'];
    expect(closestName('retentonMs', names)).toBe('retentionMs');
    expect(closestName('segmenttBytes', names)).toBe('segmentBytes');
    expect(closestName('segmentBites', names)).toBe('segmentBytes');
    expect(closestName('segmnetBytes', names)).toBe('segmentBytes');
  });

  it('does not mind capitals', () => {
    expect(closestName('SEGMENTBYTES', ['segmentBytes'])).toBe('segmentBytes');
  });

  it('prefers a swap of neighbours to two replacements', () => {
    expect(closestName('prot', ['pool', 'port'])).toBe('port');
  });

  it('finds nothing when all names are other words', () => {
    expect(closestName('colour', ['segmentBytes', 'port'])).toBeUndefined();
    expect(closestName('ab', ['xyz'])).toBeUndefined();
    expect(closestName('port', [])).toBeUndefined();
  });
});
