import { EarlierRow } from '../operators/earlier-row.ts';
import { OPERATOR, upcasterOf, type Whereabouts } from '../operators/whereabouts.ts';
import type { StoreSpec, Upcasters } from '../store/store-spec.ts';
import type { CompiledTopology } from '../topology/compiled.ts';

type Run = <Result>(run: () => Result) => Result;

/**
 * Stores whose upcasters are told of while they run: they are called where a row is read, which may be before the function of
 * its operator, or where nobody's code is running at all.
 */
export function watchUpcasters(
  stores: readonly StoreSpec[],
  { operatorNames }: CompiledTopology,
  { words }: Whereabouts,
): StoreSpec[] {
  return stores.map((spec) => {
    const { name, upcasters } = spec;
    const owner = operatorNames.findIndex((operator) => name === operator || name.startsWith(`${operator}:`));
    if (upcasters === undefined || owner < 0) return spec;
    return { ...spec, upcasters: watched(upcasters, words, upcasterOf(owner + 1)) };
  });
}

function watched(upcasters: Upcasters, words: Int32Array, code: number): Upcasters {
  const watch: Run = (run) => {
    const before = words[OPERATOR] as number;
    words[OPERATOR] = code;
    try {
      return run();
    } finally {
      words[OPERATOR] = before;
    }
  };
  const watchedOne = (upcast: (value: never) => unknown) => (value: never) => {
    const row = watch(() => upcast(value));
    return row instanceof EarlierRow ? row.within(watch) : row;
  };
  return new Map([...upcasters].map(([from, upcast]) => [from, watchedOne(upcast)]));
}
