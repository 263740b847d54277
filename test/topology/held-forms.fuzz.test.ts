import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upToDate } from '../../src/operators/earlier-row.ts';
import type { StoreEvolution } from '../../src/topology/evolution.ts';
import { TopologyGraph } from '../../src/topology/graph.ts';
import { inListsOfSides } from '../../src/topology/held-forms.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

function next(from: number): (value: number) => number {
  return (value) => {
    expect(value).toBe(from);
    return from + 1;
  };
}

/** Values are the numbers of their versions. */
function numbered(version: number): StoreEvolution {
  const steps = Array.from({ length: version - 1 }, (_, index) => index + 1);
  return {
    version,
    upcasters: new Map(steps.map((from) => [from, next(from)])),
  };
}

function listsOf(left: number, right: number): StoreEvolution {
  const sides = [numbered(left), numbered(right)] as const;
  const forms = { input: (index: number) => sides[index] as StoreEvolution, output: () => null };
  return inListsOfSides(new TopologyGraph('t'), 'join', forms) as StoreEvolution;
}

describe('inListsOfSides', () => {
  it('brings the events of either side to its own version', () => {
    const version = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(version, version, version, version, (left, right, moreLeft, moreRight) => {
        const before = listsOf(left, right).version;
        const after = listsOf(left + moreLeft - 1, right + moreRight - 1);
        const read = (key: string, event: number): unknown => {
          let row: unknown = [0, 7, event, 8, event];
          for (let from = before; from < after.version; from++)
            row = (after.upcasters.get(from) as (row: unknown) => unknown)(row);
          return upToDate(key, row);
        };
        expect(after.version >= before).toBe(true);
        const [l, r] = [left + moreLeft - 1, right + moreRight - 1];
        expect(read('l1', left)).toEqual([0, 7, l, 8, l]);
        expect(read('r1', right)).toEqual([0, 7, r, 8, r]);
      }),
      fuzzRuns(200),
    );
  });

  it('has no way from where a side has none', () => {
    const forms = {
      input: (index: number) => (index === 0 ? { version: 2, upcasters: new Map() } : null),
      output: () => null,
    };
    expect(inListsOfSides(new TopologyGraph('t'), 'join', forms)).toMatchObject({ version: 2, upcasters: new Map() });
  });
});
