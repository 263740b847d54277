import type { Table } from '../../../src/topology/table.ts';
import { unknownWords } from '../not-applicable.ts';
import type { Experiment, Scene } from '../scene.ts';
import type { OperatorSpec } from '../vector.ts';
import { type Aggregator, type Cell, type Fold, foldOf, foreignKeyOf, joinerOf, textOf, type Value } from '../words.ts';

/** Of a versioned table whose vector does not say how far it looks back: further than any input. */
const LONG_HISTORY_MS = 300_000;

/** A table of the records of a stream, under the stream's name. A record without a value deletes, so no row is null. */
export function tableOf(scene: Scene, stream: string, isVersioned = false, historyMs = LONG_HISTORY_MS): Table<Cell> {
  const records = scene.records(stream);
  const table = isVersioned ? records.toTable(stream, { history: historyMs }) : records.toTable(stream);
  return table as Table<Value> as Table<Cell>;
}

export function streamTableJoin(operator: OperatorSpec): Experiment {
  const { type, table, tableVersioned, historyMs, graceMs, keyMapper } = operator;
  const join = joinerOf(operator['joiner']);
  const isLeft = isLeftOf(type);
  if (table === 'global') {
    const options = { key: foreignKeyOf(keyMapper) };
    return {
      build: (scene) => {
        const [left, rows] = [scene.records('left'), scene.globalTable('table')];
        scene.observe(isLeft ? left.leftJoin(rows, 'join', options, join) : left.join(rows, 'join', options, join));
      },
    };
  }
  return {
    build: (scene) => {
      const left = scene.records('left');
      const rows = tableOf(scene, 'table', tableVersioned === true, historyMs as number | undefined);
      if (graceMs === undefined) {
        scene.observe(isLeft ? left.leftJoin(rows, 'join', join) : left.join(rows, 'join', join));
      } else {
        const options = { grace: graceMs as number };
        scene.observe(isLeft ? left.leftJoin(rows, 'join', options, join) : left.join(rows, 'join', options, join));
      }
    },
  };
}

export function tableTableJoin({ type, versioned, historyMs, joiner }: OperatorSpec): Experiment {
  const isVersioned = versionsOf(versioned);
  return {
    build: (scene) => {
      const left = tableOf(scene, 'left', isVersioned.left, historyMs as number | undefined);
      const right = tableOf(scene, 'right', isVersioned.right, historyMs as number | undefined);
      scene.observeTable(joined(left, right, 'join', type, joiner));
    },
  };
}

/** A join by key. */
export function joined(
  left: Table<Cell>,
  right: Table<Cell>,
  name: string,
  type: unknown,
  joiner: unknown,
): Table<Cell> {
  const join = joinerOf(joiner);
  switch (type) {
    case 'inner':
      return left.join(right, name, join);
    case 'left':
      return left.leftJoin(right, name, join);
    case 'outer':
      return left.outerJoin(right, name, join);
  }
  throw unknownWords('type', type);
}

export function foreignKeyJoin({ type, versioned, historyMs, foreignKey, joiner }: OperatorSpec): Experiment {
  const isVersioned = versionsOf(versioned);
  const isLeft = isLeftOf(type);
  const options = { foreignKey: foreignKeyOf(foreignKey) };
  const join = joinerOf(joiner);
  return {
    build: (scene) => {
      const left = tableOf(scene, 'left', isVersioned.left, historyMs as number | undefined);
      const right = tableOf(scene, 'right', isVersioned.right, historyMs as number | undefined);
      scene.observeTable(
        isLeft ? left.leftJoin(right, 'join', options, join) : left.join(right, 'join', options, join),
      );
    },
  };
}

export function tableGroupAggregate(operator: OperatorSpec): Experiment {
  return { build: (scene) => scene.observeTable(groupAggregateOf(scene, operator)) };
}

/** The table that a `tableGroupAggregate` makes of the records of `in`. */
export function groupAggregateOf(scene: Scene, { groupBy, aggregator, tableVersioned }: OperatorSpec): Table<Cell> {
  const table = tableOf(scene, 'in', tableVersioned === true);
  return grouped(table, groupBy as GroupBy, foldOf(aggregator as Aggregator));
}

interface GroupBy {
  readonly key: string;
  readonly value: string;
  /** Source keys that stand for what a function may return besides. */
  readonly special?: string;
}

const SPECIAL = 'source key "null" => grouping key null; source key "NULL" => mapper returns null';

export function grouped(table: Table<Cell>, by: GroupBy, fold: Fold): Table<Cell> {
  const groupOf = textOf(by.key);
  const partOf = textOf(by.value);
  if (by.special !== undefined && by.special !== SPECIAL) throw unknownWords('groupBy', by.special);
  const hasSpecial = by.special !== undefined;
  const groups = table.groupBy<Cell>((row, key) => {
    if (hasSpecial && key === 'NULL') return null;
    return [hasSpecial && key === 'null' ? null : groupOf(key, row), partOf(key, row)];
  });
  const { isCount, isReduce, initial } = fold;
  const { add, remove: subtract } = fold;
  if (isCount) return groups.count('groups');
  return isReduce ? groups.reduce('groups', { add, subtract }) : groups.aggregate('groups', { initial, add, subtract });
}

function versionsOf(versioned: unknown): { readonly left: boolean; readonly right: boolean } {
  const { left, right } = (versioned ?? {}) as { readonly left?: boolean; readonly right?: boolean };
  return { left: left === true, right: right === true };
}

function isLeftOf(type: unknown): boolean {
  if (type !== 'inner' && type !== 'left') throw unknownWords('type', type);
  return type === 'left';
}
