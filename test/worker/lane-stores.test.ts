import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { CHECKPOINT_VERSION, type CheckpointMeta } from '../../src/store/checkpoint.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { assertSameTopology, laneExtra, laneStores, laneViews } from '../../src/worker/lane-stores.ts';

const Sale = Type.Object({ till: Type.String() });

function topologyOf(...streams: string[]): CompiledTopology {
  return defineTopology('shop', (t: TopologyBuilder) => {
    for (const name of streams)
      t.stream(name, { schema: Sale, key: 'till' }).groupByKey().count(`by-${name}`).toView(name);
  });
}

const before = topologyOf('sales', 'refunds');

function meta(offset: number): CheckpointMeta {
  const { fingerprint } = before;
  return { offset, epoch: 1, logTime: 0, fingerprint, version: CHECKPOINT_VERSION, extra: laneExtra(before) };
}

function open(
  topology: CompiledTopology,
  logEnd: number,
  checkpoint: CheckpointMeta | null = meta(9),
  unconfirmed = 0,
): void {
  assertSameTopology(0, topology, checkpoint, logEnd, { fingerprint: before.fingerprint, since: 4 }, () => unconfirmed);
}

describe('laneStores', () => {
  it('numbers what a lane keeps for itself first, then the stores of its topology', () => {
    expect(laneStores(before).map(({ id, name }) => [id, name])).toEqual([
      [0, 'dead-letters'],
      [1, 'dead-letters-bounds'],
      [2, 'by-sales'],
      [3, 'by-refunds'],
    ]);
  });

  it('keep the numbers that they have in a checkpoint, and new ones come behind', () => {
    expect(laneStores(topologyOf('tips', 'refunds', 'sales'), meta(9)).map(({ id, name }) => [id, name])).toEqual([
      [0, 'dead-letters'],
      [1, 'dead-letters-bounds'],
      [4, 'by-tips'],
      [3, 'by-refunds'],
      [2, 'by-sales'],
    ]);
  });

  it('are named by views with the same numbers', () => {
    expect(laneViews(before).map(({ name, storeId }) => [name, storeId])).toEqual([
      ['sales', 2],
      ['refunds', 3],
      ['dead-letters', 0],
    ]);
  });
});

describe('assertSameTopology', () => {
  it('lets the same topology in, whatever is left to replay', () => {
    expect(() => open(before, 1000)).not.toThrow();
    expect(() => open(before, 1000, meta(4))).not.toThrow();
  });

  it('does not have it replay what was logged under another one', () => {
    for (const checkpoint of [meta(3), null]) {
      expect(() => open(before, 1000, checkpoint)).toThrow(
        /no checkpoint through offset=4 can be read, .* under another topology .* Restore state\/0 from a backup/,
      );
    }
  });

  it('lets another one in that has everything in its place, when nothing is left to replay', () => {
    expect(() => open(topologyOf('sales', 'refunds', 'tips'), 9)).not.toThrow();
    expect(() => open(topologyOf('sales', 'refunds', 'tips'), 10)).toThrow(/1 logged events of partition=0/);
    expect(() => open(topologyOf('sales', 'refunds', 'tips'), 0, null)).toThrow(/1 logged events/);
  });

  it('lets the same topology in alone while changes are on their way, for another one might read them otherwise', () => {
    expect(() => open(before, 9, meta(9), 3)).not.toThrow();
    expect(() => open(topologyOf('sales', 'refunds', 'tips'), 9, meta(9), 3)).toThrow(
      /3 changes of partition=0 are on their way to others\. Start once with the topology they were taken under/,
    );
  });

  it('names the stores that are gone, and the streams that are not where they were', () => {
    expect(() => open(topologyOf('sales'), 9)).toThrow(/store by-refunds, stream refunds;/);
    expect(() => open(topologyOf('refunds', 'sales'), 9)).toThrow(/stream: stream sales, stream refunds;/);
  });
});
