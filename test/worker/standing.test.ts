import { describe, expect, it } from 'vitest';
import { RECORD_HEADER_BYTES, RECORD_LENGTH, RECORD_VALUE_LENGTH } from '../../src/record/layout.ts';
import { Outbox } from '../../src/store/outbox.ts';
import { type HeldChange, Standing } from '../../src/worker/standing.ts';
import type { StuckNote } from '../../src/worker/stuck-notes.ts';

const UNSETTLED: StuckNote = {
  from: 10,
  topology: 't',
  operator: 'o',
  silentMs: 1000,
  unit: { kind: 'answer', lookup: 0, question: 1 },
  standing: null,
};

/** A record of one byte, and of padding that is not cleared. */
function change(value: string, padding = 0): Uint8Array {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + 8, 0);
  bytes.fill(padding, RECORD_HEADER_BYTES);
  bytes.writeUInt32LE(bytes.length, RECORD_LENGTH);
  bytes.writeUInt32LE(1, RECORD_VALUE_LENGTH);
  bytes.write(value, RECORD_HEADER_BYTES);
  return bytes;
}

function held(...changes: [offset: number, value: string][]): HeldChange[] {
  return changes.map(([offset, value]) => ({ offset, bytes: change(value, 0xff) }));
}

/** Applies records that send these values on one way. */
function replay(outbox: Outbox, standing: Standing, ...made: [offset: number, values: string][]): void {
  for (const [offset, values] of made) {
    standing.begin(offset);
    for (const value of values) {
      const queue = outbox.touch(0);
      const record = change(value);
      queue.u8.set(record, queue.claim(record.length));
      queue.commit(record.length);
    }
    standing.end(offset);
  }
}

function sentOf({ queues }: Outbox): string {
  let sent = '';
  queues[0]?.visit(1, (_, start) => {
    sent += String.fromCharCode(queues[0]?.u8[start + RECORD_HEADER_BYTES] as number);
  });
  return sent;
}

describe('Standing', () => {
  it('finds nothing where the other end holds what the log makes, or its beginning', () => {
    for (const there of [[], held([10, 'b']), held([10, 'b'], [12, 'c']), held([10, 'b'], [12, 'c'], [12, 'd'])]) {
      const outbox = new Outbox(1, 0, null);
      const standing = new Standing(outbox, [UNSETTLED], [there]);
      replay(outbox, standing, [9, 'a'], [10, 'b'], [11, ''], [12, 'cd'], [13, 'e']);
      expect([standing.found, standing.isUnknown, sentOf(outbox)]).toEqual([[], false, 'abcde']);
    }
  });

  it('keeps what the other end holds, under its numbers, and says so', () => {
    const outbox = new Outbox(1, 0, null);
    const standing = new Standing(outbox, [UNSETTLED], [held([10, 'b'], [11, 'c'], [12, 'd'])]);
    replay(outbox, standing, [9, 'a'], [10, ''], [11, 'xy'], [12, 'de'], [13, 'f']);
    expect(standing.found.map(({ offset, records }) => [offset, records.length])).toEqual([
      [10, 1],
      [11, 1],
    ]);
    expect([sentOf(outbox), outbox.queues[0]?.tailSequence]).toEqual(['abcdef', 7]);
  });

  it('has the rest of the last record as the log makes it', () => {
    const outbox = new Outbox(1, 0, null);
    replay(outbox, new Standing(outbox, [UNSETTLED], [held([10, 'b'])]), [10, 'xy'], [11, 'c']);
    expect(sentOf(outbox)).toBe('byc');
  });

  it('does the same again in every later life, when the other end holds more', () => {
    const first = new Outbox(1, 0, null);
    const standing = new Standing(first, [UNSETTLED], [held([10, 'b'], [11, 'c'])]);
    replay(first, standing, [10, ''], [11, 'c'], [12, 'd']);
    const settled = { ...UNSETTLED, standing: standing.found };
    const later = new Outbox(1, 0, null);
    replay(later, new Standing(later, [settled], null), [10, ''], [11, 'c'], [12, 'd']);
    expect([sentOf(first), sentOf(later)]).toEqual(['bcd', 'bcd']);
  });

  it('says when the other end does not tell', () => {
    const outbox = new Outbox(1, 0, null);
    const standing = new Standing(outbox, [UNSETTLED], [null]);
    replay(outbox, standing, [9, 'a']);
    expect(standing.isUnknown).toBe(false);
    replay(outbox, standing, [10, '']);
    expect(standing.isUnknown).toBe(true);
  });
});
