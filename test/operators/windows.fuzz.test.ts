import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import {
  countBench,
  type Event,
  hoppingBench,
  type Outcome,
  paneBench,
  sessionBench,
  slidingBench,
  timeoutBench,
  tumblingBench,
  type WindowBench,
} from './window-bench.ts';

interface Window {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  state: string;
  time: number;
  isTold: boolean;
}

/** Says what must come out, by remembering everything and looking at all of it. */
abstract class Naive {
  protected windows: Window[] = [];
  protected streamTime = Number.NEGATIVE_INFINITY;
  readonly #isFinal: boolean;

  constructor(isFinal: boolean) {
    this.#isFinal = isFinal;
  }

  send(event: Event): { changes: string[]; late: number } {
    this.streamTime = Math.max(this.streamTime, event.time);
    const changes = this.take(event);
    const late = changes === null ? 1 : 0;
    return { changes: this.#isFinal ? this.#closed() : (changes ?? []), late };
  }

  /** @returns what is told of it at once; null: no window takes it */
  protected abstract take(event: Event): string[] | null;
  /** Whether a window is closed that ends then. */
  protected abstract isClosed(end: number): boolean;

  protected add(event: Event, start: number, end: number): string {
    const { key, value, time } = event;
    const known = this.windows.find((one) => one.key === key && one.start === start && one.end === end);
    const window = known ?? { key, start, end, state: '', time, isTold: false };
    if (known === undefined) this.windows.push(window);
    const before = window.state === '' ? '' : ` < ${window.state}`;
    window.state += value;
    window.time = Math.max(window.time, time);
    return `${text(window)}${before}`;
  }

  #closed(): string[] {
    const closed = this.windows.filter((one) => !one.isTold && this.isClosed(one.end));
    for (const window of closed) window.isTold = true;
    return closed.sort((a, b) => a.end - b.end || a.start - b.start || (a.key < b.key ? -1 : 1)).map(text);
  }
}

function text({ key, start, end, state, time }: Window): string {
  return `${key} [${start},${end}] ${state} @${time}`;
}

class NaiveHopping extends Naive {
  readonly #size: number;
  readonly #advance: number;
  readonly #grace: number;

  constructor(size: number, advance: number, grace: number, isFinal: boolean) {
    super(isFinal);
    this.#size = size;
    this.#advance = advance;
    this.#grace = grace;
  }

  protected override isClosed(end: number): boolean {
    return end + this.#grace <= this.streamTime;
  }

  protected override take(event: Event): string[] | null {
    const changes: string[] = [];
    for (let start = 0; start <= event.time; start += this.#advance) {
      const end = start + this.#size;
      if (event.time < end && !this.isClosed(end)) changes.push(this.add(event, start, end));
    }
    return changes.length === 0 ? null : changes;
  }
}

class NaiveSessions extends Naive {
  readonly #gap: number;
  readonly #grace: number;

  constructor(gap: number, grace: number, isFinal: boolean) {
    super(isFinal);
    this.#gap = gap;
    this.#grace = grace;
  }

  protected override isClosed(end: number): boolean {
    return end + this.#gap + this.#grace < this.streamTime;
  }

  protected override take({ key, value, time }: Event): string[] | null {
    const near = this.windows
      .filter((one) => one.key === key && !this.isClosed(one.end))
      .filter((one) => one.end >= time - this.#gap && one.start <= time + this.#gap)
      .sort((a, b) => a.start - b.start);
    const start = Math.min(time, ...near.map((one) => one.start));
    const end = Math.max(time, ...near.map((one) => one.end));
    if (this.isClosed(end)) return null;
    const state = `${near.map((one) => one.state).join('')}${value}`;
    const merged: Window = { key, start, end, state, time: end, isTold: false };
    this.windows = [...this.windows.filter((one) => !near.includes(one)), merged];
    if (start === end && near.length === 1) return [`${text(merged)} < ${near[0]?.state}`];
    return [...near.map((one) => `${key} [${one.start},${one.end}] gone @${one.end} < ${one.state}`), text(merged)];
  }
}

class NaiveTimeouts extends Naive {
  readonly #timeout: number;
  readonly #grace: number;

  constructor(timeout: number, grace: number, isFinal: boolean) {
    super(isFinal);
    this.#timeout = timeout;
    this.#grace = grace;
  }

  protected override isClosed(end: number): boolean {
    return end + this.#grace <= this.streamTime;
  }

  protected override take(event: Event): string[] | null {
    const own = this.windows.filter((one) => one.key === event.key);
    const open = own.find((one) => one.start <= event.time && event.time < one.end);
    const later = own.filter((one) => one.start > event.time).map((one) => one.start);
    const start = open?.start ?? event.time;
    const end = open?.end ?? Math.min(event.time + this.#timeout, ...later);
    return this.isClosed(end) ? null : [this.add(event, start, end)];
  }
}

const event = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  /** How far the event lies from the greatest time so far. */
  step: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -40, max: 12 }), fc.constant(60)),
  fate: fc.constantFrom('sent', 'sent', 'sent', 'undone first', 'restarted first'),
});
type Step = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

function eventsOf(steps: readonly Step[]): (Event & { fate: Step['fate'] })[] {
  let greatest = 0;
  return steps.map(({ key, step, fate }, index) => {
    const time = Math.max(0, greatest + step);
    greatest = Math.max(greatest, time);
    return { key, value: String.fromCharCode(97 + (index % 26)), time, fate };
  });
}

/** What came out, whatever was undone before, and whether or not the operator was made anew. */
function outcome(bench: WindowBench, { fate, ...one }: Event & { fate: Step['fate'] }): Outcome {
  if (fate === 'undone first') bench.sendAndUndo({ ...one, time: one.time + 90 });
  if (fate === 'restarted first') bench.restart();
  return bench.send(one);
}

/** @param seen what of a change counts */
function agrees(
  create: () => { bench: WindowBench; naive: Naive },
  steps: readonly Step[],
  seen = (change: string): string => change,
): void {
  const { bench, naive } = create();
  for (const one of eventsOf(steps)) {
    const { changes, late } = outcome(bench, one);
    const expected = naive.send(one);
    expect({ changes: changes.map(seen), late: late.length }).toEqual({
      ...expected,
      changes: expected.changes.map(seen),
    });
    for (const { window, lateBy } of late) {
      expect(window.start <= one.time && one.time <= window.end).toBe(true);
      expect(lateBy).toBeGreaterThanOrEqual(0);
    }
  }
  // Everything closes and goes; what is left is of the last event.
  for (let n = 1; n <= 3; n++) bench.send({ key: 'z', value: 'z', time: 10_000 * n });
  expect(bench.store.size).toBeLessThanOrEqual(3);
  expect(bench.due.size).toBeLessThanOrEqual(3);
  expect(bench.keys.size).toBeLessThanOrEqual(3);
}

/** The letters of a window's word in their order: in which order they came, a window of panes does not know. */
function sortLetters(change: string): string {
  return change.replace(/ [a-z]+ /, (word) => ` ${[...word.trim()].sort().join('')} `);
}

const steps = fc.array(event, { maxLength: 60 });
const grace = fc.integer({ min: 0, max: 25 });

describe('operators on windows', () => {
  it('fold into tumbling windows as looking at everything would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), grace, fc.boolean(), steps, (size, late, isFinal, all) =>
        agrees(
          () => ({ bench: tumblingBench(size, late, isFinal), naive: new NaiveHopping(size, size, late, isFinal) }),
          all,
        ),
      ),
      fuzzRuns(300),
    );
  });

  it('fold into hopping windows as looking at everything would', () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(lengths, grace, fc.boolean(), steps, ([one, other], late, isFinal, all) => {
        const [size, advance] = [Math.max(one, other), Math.min(one, other)];
        agrees(
          () => ({
            bench: hoppingBench(size, advance, late, isFinal),
            naive: new NaiveHopping(size, advance, late, isFinal),
          }),
          all,
        );
      }),
      fuzzRuns(300),
    );
  });

  it('put hopping windows together out of panes as looking at everything would', () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(lengths, grace, steps, ([one, other], late, all) => {
        const [size, advance] = [Math.max(one, other), Math.min(one, other)];
        const naive = new NaiveHopping(size, advance, late, true);
        agrees(() => ({ bench: paneBench(size, advance, late), naive }), all, sortLetters);
      }),
      fuzzRuns(500),
    );
  });

  it('tell the same of panes as of windows, before 0 too', () => {
    const at = fc.record({ key: fc.constantFrom('a', 'b'), time: fc.integer({ min: -60, max: 60 }) });
    const lengths = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(lengths, grace, fc.array(at, { maxLength: 40 }), ([one, other], late, all) => {
        const [size, advance] = [Math.max(one, other), Math.min(one, other)];
        const [panes, windows] = [paneBench(size, advance, late), hoppingBench(size, advance, late, true)];
        for (const [index, { key, time }] of [...all, { key: 'z', time: 1000 }].entries()) {
          const sent = { key, time, value: String.fromCharCode(97 + (index % 26)) };
          const [ofPanes, ofWindows] = [panes.send(sent), windows.send(sent)];
          expect(ofPanes.changes.map(sortLetters)).toEqual(ofWindows.changes.map(sortLetters));
          expect(ofPanes.late).toEqual(ofWindows.late);
        }
      }),
      fuzzRuns(500),
    );
  });

  it('tell the same of panes as of windows where more windows close than are told at an event', () => {
    const [panes, windows] = [paneBench(10, 5, 0), hoppingBench(10, 5, 0, true)];
    const events = [
      ...Array.from({ length: 1500 }, (_, n) => ({ key: `k${n}`, value: 'a', time: 12 })),
      { key: 'z', value: 'z', time: 17 },
      // Of the keys whose windows wait to be told some get an event that those windows must not have.
      ...Array.from({ length: 1500 }, (_, n) => ({ key: `k${1499 - n}`, value: 'b', time: 13 })),
      ...[100, 200, 300].map((time) => ({ key: 'z', value: 'z', time })),
    ];
    const told = [panes, windows].map((bench) => events.flatMap((one) => bench.send(one).changes).sort());
    expect(told[0]).toContain('k1499 [5,15] a @12');
    expect(told[0]).toContain('k1499 [10,20] ab @13');
    expect(told[0]).toEqual(told[1]);
  });

  it('fold into sessions as looking at everything would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), grace, fc.boolean(), steps, (gap, late, isFinal, all) =>
        agrees(() => ({ bench: sessionBench(gap, late, isFinal), naive: new NaiveSessions(gap, late, isFinal) }), all),
      ),
      fuzzRuns(300),
    );
  });

  it('fold into sessions when a key has many open', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 150, maxLength: 400 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 3 }), fc.boolean(), (all, gap, isFinal) => {
        const bench = sessionBench(gap, 1000, isFinal);
        const naive = new NaiveSessions(gap, 1000, isFinal);
        for (const time of all) {
          const one = { key: 'a', value: 'x', time };
          const { changes, late } = bench.send(one);
          expect({ changes, late: late.length }).toEqual(naive.send(one));
        }
        for (let n = 1; n <= 3; n++) bench.send({ key: 'z', value: 'z', time: 10_000 * n });
        expect(bench.store.size).toBe(1);
      }),
      fuzzRuns(60),
    );
  });

  it('fold into sessions of a fixed length as looking at everything would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), grace, fc.boolean(), steps, (timeout, late, isFinal, all) =>
        agrees(
          () => ({ bench: timeoutBench(timeout, late, isFinal), naive: new NaiveTimeouts(timeout, late, isFinal) }),
          all,
        ),
      ),
      fuzzRuns(300),
    );
  });

  it('end with one sliding window for each set of events that lie close together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.boolean(), steps, (difference, isFinal, all) => {
        const bench = slidingBench(difference, 5000, isFinal);
        const events = eventsOf(all);
        const changes = events.flatMap((one) => outcome(bench, one).changes);
        const told = isFinal ? bench.send({ key: 'z', value: 'z', time: 9000 }).changes : changes;
        // The last that is told of a window counts.
        const rows = new Map(told.map((change) => [change.split(' ', 2).join(' '), change.split(' < ')[0]]));
        expect([...rows.values()].sort()).toEqual(slidingWindows(events, difference).sort());
      }),
      fuzzRuns(300),
    );
  });

  it('tell of a sliding window in final once, as its last update left it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), grace, steps, (difference, late, all) => {
        const [updates, final] = [slidingBench(difference, late, false), slidingBench(difference, late, true)];
        const rows = new Map<string, string | undefined>();
        const told: string[] = [];
        for (const one of [...eventsOf(all), { key: 'z', value: 'z', time: 10_000, fate: 'sent' as const }]) {
          for (const change of outcome(updates, one).changes) rows.set(windowOf(change), change.split(' < ')[0]);
          told.push(...outcome(final, one).changes);
        }
        expect(new Set(told.map(windowOf)).size).toBe(told.length);
        for (const change of told) expect(change).toBe(rows.get(windowOf(change)));
        expect(told.length).toBe([...rows.keys()].filter((window) => !window.startsWith('z')).length);
      }),
      fuzzRuns(300),
    );
  });

  it('fold every so many events', () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(lengths, fc.boolean(), steps, ([one, other], isFinal, all) => {
        const [size, every] = [Math.max(one, other), Math.min(one, other)];
        const bench = countBench(size, every, isFinal);
        const seen = new Map<string, Event[]>();
        for (const sent of eventsOf(all)) {
          const own = [...(seen.get(sent.key) ?? []), sent];
          seen.set(sent.key, own);
          const expected: string[] = [];
          for (let start = 0; start < own.length; start += every) {
            const inside = own.slice(start, start + size);
            if (start + size < own.length || (isFinal && inside.length < size)) continue;
            const word = inside.map((one) => one.value).join('');
            const latest = Math.max(...inside.map((one) => one.time));
            const before = isFinal || word.length === 1 ? '' : ` < ${word.slice(0, -1)}`;
            expected.push(`${sent.key} [${start},${start + size}] ${word} @${latest}${before}`);
          }
          expect(outcome(bench, sent).changes).toEqual(expected);
        }
      }),
      fuzzRuns(200),
    );
  });
});

function windowOf(change: string): string {
  return change.split(' ', 2).join(' ');
}

function slidingWindows(events: readonly Event[], difference: number): string[] {
  const windows = new Set<string>();
  for (const { key, time } of events) {
    for (const start of [Math.max(0, time - difference), time + 1]) {
      const end = start + difference;
      const inside = events.filter((one) => one.key === key && one.time >= start && one.time <= end);
      if (inside.length === 0) continue;
      const latest = Math.max(...inside.map((one) => one.time));
      windows.add(`${key} [${start},${end}] ${inside.map((one) => one.value).join('')} @${latest}`);
    }
  }
  return [...windows];
}
