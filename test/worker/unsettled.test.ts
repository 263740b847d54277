import { describe, expect, it } from 'vitest';
import { MAX_STANDING_BYTES } from '../../src/base/limits.ts';
import { Outbox } from '../../src/store/outbox.ts';
import { Standing } from '../../src/worker/standing.ts';
import { type StandingChanges, type StuckNote, StuckNotes } from '../../src/worker/stuck-notes.ts';
import { settle } from '../../src/worker/unsettled.ts';

const NOTE: StuckNote = {
  from: 7,
  topology: 't',
  operator: 'price',
  silentMs: 2000,
  unit: { kind: 'answer', lookup: 0, question: 1 },
  standing: null,
};
const STANDS: StandingChanges = { offset: 7, channel: 0, records: ['AAAA'] };

/** What comes of it, and what is written down. */
function settled(found: StandingChanges[], isUnknown: boolean, isPartlyEnough: boolean): [string, unknown] {
  const notes = new StuckNotes([NOTE], 't');
  const standing = new Standing(new Outbox(0, 0, null), notes.all, []);
  standing.found.push(...found);
  standing.isUnknown = isUnknown;
  let written: unknown;
  const write = (one: readonly StandingChanges[] | null): void => {
    written = one;
  };
  try {
    return [settle(2, notes, standing, { held: [], isPartlyEnough, settle: write }), written];
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_OPERATOR_STUCK_LOGGED', partition: 2 });
    return [(error as Error).message, written];
  }
}

describe('settle', () => {
  it('leaves out as a whole what others hold nothing of', () => {
    expect(settled([], false, false)).toEqual(['', []]);
  });

  it('takes the note back where something stands, and says how to go on', () => {
    const [text, written] = settled([STANDS], false, false);
    expect(written).toBeNull();
    expect(text).toMatch(/^operator=price did not return for ms=2000 at offset=7 of partition=2 .*hold of offset=7\./);
    expect(text).toMatch(/put back.*Or start once with setAsidePartly=true/);
  });

  it('has it stand with leave', () => {
    const [text, written] = settled([STANDS], false, true);
    expect([text, written]).toEqual([expect.stringContaining('offset=7 stands'), [STANDS]]);
  });

  it('has nothing stand that is not known, or too long to keep, with leave or without', () => {
    const long = { ...STANDS, records: ['A'.repeat(MAX_STANDING_BYTES + 1)] };
    for (const [found, isUnknown] of [
      [[STANDS], true],
      [[long], false],
    ] as const) {
      for (const isPartlyEnough of [false, true]) {
        const [text, written] = settled([...found], isUnknown, isPartlyEnough);
        expect(written).toBeNull();
        expect(text).not.toContain('setAsidePartly');
      }
    }
  });
});
