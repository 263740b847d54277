import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addStuckNote, readStuckNotes, settleStuckNotes } from '../../src/engine/stuck-file.ts';
import { NodeDisk } from '../../src/log/node-disk.ts';
import type { StuckNote } from '../../src/worker/stuck-notes.ts';

const root = mkdtempSync(join(tmpdir(), 'moka-stuck-'));
const disk = new NodeDisk();
const answer: StuckNote = {
  from: 3,
  topology: 't',
  operator: 'o',
  silentMs: 1000,
  unit: { kind: 'answer', lookup: 0, question: 1 },
};
const timer: StuckNote = { ...answer, unit: { kind: 'event-time', operator: 1, due: 5, key: 'a' } };

afterAll(() => rmSync(root, { recursive: true }));

describe('addStuckNote', () => {
  it('keeps the notes of a partition in their order', () => {
    expect(readStuckNotes(disk, root, 0)).toEqual([]);
    addStuckNote(disk, root, 0, answer);
    addStuckNote(disk, root, 0, timer);
    expect(readStuckNotes(disk, root, 0)).toEqual([answer, timer]);
    expect(readStuckNotes(disk, root, 1)).toEqual([]);
  });

  it('means whatever is due first when a timer was not known by its key', () => {
    addStuckNote(disk, root, 2, timer);
    addStuckNote(disk, root, 2, { ...timer, from: 8 });
    expect(readStuckNotes(disk, root, 2)).toEqual([timer, { ...timer, from: 8, unit: { ...timer.unit, key: null } }]);
  });
});

describe('readStuckNotes', () => {
  it.each(['', '{}', '{"notes":[{}]}', '{"notes":[{"from":1,"topology":"t","operator":"o","silentMs":1,"unit":{}}]}'])(
    'says which file cannot be read: %s',
    (text) => {
      addStuckNote(disk, root, 3, answer);
      writeFileSync(join(root, 'state', '3', 'stuck.json'), text);
      const place = { code: 'ERR_DATA_UNUSABLE', message: expect.stringContaining('stuck.json') as string };
      expect(() => readStuckNotes(disk, root, 3)).toThrowError(expect.objectContaining(place));
      rmSync(join(root, 'state', '3', 'stuck.json'));
    },
  );
});

describe('settleStuckNotes', () => {
  const open: StuckNote = { ...answer, standing: null };
  const stands = [{ offset: 3, channel: 1, records: ['AA=='] }];

  it('writes down what stands, with the first note that was open, for one topology', () => {
    const others = { ...open, topology: 'other' };
    for (const note of [answer, open, { ...timer, standing: null }, others]) addStuckNote(disk, root, 4, note);
    settleStuckNotes(disk, root, 4, 't', stands);
    const settled = [answer, { ...open, standing: stands }, { ...timer, standing: [] }, others];
    expect(readStuckNotes(disk, root, 4)).toEqual(settled);
  });

  it('takes back what cannot be left out', () => {
    for (const note of [timer, open]) addStuckNote(disk, root, 5, note);
    settleStuckNotes(disk, root, 5, 't', null);
    expect(readStuckNotes(disk, root, 5)).toEqual([timer]);
  });
});
