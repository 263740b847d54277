import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A conformance vector: what goes into an operator, and what must come out. Read from files, one per family. */
export interface Vector {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly semantics: string;
  readonly operator: OperatorSpec;
  readonly inputs: readonly Input[];
  readonly expected: readonly ExpectedRow[];
  readonly order: Order;
  /** Indexes of inputs after which everything emitted so far was looked at. */
  readonly checkpoints?: readonly number[];
  /** `order` holds for each output by itself. */
  readonly perOutput?: boolean;
  readonly expectedState?: readonly ExpectedRow[];
  readonly quirks?: readonly string[];
}

export const ORDERS = [
  'total',
  'perInput',
  'perWindow',
  'multiset',
  'set',
  'final',
  'lastPerKeyWindow',
  'lastPerKeyAtCheckpoint',
] as const;
export type Order = (typeof ORDERS)[number];

/** What to build. The other members depend on the kind; whoever builds one reads them with `specOf`. */
export interface OperatorSpec {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** A record, a control, or what else the operator is given; the members depend on which. */
export type Input = Readonly<Record<string, unknown>>;

/** A record among the inputs. */
export interface InputRecord {
  readonly stream: string;
  readonly key: string | number | null;
  readonly value: string | number | null;
  /** Event time in ms; absent: the record has none. */
  readonly ts?: number;
}

export function isRecord(input: Input): input is Input & InputRecord {
  return typeof input['stream'] === 'string' && input['control'] === undefined;
}

export interface WindowSpan {
  readonly start: number;
  readonly end: number;
}

/** A row that must come out. What it does not say is not looked at, if it is `ts` or `afterInput`. */
export interface ExpectedRow {
  readonly output?: string;
  readonly key?: string | number | null;
  readonly value?: unknown;
  readonly ts?: number;
  readonly window?: WindowSpan;
  /** Index of the input that brings it about. */
  readonly afterInput?: number;
}

/** A file of vectors. `number` is how its name begins: `02`. */
export interface Family {
  readonly number: string;
  readonly name: string;
  readonly vectors: readonly Vector[];
}

/** @throws Error that names the file, when the folder has no vectors or a file is not what it should be */
export function readFamilies(directory: string): Family[] {
  const names = readdirSync(directory).filter((name) => /^\d\d-.*\.json$/.test(name));
  if (names.length === 0) throw new Error(`directory=${directory} has no files of vectors (NN-name.json)`);
  return names.sort().map((name) => readFamily(join(directory, name), name.slice(0, 2)));
}

function readFamily(path: string, number: string): Family {
  const { family, vectors } = JSON.parse(readFileSync(path, 'utf8')) as { family: string; vectors: Vector[] };
  if (!Array.isArray(vectors)) throw new Error(`file=${path} has no list of vectors`);
  for (const vector of vectors) {
    const isWhole = Array.isArray(vector.inputs) && Array.isArray(vector.expected) && vector.operator !== undefined;
    if (!isWhole) throw new Error(`file=${path} id=${vector.id} lacks operator, inputs or expected`);
    if (!ORDERS.includes(vector.order))
      throw new Error(`file=${path} id=${vector.id} order=${vector.order} is unknown`);
  }
  return { number, name: family, vectors };
}
