import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { JoinBench, type JoinedRow, type JoinKind } from './stream-join-fixtures.ts';

interface Step {
  readonly side: 'left' | 'right';
  readonly key: string;
  readonly hasValue: boolean;
  /** How far before the greatest time so far (negative) or after it. */
  readonly jump: number;
  readonly restart: boolean;
}

interface Kept {
  readonly side: 'left' | 'right';
  readonly key: string;
  readonly event: string;
  readonly time: number;
  isWaiting: boolean;
}

/** The same join as anybody would write it who has every event at hand: all pairs are looked at. */
class NaiveJoin {
  readonly #events: Kept[] = [];
  readonly #kind: JoinKind;
  readonly #before: number;
  readonly #after: number;
  readonly #grace: number;
  readonly #latest = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };
  #streamTime = Number.NEGATIVE_INFINITY;

  constructor(kind: JoinKind, before: number, after: number, grace: number) {
    this.#kind = kind;
    this.#before = before;
    this.#after = after;
    this.#grace = grace;
  }

  send(side: 'left' | 'right', key: string, event: string | null, time: number): JoinedRow[] {
    this.#streamTime = Math.max(this.#streamTime, time);
    if (event === null) return [];
    if (key === '') return this.#isKept(side) ? [this.#alone({ side, key, event, time })] : [];
    const out = time === this.#streamTime ? this.#closed() : [];
    const retention = Math.max(this.#before, 0) + Math.max(this.#after, 0) + this.#grace;
    this.#latest[side] = Math.max(this.#latest[side], time);
    const one: Kept = { side, key, event, time, isWaiting: false };
    const found = this.#events
      .filter((other) => other.side !== side && other.key === key && other.time >= this.#latest[other.side] - retention)
      .filter((other) => (side === 'left' ? this.#matches(time, other.time) : this.#matches(other.time, time)))
      .sort((a, b) => a.time - b.time);
    for (const other of found) {
      other.isWaiting = false;
      const pair = side === 'left' ? `[${event},${other.event}]` : `[${other.event},${event}]`;
      out.push([key, pair, Math.max(time, other.time)]);
    }
    if (found.length === 0 && this.#isKept(side)) {
      if (time + (side === 'left' ? this.#after : this.#before) < this.#streamTime) out.push(this.#alone(one));
      else one.isWaiting = true;
    }
    this.#events.push(one);
    return out;
  }

  #closed(): JoinedRow[] {
    const due = this.#events.filter(
      ({ isWaiting, side, time }) =>
        isWaiting && this.#streamTime > time + (side === 'left' ? this.#after : this.#before) + this.#grace,
    );
    for (const one of due) one.isWaiting = false;
    return due
      .sort((a, b) => a.time - b.time || compare(b.side, a.side) || compare(a.key, b.key))
      .map((one) => this.#alone(one));
  }

  #matches(left: number, right: number): boolean {
    return right >= left - this.#before && right <= left + this.#after;
  }

  #isKept(side: 'left' | 'right'): boolean {
    return this.#kind === 'outer' || (this.#kind === 'left' && side === 'left');
  }

  #alone({ side, key, event, time }: Omit<Kept, 'isWaiting'>): JoinedRow {
    return [key, side === 'left' ? `[${event},-]` : `[-,${event}]`, time];
  }
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const step = fc.record<Step>({
  side: fc.constantFrom('left', 'right'),
  key: fc.constantFrom('a', 'a', 'a!', 'b', ''),
  hasValue: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  jump: fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 3 }), weight: 6 },
    { arbitrary: fc.integer({ min: -40, max: 40 }), weight: 3 },
    { arbitrary: fc.constantFrom(-300, 300), weight: 1 },
  ),
  restart: fc.boolean(),
});
const bounds = fc
  .tuple(fc.integer({ min: -8, max: 20 }), fc.integer({ min: -8, max: 20 }))
  .filter(([before, after]) => before + after >= 0);

describe('StreamJoinOperator', () => {
  it('gives what a look at all pairs gives, event by event, whatever order they come in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<JoinKind>('inner', 'left', 'outer'),
        bounds,
        fc.integer({ min: 0, max: 25 }),
        fc.array(step, { maxLength: 120, size: 'max' }),
        (kind, [before, after], grace, steps) => {
          const join = new JoinBench(kind, before, after, grace);
          const naive = new NaiveJoin(kind, before, after, grace);
          let greatest = 1000;
          for (const [index, { side, key, hasValue, jump, restart }] of steps.entries()) {
            const time = greatest + jump;
            greatest = Math.max(greatest, time);
            const event = hasValue ? `${side[0]}${index}` : null;
            if (restart) join.restart();
            expect(join[side](key, event, time), `step ${index}`).toEqual(naive.send(side, key, event, time));
          }
        },
      ),
      fuzzRuns(400),
    );
  });
});
