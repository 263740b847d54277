import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { isWindowKey, keyOfWindowKey, windowOfKey } from '../../src/operators/window-key.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { NotApplicable } from './not-applicable.ts';
import { keyAndWindow, lastRows, type Row, rowText } from './row.ts';
import { type Envelope, LANE, type Stage, viewOf } from './scene.ts';
import { type Input, type InputRecord, isRecord } from './vector.ts';
import type { Value } from './words.ts';

/**
 * Runs a vector's inputs through the test driver, in one partition.
 *
 * @param restarts the operators are made anew before every input: they may remember nothing but what is in their stores
 * @returns what came out, in order
 */
export function runInDriver(stage: Stage, inputs: readonly Input[], restarts: boolean): Row[] {
  const driver = new TopologyTestDriver(stage.topology);
  /** Index of the input that an offset belongs to. */
  const inputAt: number[] = [];
  inputs.forEach((input, index) => {
    if (restarts) driver.restart();
    if (isRecord(input)) {
      inputAt.push(index);
      driver.send(input.stream, envelopeOf(input));
    } else control(driver, input);
  });
  const rows = stage.outputs
    .flatMap((output) =>
      driver
        .view<JournalEntry<Value>>(output)
        .rows()
        .map(([, entry]) => journalRow(output, entry, inputAt)),
    )
    .sort((a, b) => (a.afterInput as number) - (b.afterInput as number));
  for (const output of stage.tables) {
    checkTable(
      output,
      rows.filter((row) => row.output === output),
      driver.view<Value>(viewOf(output)).rows(),
    );
  }
  return rows;
}

export function envelopeOf({ key, value, ts }: InputRecord): Envelope {
  return { lane: LANE, key, value, ...(ts === undefined ? {} : { ts }) };
}

/** @param inputAt by offset */
export function journalRow(output: string, entry: JournalEntry<Value>, inputAt: readonly number[]): Row {
  const { key, window, value, time, offset } = entry;
  return {
    output,
    key: key === '' ? null : key,
    value,
    ...(window === undefined ? {} : { window: { start: window.start, end: window.end } }),
    ts: time,
    afterInput: inputAt[offset] as number,
  };
}

function control(driver: TopologyTestDriver, input: Input): void {
  switch (input['control']) {
    case 'wallClock':
      driver.advance(Number(input['advanceMs'] ?? 0));
      return;
    case 'restart':
    case 'snapshotRestore':
      driver.restart();
      return;
  }
  throw new NotApplicable(`no such control: ${String(input['control'] ?? Object.keys(input))}`);
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
