import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { KeyedHash } from '../../src/base/hash.ts';
import { Type } from '../../src/base/typebox.ts';
import { RecordHeader, writeRecord } from '../../src/record/record-writer.ts';
import { DedupeTable } from '../../src/store/dedupe-table.ts';
import { ProducerTable } from '../../src/store/producer-table.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { Candidate } from '../../src/worker/candidate.ts';
import { Judge } from '../../src/worker/judge.ts';
import { streamRuntimes } from '../../src/worker/stream-runtime.ts';
import { NO_STUCK_NOTES } from '../../src/worker/stuck-notes.ts';

const NOW = 1_763_600_000_000;
const SECRET = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const routing = new KeyedHash(SECRET);

const topology = defineTopology('till', (t) => {
  const guarantee = 'at-least-once';
  t.stream('texts', { schema: Type.Object({ k: Type.String() }), key: 'k', guarantee });
  t.stream('numbers', { schema: Type.Object({ k: Type.Integer() }), key: 'k', guarantee });
});
const [TEXTS, NUMBERS] = topology.streams.map(({ id }) => id) as [number, number];

/** Of a body that the ingress has routed by this key; 0 if it may be decided. */
function errorOf(streamId: number, body: string, routedBy: string): number {
  const options = { windowMs: 1000, maxEntries: 10, maxProducers: 10 };
  const judge = new Judge(
    streamRuntimes(topology),
    new DedupeTable(options),
    new ProducerTable(options),
    routing,
    new KeyedHash(SECRET),
    { hasSameIdentity: () => true },
    NO_STUCK_NOTES,
  );
  const buffer = new ArrayBuffer(4096);
  const memory = { u8: Buffer.from(buffer), u32: new Uint32Array(buffer), f64: new Float64Array(buffer) };
  routing.hashString(routedBy);
  const value = Buffer.from(body);
  const header = Object.assign(new RecordHeader(), { streamId, keyLow: routing.low, keyHigh: routing.high });
  writeRecord(memory, 0, Object.assign(header, { valueLength: value.length }), value, 0, new Uint8Array(0));
  const candidate = new Candidate();
  judge.examine(candidate, memory, 0, NOW);
  return candidate.errorId;
}

describe('Judge.examine', () => {
  /** Bodies that follow the plan of their schema, and those that do not. */
  it.each([
    ['a text, planned', TEXTS, '{"k":"a"}', 'a'],
    ['a text, parsed', TEXTS, '{ "k"   :   "a" }', 'a'],
    ['a text with an escape', TEXTS, '{"k":"\\u0061"}', 'a'],
    ['a number, planned', NUMBERS, '{"k":17}', '17'],
    ['a number, parsed', NUMBERS, '{ "k"   :   17 }', '17'],
  ])('takes an event that was routed by its key: %s', (_name, stream, body, key) => {
    expect(errorOf(stream, body, key)).toBe(0);
  });

  it.each([
    ['a text, parsed', TEXTS, '{ "k"   :   "a" }'],
    ['a number, planned', NUMBERS, '{"k":17}'],
    ['a number, parsed', NUMBERS, '{ "k"   :   17 }'],
  ])('refuses one that was routed by another: %s', (_name, stream, body) => {
    expect(errorOf(stream, body, 'b')).toBe(ERRORS.ERR_EVENT_DUPLICATE_MEMBER.id);
  });
});
