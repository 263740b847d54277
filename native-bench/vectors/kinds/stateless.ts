import type { Stream } from '../../../src/topology/stream.ts';
import { NotApplicable, unknownWords } from '../not-applicable.ts';
import type { Experiment } from '../scene.ts';
import type { OperatorSpec } from '../vector.ts';
import { predicateOf, type Value } from '../words.ts';

const IN = 'in';

export function split({ branches }: OperatorSpec): Experiment {
  const ways = (branches as { name: string; predicate: string }[]).map((branch, index) => ({
    way: `way${index}`,
    output: branch.name,
    holds: predicateOf(branch.predicate),
  }));
  return {
    build: (scene) => {
      const tests = ways.map(({ way, holds }) => [way, (value: Value, { key }: { key: string }) => holds(key, value)]);
      const streams = scene.records(IN).branch('split', Object.fromEntries(tests)) as Record<string, Stream<Value>>;
      for (const output of new Set(ways.map((one) => one.output))) {
        const [first, ...others] = ways
          .filter((one) => one.output === output)
          .map(({ way }) => streams[way] as Stream<Value>);
        scene.observe(merged(first as Stream<Value>, others), output);
      }
    },
  };
}

export function merge({ streams }: OperatorSpec): Experiment {
  return {
    build: (scene) => {
      const [first, ...others] = (streams as string[]).map((name) => scene.records(name));
      scene.observe(merged(first as Stream<Value>, others));
    },
  };
}

function merged(first: Stream<Value>, others: readonly Stream<Value>[]): Stream<Value> {
  const [second, ...rest] = others;
  return second === undefined ? first : first.merge(second, ...rest);
}

export function map({ key, value }: OperatorSpec): Experiment {
  // Any other would need a rule for what text turns into a number.
  if (key !== `\${value}` || value !== `\${key}`) throw unknownWords('map', { key, value });
  return {
    build: (scene) => {
      const swapped = scene
        .envelopes(IN)
        .keyBy((envelope) => envelope.value)
        .map((envelope) => envelope.key);
      scene.observe(swapped);
    },
  };
}

export function flatMapValues({ rule }: OperatorSpec): Experiment {
  if (rule !== '["v"+value, "V"+value]') throw unknownWords('rule', rule);
  return { build: (scene) => scene.observe(scene.records(IN).flatMap((value) => [`v${value}`, `V${value}`])) };
}

export function filterNot({ predicate }: OperatorSpec): Experiment {
  const holds = predicateOf(predicate);
  return { build: (scene) => scene.observe(scene.records(IN).filter((value, { key }) => !holds(key, value))) };
}

export function tableToStream({ keyMap }: OperatorSpec): Experiment {
  const keys = keyMap as Readonly<Record<string, string>>;
  return {
    build: (scene) => {
      const changes = scene.records(IN).toTable('table').toStream();
      scene.observe(changes.keyBy((_, { key }) => keys[key] ?? null));
    },
  };
}

export function repartition(): never {
  throw new NotApplicable('keyBy hands events without a key on; what lies under a key does not take them');
}

export function dynamicSink(): never {
  throw new NotApplicable('outputs are named in the topology, not by its events');
}
