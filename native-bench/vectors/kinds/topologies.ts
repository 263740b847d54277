import { NotApplicable, notBuiltYet } from '../not-applicable.ts';
import type { Experiment } from '../scene.ts';
import type { OperatorSpec } from '../vector.ts';
import { foldOf, predicateOf, type Value } from '../words.ts';
import { threeWayJoin } from './stream-joins.ts';
import { grouped, joined, tableOf } from './tables.ts';
import { windowAggregateOf } from './windows.ts';

/** Small pipelines in words. Each shape is known by its words, whatever vector it stands in. */
export function topology({ steps }: OperatorSpec): Experiment {
  const words = (steps as string[]).join('\n');
  for (const [shape, create] of SHAPES) {
    const match = shape.exec(words);
    if (match !== null) return create((match.groups ?? {}) as Readonly<Record<string, string>>);
  }
  throw notBuiltYet(`topology ${JSON.stringify(steps)}`);
}

type Groups = Readonly<Record<string, string>>;

const SHAPES: readonly (readonly [shape: RegExp, create: (groups: Groups) => Experiment])[] = [
  [
    /^(?<table>\w+) = table\((?<stream>\w+)\)\n(?<yes>\w+) = tableFilter\(\k<table>, (?<test>[^)]+)\)\n(?<no>\w+) = tableFilterNot\(\k<table>, \k<test>\)$/,
    filteredTable,
  ],
  [
    /^t1 = streamStreamJoin\(inner, left, right, before\/after (?<window>\d+), grace (?<grace>\d+), joiner "(?<joiner>[^"]+)"\)\nout = streamStreamJoin\(inner, t1, right, before\/after \k<window>, grace \k<grace>, joiner "\k<joiner>"\)$/,
    ({ window, grace, joiner }) => ({
      build: (scene) => threeWayJoin(scene, Number(window), Number(grace), joiner as string),
    }),
  ],
  [
    /^(?<first>\w+) = tableTableJoin\((?<type>\w+), (?<left>\w+), (?<right>\w+), joiner "(?<joiner>[^"]+)"\)\n\w+ = tableTableJoin\(\k<type>, \k<first>, \k<right>, joiner "\k<joiner>"\)$/,
    joinedTwice,
  ],
  [
    /^(?<left>\w+) = windowAggregate\((?<leftStream>\w+), hopping (?<size>\d+)\/(?<advance>\d+) grace (?<grace>\d+), init "(?<init>[^"]*)", add "(?<add>[^"]+)"\)\n(?<right>\w+) = windowAggregate\((?<rightStream>\w+), same\)\n(?<out>\w+) = tableTableJoin\((?<type>\w+), \k<left>, \k<right>, key = \(key,window\), joiner "(?<joiner>[^"]+)"\)$/,
    joinedWindows,
  ],
  [
    /^(?<table>\w+) = table\((?<stream>\w+)\)\n(?<held>\w+) = suppress\(\k<table>, untilTimeLimit (?<limit>\d+) ms, unbounded\)\n\w+ = tableGroupAggregate\(\k<held>, groupBy key "(?<key>[^"]+)", value "(?<value>[^"]+)", count\)$/,
    heldBeforeGroup,
  ],
  [
    /^(?<held>\w+) = suppress\(table\((?<left>\w+)\), untilTimeLimit (?<limit>\d+) ms, unbounded\)\n\w+ = tableTableJoin\((?<type>\w+), \k<left>, (?<right>\w+)\) with \k<held> in place of \k<left>, joiner "(?<joiner>[^"]+)"$/,
    heldBeforeJoin,
  ],
  [/^on record from (\w+): if .* first send .* to \1; then send the record to \w+$/, fedBack],
];

function filteredTable({ table, stream, yes, no, test }: Groups): Experiment {
  const holds = predicateOf(test);
  return {
    build: (scene) => {
      const rows = scene.records(stream as string).toTable(table as string);
      scene.observeTable(
        rows.filter((row: Value) => holds('', row)),
        yes,
      );
      scene.observeTable(
        rows.filter((row: Value) => !holds('', row)),
        no,
      );
    },
  };
}

/** `(left JOIN right) JOIN right`. */
function joinedTwice({ first, type, left, right, joiner }: Groups): Experiment {
  return {
    build: (scene) => {
      const other = tableOf(scene, right as string);
      const once = joined(tableOf(scene, left as string), other, first as string, type, joiner);
      scene.observeTable(joined(once, other, 'again', type, joiner));
    },
  };
}

function joinedWindows(words: Groups): Experiment {
  const { left, leftStream, right, rightStream, out, type, joiner, size, advance, grace, init, add } = words;
  const operator: OperatorSpec = {
    kind: 'windowAggregate',
    window: { type: 'hopping', sizeMs: Number(size), advanceMs: Number(advance), graceMs: Number(grace) },
    aggregator: { kind: 'template', init, add },
  };
  return {
    build: (scene) => {
      const first = windowAggregateOf(scene, leftStream as string, operator);
      const second = windowAggregateOf(scene, rightStream as string, operator);
      scene.observeTable(first, left);
      scene.observeTable(second, right);
      scene.observeTable(joined(first, second, 'join', type, joiner), out);
    },
  };
}

function heldBeforeGroup({ stream, limit, key, value }: Groups): Experiment {
  return {
    build: (scene) => {
      const held = tableOf(scene, stream as string).suppress('held', { untilTimeLimit: Number(limit) });
      scene.observeTable(grouped(held, { key: key as string, value: value as string }, foldOf({ kind: 'count' })));
    },
  };
}

function heldBeforeJoin({ left, right, limit, type, joiner }: Groups): Experiment {
  return {
    build: (scene) => {
      const held = tableOf(scene, left as string).suppress('held', { untilTimeLimit: Number(limit) });
      scene.observeTable(joined(held, tableOf(scene, right as string), 'join', type, joiner));
    },
  };
}

function fedBack(): never {
  throw new NotApplicable('a topology has no cycles');
}
