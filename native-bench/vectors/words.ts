import { unknownWords } from './not-applicable.ts';

/** What a table holds of a record. */
export type Cell = string | number;
/** Value of a record; null: it has none. */
export type Value = Cell | null;
export type Names = Readonly<Record<string, unknown>>;

/** Fills `${name}` in; null is written `null`. */
export function fill(template: string, names: Names): string {
  return template.replace(/\$\{([a-z0-9]+)\}/gi, (_, name: string) => {
    if (!(name in names)) throw unknownWords('template', template);
    return String(names[name] ?? null);
  });
}

export type Joiner = (left: Value, right: Value) => Cell;

/** A template of `${left}` and `${right}`, or `sum`. */
export function joinerOf(words: unknown): Joiner {
  if (words === 'sum') return (left, right) => Number(left) + Number(right);
  if (typeof words !== 'string' || !words.includes('${')) throw unknownWords('joiner', words);
  return (left, right) => fill(words, { left, right });
}

export interface Fold {
  readonly initial: () => Cell;
  /** The state is undefined at the first value of a key, if that value is to stand as it is. */
  readonly add: (state: Cell, value: Value) => Cell;
  readonly remove: (state: Cell, value: Value) => Cell;
  readonly merge: (older: Cell, newer: Cell) => Cell;
  /** The first value stands as it is; there is no initial state. */
  readonly isReduce: boolean;
  readonly isCount: boolean;
}

export interface Aggregator {
  readonly kind: string;
  readonly init?: Cell;
  readonly add?: string;
  readonly remove?: string;
  readonly merge?: string;
}

const NO_FOLD = {
  initial: () => 0,
  remove: (): never => {
    throw new Error('an aggregator that cannot take back was asked to');
  },
  merge: (): never => {
    throw new Error('an aggregator that cannot merge was asked to');
  },
  isReduce: false,
  isCount: false,
};

export function foldOf(aggregator: Aggregator): Fold {
  const { kind, init = '', add = '', remove, merge } = aggregator;
  switch (kind) {
    case 'count':
      return {
        ...NO_FOLD,
        add: (state) => Number(state) + 1,
        remove: (state) => Number(state) - 1,
        merge: (older, newer) => Number(older) + Number(newer),
        isCount: true,
      };
    case 'sum':
      return {
        ...NO_FOLD,
        initial: () => init,
        add: (state, value) => Number(state) + Number(value),
        remove: (state, value) => Number(state) - Number(value),
        merge: (older, newer) => Number(older) + Number(newer),
      };
    case 'reduceSum':
      return {
        ...NO_FOLD,
        add: (state, value) => Number(state) + Number(value),
        remove: (state, value) => Number(state) - Number(value),
        merge: (older, newer) => Number(older) + Number(newer),
        isReduce: true,
      };
    case 'reduce':
      return {
        ...NO_FOLD,
        add: (agg, value) => fill(add, { agg, value }),
        merge: (agg, value) => fill(add, { agg, value }),
        isReduce: true,
      };
    case 'template':
      return {
        ...NO_FOLD,
        initial: () => init,
        add: (agg, value) => fill(add, { agg, value }),
        ...(remove === undefined ? {} : { remove: removerOf(remove) }),
        ...(merge === undefined ? {} : { merge: (agg1, agg2) => fill(merge, { agg1, agg2 }) }),
      };
    default:
      throw unknownWords('aggregator', aggregator);
  }
}

function removerOf(words: string): Fold['remove'] {
  if (words === `\${agg} with every occurrence of \${value} removed`)
    return (state, value) => String(state).replaceAll(String(value), '');
  if (/[a-z] [a-z]/i.test(words)) throw unknownWords('remover', words);
  return (agg, value) => fill(words, { agg, value });
}

/** `key % 3 == 0` and the like. The remainder has the sign of the number. */
export function predicateOf(words: unknown): (key: string, value: Value) => boolean {
  const [, subject, divisor, remainder] = /^(key|value) % (\d+) == (\d+)$/.exec(String(words)) ?? [];
  if (subject === undefined) throw unknownWords('predicate', words);
  return (key, value) => Number(subject === 'key' ? key : value) % Number(divisor) === Number(remainder);
}

/** Text made of key and value: a template, or a few words. */
export function textOf(words: unknown): (key: string, value: Value) => string {
  switch (words) {
    case 'first character of the source key':
      return (key) => key.slice(0, 1);
    case 'second character of the source key':
      return (key) => key.slice(1, 2);
  }
  if (typeof words !== 'string' || /[a-z] [a-z]/i.test(words.replaceAll('${', ''))) throw unknownWords('text', words);
  return (key, value) => fill(words, { key, value });
}

/** The key of another table that a value names; null: none. */
export function foreignKeyOf(words: unknown): (value: Value) => string | null {
  switch (words) {
    case 'text after "|" in the left value':
      return (value) => after(String(value), '|');
    case 'text after the first comma of the stream value, or null when there is no comma':
      return (value) => after(String(value), ',');
    case 'the left value itself; the text "null" means null':
      return (value) => (value === null || value === 'null' ? null : String(value));
    case 'always null':
      return () => null;
  }
  throw unknownWords('key', words);
}

function after(text: string, mark: string): string | null {
  const at = text.indexOf(mark);
  return at === -1 ? null : text.slice(at + mark.length);
}
