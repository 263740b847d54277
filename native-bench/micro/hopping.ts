#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import type { WindowOperator, WindowSite } from '../../src/operators/aligned-window.ts';
import { HoppingPanes } from '../../src/operators/hopping-panes.ts';
import { HoppingWindowOperator } from '../../src/operators/hopping-window.ts';
import { LateEvents } from '../../src/operators/late-events.ts';
import type { Operator } from '../../src/operators/operator.ts';
import { OperatorContext } from '../../src/operators/operator-context.ts';
import { PaneWindowOperator } from '../../src/operators/pane-window.ts';
import { AggregateFold } from '../../src/operators/window-fold.ts';
import { StreamTime } from '../../src/operators/window-time.ts';
import { PartitionState } from '../../src/store/partition-state.ts';
import { LaneContext } from '../../src/worker/event-context.ts';
import { figure, table } from '../canonical/print.ts';
import { customerIdOf } from '../load/canonical-order.ts';
import { mix32 } from '../load/random.ts';

/**
 * Hopping windows that are told once, when they have closed: each event folded into all its windows, against each event
 * folded into its pane. The sum of a number, one partition, state in memory, an event at a time; per key so many events
 * come from the beginning of one window to that of the next.
 *
 *   node .bench/build/native-bench/micro/hopping.js [--small]
 */
const ADVANCE_MS = 60_000;
const IS_SMALL = process.argv.includes('--small');
const KEYS = IS_SMALL ? 10 : 100;
const MEASURED_EVENTS = IS_SMALL ? 1000 : 100_000;
const KINDS = ['windows', 'panes'] as const;
const WINDOWS_PER_EVENT = [4, 12, 60];
const EVENTS_PER_ADVANCE = IS_SMALL ? [2] : [1, 10, 100];

const keys = Array.from({ length: KEYS }, (_, customer) => customerIdOf(customer));

/** A stream of events that never ends, and what is told of them. */
class Run {
  told = 0;
  readonly #state: PartitionState;
  readonly #operator: Operator;
  readonly #stepMs: number;
  #sent = 0;

  constructor(kind: 'windows' | 'panes', windows: number, perAdvance: number) {
    const stores = ['rows', 'due', 'keys'].map((name, id) => ({ id, name, isOrdered: name === 'due' }));
    const dedupe = { windowMs: 60_000, maxEntries: 1000 };
    const cacheBytes = 1024 * 1024 * 1024;
    this.#state = new PartitionState({ stores, reader: null, cacheBytes, eviction: 'lru', secret: 1, dedupe });
    this.#stepMs = ADVANCE_MS / (KEYS * perAdvance);
    this.#operator = this.#open(kind, windows * ADVANCE_MS);
  }

  /** @returns how many */
  send(count: number): number {
    const state = this.#state;
    for (let n = 0; n < count; n++) {
      state.beginEvent();
      const key = keys[mix32(this.#sent) % KEYS] as string;
      this.#operator.push(key, this.#sent & 0xff, undefined, Math.floor(this.#sent * this.#stepMs));
      state.commitEvent();
      this.#sent++;
    }
    return count;
  }

  #open(kind: 'windows' | 'panes', sizeMs: number): WindowOperator {
    const context = new OperatorContext(new LaneContext(0));
    const [rows, due, keyRows] = [this.#state.store(0), this.#state.store(1), this.#state.store(2)];
    const add = (a: unknown, b: unknown): number => (a as number) + (b as number);
    const told: Operator = {
      push: (_key, next) => {
        this.told += next as number;
      },
    };
    const site: WindowSite = {
      name: 'sums',
      context,
      fold: new AggregateFold('sums', context, () => 0, add, add, false),
      isFinal: true,
      time: new StreamTime(rows),
      late: new LateEvents(rows, told),
      output: told,
      release: (_key, _row, _time, run) => run(),
    };
    if (kind === 'windows') return new HoppingWindowOperator(site, rows, due, sizeMs, ADVANCE_MS, 0);
    return new PaneWindowOperator(site, rows, due, keyRows, new HoppingPanes(sizeMs, ADVANCE_MS), 0);
  }
}

/** Nanoseconds of processor time per event over many advances, so that every window that closes is counted in. */
function measure(windows: number, perAdvance: number): number[] {
  const runs = KINDS.map((kind) => new Run(kind, windows, perAdvance));
  const perWindow = windows * KEYS * perAdvance;
  const times = runs.map((run) => {
    // Until windows close.
    run.send(perWindow);
    const before = process.cpuUsage();
    const events = run.send(Math.max(perWindow, MEASURED_EVENTS));
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / events;
  });
  const [one, other] = runs.map(({ told }) => told);
  if (one === other) return times;
  console.error(`WRONG hopping: windows=${windows} told=${one} by panes told=${other}`);
  process.exit(1);
}

const rows: string[][] = [];
for (const perAdvance of EVENTS_PER_ADVANCE) {
  for (const windows of WINDOWS_PER_EVENT) {
    for (const [index, ns] of measure(windows, perAdvance).entries()) {
      rows.push([`${perAdvance}`, `${windows}`, KINDS[index] as string, figure(ns), figure(1e9 / ns)]);
    }
  }
}
console.log(
  `hopping windows, told when closed, ${KEYS} keys   node=${process.version} cores=${availableParallelism()}`,
);
console.log(table([['events per key and advance', 'size / advance', 'folded into', 'ns', 'per second'], ...rows]));
