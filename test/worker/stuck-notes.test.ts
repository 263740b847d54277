import { describe, expect, it } from 'vitest';
import { type StuckNote, StuckNotes, type StuckUnit } from '../../src/worker/stuck-notes.ts';

function notesOf(...units: StuckUnit[]): StuckNotes {
  const notes = units.map((unit): StuckNote => ({ from: 100, topology: 't', operator: 'o', silentMs: 1000, unit }));
  return new StuckNotes(notes, 't');
}

describe('StuckNotes', () => {
  it('knows nothing of another topology', () => {
    const unit: StuckUnit = { kind: 'answer', lookup: 0, question: 1 };
    const notes = new StuckNotes([{ from: 0, topology: 'other', operator: 'o', silentMs: 1, unit }], 't');
    expect([notes.isEmpty, notes.answer(5, 0, 1)]).toEqual([true, null]);
  });

  it('knows an event by its bytes and its key, from the noted offset on', () => {
    const notes = notesOf({ kind: 'event', stream: 1, keyLow: 2 ** 32 - 1, keyHigh: 3, fingerprint: 2 ** 32 - 2 });
    expect(notes.event(100, 1, -1, 3, -2)?.operator).toBe('o');
    expect(notes.event(1e9, 1, 2 ** 32 - 1, 3, 2 ** 32 - 2)).not.toBeNull();
    expect(notes.event(99, 1, -1, 3, -2)).toBeNull();
    for (const [stream, low, high, fingerprint] of [
      [0, -1, 3, -2],
      [1, -2, 3, -2],
      [1, -1, 4, -2],
      [1, -1, 3, -3],
    ] as const) {
      expect(notes.event(100, stream, low, high, fingerprint)).toBeNull();
    }
  });

  it('knows what was sent by its way and number', () => {
    const notes = notesOf({ kind: 'moved', level: 2, source: 1, sequence: 7 });
    expect(notes.moved(100, 2, 1, 7)).not.toBeNull();
    for (const [level, source, sequence] of [
      [1, 1, 7],
      [2, 0, 7],
      [2, 1, 8],
    ] as const) {
      expect(notes.moved(100, level, source, sequence)).toBeNull();
    }
  });

  it('knows a timer by its time, operator and key, or whatever is first there', () => {
    const timer = { kind: 'log-time', operator: 4, due: 500, key: 'a' } as const;
    const notes = notesOf(timer);
    expect(notes.hasTimer(100, true, 500)).toBe(true);
    expect([notes.hasTimer(100, false, 500), notes.hasTimer(100, true, 501), notes.hasTimer(99, true, 500)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(notes.timer(100, true, 500, 4, 'a')).not.toBeNull();
    expect([notes.timer(100, true, 500, 4, 'b'), notes.timer(100, true, 500, 5, 'a')]).toEqual([null, null]);
    expect(notesOf({ ...timer, key: null }).timer(100, true, 500, 4, 'b')).not.toBeNull();
  });

  it('knows what was released by its operator, row and time', () => {
    const notes = notesOf({ kind: 'released', operator: 4, row: 'r', time: 9 });
    expect(notes.released(100, 4, 'r', 9)).not.toBeNull();
    expect([notes.released(100, 4, 'r', 8), notes.released(100, 4, 's', 9), notes.released(100, 3, 'r', 9)]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
