import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CheckpointWriter, DEFAULT_ROTATION } from '../../src/store/checkpoint-writer.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import type { PartitionState } from '../../src/store/partition-state.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { checkpoint } from './folded-state.ts';
import { stateOf } from './state-fixtures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const STORES = 3;

/** Of one checkpoint: what is written to each store, and whether the state is read anew before. */
const step = fc.record({
  isReopened: fc.boolean(),
  writes: fc.array(
    fc.record({
      store: fc.nat(STORES - 1),
      from: fc.nat(30),
      count: fc.nat(40),
      value: fc.option(fc.string({ maxLength: 200 }), { freq: 4 }),
    }),
    { maxLength: 4 },
  ),
});

function contents(state: PartitionState): string[] {
  const lines: string[] = [];
  for (let place = 0; place < STORES; place++) {
    const scan = state.store(place).scan({ limit: 1_000 });
    for (const { key, value } of scan.next(1_000) as { key: string; value: unknown }[])
      lines.push(`${place}/${key}=${value}`);
    lines.push(`${place}: ${state.store(place).size}`);
  }
  return lines.sort();
}

it('every checkpoint holds all rows, whether it is a commit, a copy or a fresh environment', {
  timeout: 60_000,
}, () => {
  let freshCount = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (steps, maxCommits) => {
      const directory = temporaryDirectory();
      const writer = new CheckpointWriter(nodeStateFiles, directory, { ...DEFAULT_ROTATION, maxCommits }, () => {});
      const environments = openEnvironments(nodeStateFiles, directory, 0);
      const model = new Map<string, string>();
      let reader = environments.openForRead();
      let state = stateOf(reader, { stores: STORES });
      for (const [offset, { isReopened, writes }] of steps.entries()) {
        if (isReopened) {
          reader.close();
          reader = environments.openForRead();
          state = stateOf(reader, { stores: STORES });
        }
        state.beginEvent();
        for (const { store, from, count, value } of writes) {
          for (let n = from; n < from + count; n++) {
            const key = `k${n}`;
            if (value === null) state.store(store).delete(key);
            else state.store(store).put(key, value);
            if (value === null) model.delete(`${store}/${key}`);
            else model.set(`${store}/${key}`, value);
          }
        }
        state.commitEvent();
        state.dedupe.insert(offset + 1, 7, 1, offset, offset);
        const { current, previous } = environments;
        expect(checkpoint(state, writer, offset)).toBe(true);
        if (previous !== 0 && environments.current !== current) freshCount += 1;
        writer.startRotation();
        while (writer.isRotating) writer.rotateSlice();
        const saved = environments.openForRead();
        const again = stateOf(saved, { stores: STORES });
        const expected = [...model].map(([key, value]) => `${key}=${value}`);
        for (let place = 0; place < STORES; place++) {
          expected.push(`${place}: ${expected.filter((line) => line.startsWith(`${place}/`)).length}`);
        }
        expect(saved.meta?.offset).toBe(offset);
        expect(contents(again)).toEqual(expected.sort());
        for (let n = 0; n <= offset; n++) expect(again.dedupe.lookup(n + 1, 7)).toBe(true);
        expect(environments.previousOffset).toBeLessThanOrEqual(offset);
        saved.close();
      }
      expect(readdirSync(directory).length).toBeLessThanOrEqual(3);
      reader.close();
      writer.close();
    }),
    fuzzRuns(60),
  );
  expect(freshCount).toBeGreaterThan(20);
});
