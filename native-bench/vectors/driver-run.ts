import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { isWindowKey, keyOfWindowKey, windowOfKey } from '../../src/operators/window-key.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { movedBack, movedOn } from './era.ts';
import { keyAndWindow, lastRows, type Row, rowText } from './row.ts';
import { type Stage, viewOf } from './scene.ts';
import { type Step, stepsOf } from './steps.ts';
import type { Input } from './vector.ts';
import type { Value } from './words.ts';

export interface DriverOptions {
  /** The operators are made anew before every input: they may remember nothing but what is in their stores. */
  readonly restarts?: boolean;
  /** Default: 1. */
  readonly partitionCount?: number;
  readonly steps?: (input: Input, index: number) => readonly Step[];
}

/**
 * Runs a vector's inputs through the test driver, from where its time begins.
 *
 * @returns what came out, in order; of several partitions one after the other, for each input
 */
export function runInDriver(stage: Stage, inputs: readonly Input[], options: DriverOptions = {}): Row[] {
  const { restarts = false, partitionCount = 1, steps = stepsOf } = options;
  const driver = new TopologyTestDriver(stage.topology, { now: stage.epochMs, partitionCount });
  const seen = new Set<string>();
  const rows = inputs.flatMap((input, index) => {
    if (restarts) driver.restart();
    const offsets = steps(input, index).map((step) => take(driver, step, stage.epochMs));
    // What goes on in another partition has an offset of its own there.
    if (partitionCount > 1) offsets.push(null);
    return stage.outputs.flatMap((output) => {
      const fresh = driver
        .view<JournalEntry<Value>>(output)
        .rows()
        .filter(([number]) => !seen.has(`${output} ${number}`));
      for (const [number] of fresh) seen.add(`${output} ${number}`);
      return fresh.map(([, entry]) => journalRow(output, entry, index, offsets));
    });
  });
  for (const output of stage.tables) {
    checkTable(
      output,
      rows.filter((row) => row.output === output),
      driver.view<Value>(viewOf(output)).rows(),
    );
  }
  return movedBack(rows, stage.epochMs);
}

/** @returns the offset of what was sent; null if time brings about what it likes */
function take(driver: TopologyTestDriver, step: Step, epochMs: number): number | null {
  if (step === 'restart') driver.restart();
  else if ('send' in step) return driver.send(step.send, movedOn(step.event, epochMs)).offset;
  else driver.advance('advanceMs' in step ? step.advanceMs : epochMs + step.untilMs - driver.now);
  return null;
}

/**
 * @param offsets of what was sent for the input, null for what had none; the row must have come of one of them
 * @throws Error
 */
export function journalRow(
  output: string,
  { key, window, value, time, offset }: JournalEntry<Value>,
  afterInput: number,
  offsets: readonly (number | null)[],
): Row {
  if (!offsets.includes(offset) && !offsets.includes(null))
    throw new Error(`a row of key=${key} after input=${afterInput} says that it came of offset=${offset}`);
  return {
    output,
    key: key === '' ? null : key,
    value,
    ...(window === undefined ? {} : { window: { start: window.start, end: window.end } }),
    ts: time,
    afterInput,
  };
}

/**
 * A view must show what the changes of its table add up to. Of a windowed table, which lets go of windows that are over,
 * it may show less.
 *
 * @throws Error
 */
export function checkTable(
  output: string,
  changes: readonly Row[],
  view: readonly [key: string, value: Value][],
): void {
  const expected = new Map(lastRows(changes).map((row) => [keyAndWindow(row), row]));
  const shown = new Set<string>();
  for (const [key, value] of view) {
    const row: Row = isWindowKey(key)
      ? { output, key: keyOfWindowKey(key), window: windowOfKey(key), value }
      : { output, key, value };
    const last = expected.get(keyAndWindow(row));
    shown.add(keyAndWindow(row));
    if (last === undefined || !isDeepStrictEqual(last.value, value))
      throw new Error(`the view shows ${rowText(row)}; the changes end with ${last ? rowText(last) : 'nothing'}`);
  }
  for (const row of expected.values()) {
    if (row.value !== null && row.window === undefined && !shown.has(keyAndWindow(row)))
      throw new Error(`the view does not show ${rowText(row)}, with which the changes end`);
  }
}
