import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { RowLife } from '../../src/topology/row-life.ts';
import { DEAD_LETTERS_STORE, laneStores } from '../../src/worker/lane-stores.ts';
import { type Lane, open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
const TTL_MS = 100_000;
/** A row may go a hundredth of its time late. */
const LATE_MS = TTL_MS / 100;

/** The tables are not the last that keep something. */
function sales(version: string, life: RowLife, upcast?: (event: never) => unknown): CompiledTopology {
  const evolution = upcast === undefined ? {} : { version: 2, upcast: { 1: upcast } };
  return defineTopology('sales', { version }, (t) => {
    const events = t.stream('sales', { schema: Sale, key: 'sku', ...evolution });
    events.toTable('latest', life).toView('latest').toStream().toJournal('told', { keep: 1000 });
    events.groupByKey().count('counts', life).toView('counts');
  });
}

const before = sales('1', {});
const after = sales('2', { ttl: TTL_MS });

function storeOf(lane: Lane, topology: CompiledTopology, name: string): ReturnType<Lane['state']['store']> {
  return lane.state.store(laneStores(topology).findIndex((store) => store.name === name));
}

function keysOf(lane: Lane, topology: CompiledTopology, name: string): string[] {
  const rows = storeOf(lane, topology, name).range('', undefined, 1000);
  return rows.map(([key]) => key);
}

/** @returns what was told of rows that went */
function goneOf(lane: Lane, topology: CompiledTopology): string[] {
  const entries = storeOf(lane, topology, 'journal:told').range('', undefined, 1000);
  return entries
    .map(([, entry]) => entry as { key: string; value: unknown })
    .filter(({ key, value }) => key !== undefined && value === null)
    .map(({ key }) => key)
    .sort();
}

const skus = (count: number): string[] => Array.from({ length: count }, (_, n) => `sku-${String(n).padStart(3, '0')}`);

/** Rows at the log times 0, 1, 2, … */
function savedByFirst(count: number): SimulatedCheckpoints {
  const checkpoints = new SimulatedCheckpoints();
  const lane = open(before, checkpoints.openForRead());
  for (const sku of skus(count)) lane.sell(sku, 1);
  save(lane, checkpoints, count - 1);
  return checkpoints;
}

describe('rows of a table that is given a ttl', () => {
  it.each([0, 1, 15, 16, 17, 100])('expire too if they are never written again: %i', (count) => {
    const lane = open(after, savedByFirst(count).openForRead());
    const start = 5000;
    lane.fire(start);
    expect(keysOf(lane, after, 'latest')).toEqual(skus(count));
    lane.fire(start + TTL_MS - 1);
    expect([keysOf(lane, after, 'latest'), keysOf(lane, after, 'counts')]).toEqual([skus(count), skus(count)]);
    for (let n = 0; n < 3; n++) lane.fire(start + TTL_MS + LATE_MS);
    expect([keysOf(lane, after, 'latest'), keysOf(lane, after, 'counts')]).toEqual([[], []]);
    expect(goneOf(lane, after)).toEqual(skus(count));
    for (const name of ['latest:expiring', 'latest:expiry']) expect(keysOf(lane, after, name)).toEqual([]);
    expect(lane.state.store(DEAD_LETTERS_STORE).size).toBe(0);
  });

  it('live on from when they are written, as all others', () => {
    const lane = open(after, savedByFirst(3).openForRead());
    lane.fire(5000);
    lane.takeAt({ sku: 'sku-001', cents: 2 }, 0, 50_000);
    lane.takeAt({ sku: 'new', cents: 2 }, 0, 50_000);
    lane.fire(5000 + TTL_MS + LATE_MS);
    expect(keysOf(lane, after, 'latest')).toEqual(['new', 'sku-001']);
    lane.fire(50_000 + TTL_MS + LATE_MS);
    expect(keysOf(lane, after, 'latest')).toEqual([]);
  });

  it('are gone through once, also if the lane is opened anew in the middle of it', () => {
    const checkpoints = savedByFirst(5000);
    const first = open(after, checkpoints.openForRead());
    first.fire(5000);
    expect(storeOf(first, after, 'latest:expiring').size).toBeLessThan(5000);
    save(first, checkpoints, 5000);
    const lanes = [first, open(after, checkpoints.openForRead())];
    for (const lane of lanes) {
      for (let n = 0; n < 4; n++) lane.fire(6000);
      for (const name of ['latest', 'counts']) {
        expect(storeOf(lane, after, `${name}:expiring`).size).toBe(5000);
        expect(storeOf(lane, after, `${name}:expiring`).readRegister(0)).toBe(1);
      }
    }
    const [one, other] = lanes.map((lane) => storeOf(lane, after, 'latest:expiring').range('', undefined, 5000));
    expect(other).toEqual(one);
  });

  it('need not be brought up to date for that', () => {
    const third = sales('3', { ttl: TTL_MS }, () => {
      throw new RangeError('not readable');
    });
    const lane = open(third, savedByFirst(20).openForRead());
    lane.fire(5000);
    expect(lane.state.store(DEAD_LETTERS_STORE).size).toBe(0);
    expect(storeOf(lane, third, 'latest:expiring').size).toBe(20);
  });

  it('leave the same behind whether a table without any was opened once or twice', () => {
    const checkpoints = new SimulatedCheckpoints();
    const once = open(after, checkpoints.openForRead());
    expect(once.isDue(0)).toBe(false);
    once.sell('latte', 1);
    save(once, checkpoints, 0);
    const twice = open(after, checkpoints.openForRead());
    expect(twice.isDue(1)).toBe(false);
    for (const name of ['latest:expiring', 'latest:expiry']) {
      const [a, b] = [once, twice].map((lane) => storeOf(lane, after, name));
      expect(b?.readRegister(0)).toBe(a?.readRegister(0));
      expect(b?.range('', undefined, 10)).toEqual(a?.range('', undefined, 10));
    }
  });
});
