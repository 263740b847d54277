import { describe, expect, it } from 'vitest';
import type { AskingOperator, LookupRule, Question } from '../../src/operators/lookup.ts';
import { Whereabouts } from '../../src/operators/whereabouts.ts';
import { ValueCodec } from '../../src/store/value-codec.ts';
import type { LookupSpec } from '../../src/topology/compiled.ts';
import { Asker, type ReadyAnswer } from '../../src/worker/asker.ts';
import type { Outcome } from '../../src/worker/inquiry.ts';
import { NO_STUCK_NOTES } from '../../src/worker/stuck-notes.ts';

const MAX_RECORD_BYTES = 400;
const ORIGIN = { stream: 0, offset: 0, codec: 0, value: new Uint8Array(0) };
const ANSWERED: Outcome = { result: 1, failure: null, attempts: 1 };

/** An operator without a pipeline: its questions, by number. */
class Questions implements AskingOperator {
  readonly name: string;
  readonly rule: LookupRule;
  readonly #pending = new Map<number, Question>();
  nextNumber = 0;

  constructor(name: string, rule: Partial<LookupRule>) {
    this.name = name;
    const limits = { timeoutMs: 1, attempts: 1, backoffMs: 0, concurrency: 10, maxPending: 10 };
    this.rule = { lookup: () => null, complaintAbout: () => null, ...limits, ...rule };
  }

  add(key: string, offset: number): void {
    const number = this.nextNumber++;
    this.#pending.set(number, { number, key, event: number, time: 0, offset, origin: ORIGIN });
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  question(number: number): Question | null {
    return this.#pending.get(number) ?? null;
  }

  questionsFrom(number: number, limit: number): Question[] {
    return [...this.#pending.values()].filter((question) => question.number >= number).slice(0, limit);
  }

  answer(): void {}

  drop(number: number): void {
    this.#pending.delete(number);
  }
}

/** An asker, and what it has out by the name of the operator and the number of the question. */
class Bench {
  readonly operators: readonly Questions[];
  readonly asker: Asker;
  readonly out = new Map<string, (outcome: Outcome) => void>();
  wakeCount = 0;

  constructor(...operators: readonly [rule: Partial<LookupRule>, level: number, depth: number][]) {
    this.operators = operators.map(([rule], index) => new Questions(`q${index}`, rule));
    const lookups = operators.map(([, level, depth], index): LookupSpec => ({ node: `q${index}`, level, depth }));
    this.asker = new Asker({
      partition: 3,
      whereabouts: new Whereabouts(),
      stuck: NO_STUCK_NOTES,
      lookups,
      asking: this.operators,
      maxRecordBytes: MAX_RECORD_BYTES,
      inquire: (_rule, _question, { partition, id }, onEnd) => {
        expect(partition).toBe(3);
        this.out.set(id.slice(2), onEnd);
        return () => this.out.delete(id.slice(2));
      },
    });
    this.asker.onAnswer = () => {
      this.wakeCount += 1;
    };
  }

  get first(): Questions {
    return this.operators[0] as Questions;
  }

  end(id: string, outcome: Outcome = ANSWERED): void {
    this.out.get(id)?.(outcome);
    this.out.delete(id);
  }

  /** Takes the next answer into the log, as far as there is one. */
  log(hasRoom: (level: number) => boolean = () => true): string | null {
    const answer = this.asker.next(hasRoom);
    if (answer === null) return null;
    const { lookup, question } = answer;
    this.operators[lookup]?.drop(question.number);
    this.asker.logged(answer);
    return `q${lookup}:${question.number}`;
  }
}

function decoded({ bytes }: ReadyAnswer): unknown {
  return ValueCodec.selfDescribing().decode(bytes, 0, bytes.length);
}

describe('Asker', () => {
  it('asks what is durable, and of a key one at a time', () => {
    const bench = new Bench([{}, 0, 1]);
    const { first, asker, out } = bench;
    for (const [offset, key] of ['a', 'b', 'a', '', '', 'c'].entries()) first.add(key, offset);
    asker.turn(1);
    expect([...out.keys()]).toEqual(['q0:0', 'q0:1']);
    asker.turn(4);
    expect([...out.keys()]).toEqual(['q0:0', 'q0:1', 'q0:3', 'q0:4']);
    bench.end('q0:1');
    expect([bench.wakeCount, bench.log(), bench.log()]).toEqual([1, 'q0:1', null]);
    bench.end('q0:0');
    asker.turn(4);
    // Not before the answer is in the log.
    expect([...out.keys()]).toEqual(['q0:3', 'q0:4']);
    expect(bench.log()).toBe('q0:0');
    asker.turn(4);
    expect([...out.keys()]).toEqual(['q0:3', 'q0:4', 'q0:2']);
  });

  it('takes up what it finds pending, in its order', () => {
    const bench = new Bench([{ concurrency: 2 }, 0, 1]);
    const { first, asker, out } = bench;
    for (let n = 0; n < 600; n++) first.add(`k${n % 300}`, n);
    for (let n = 0; n < 290; n++) first.drop(n);
    asker.open();
    expect(asker.turn(0)).toBe(false);
    expect([...out.keys()]).toEqual(['q0:290', 'q0:291']);
  });

  it('has no more out, or waiting to be logged, than it may', () => {
    const bench = new Bench([{ concurrency: 3, maxPending: 1000 }, 0, 1]);
    for (let n = 0; n < 700; n++) bench.first.add(`k${n}`, n);
    while (bench.asker.turn(700)) expect(bench.out.size).toBe(3);
    for (let n = 0; n < 3; n++) bench.end(`q0:${n}`);
    bench.asker.turn(700);
    expect(bench.out.size).toBe(0);
    expect([bench.log(), bench.log()]).toEqual(['q0:0', 'q0:1']);
    bench.asker.turn(700);
    expect([...bench.out.keys()]).toEqual(['q0:3', 'q0:4']);
    for (let n = 2; n < 700; n++) {
      bench.end(`q0:${n}`);
      expect(bench.log()).toBe(`q0:${n}`);
      bench.asker.turn(700);
    }
    expect(bench.asker.next(() => true)).toBeNull();
  });

  it('holds back what comes in at levels that may fill it further, and answers of those before it', () => {
    const bench = new Bench(
      [{}, 0, 1],
      [{ maxPending: 2 }, 0, 2],
      [{ maxPending: 1 }, 1, 3],
      [{ maxPending: 1 }, 1, 1],
    );
    const { asker, operators } = bench;
    const [, second, third, other] = operators as [Questions, Questions, Questions, Questions];
    bench.first.add('a', 0);
    second.add('a', 0);
    asker.turn(0);
    bench.end('q0:0');
    expect([asker.hasRoom(0), asker.hasRoom(1), asker.hasRoom(2)]).toEqual([true, true, true]);
    second.add('b', 0);
    expect([asker.hasRoom(0), asker.hasRoom(1)]).toEqual([false, true]);
    expect(bench.log()).toBeNull();
    asker.turn(0);
    bench.end('q1:0');
    third.add('c', 0);
    expect([asker.hasRoom(0), asker.hasRoom(1), asker.hasRoom(2)]).toEqual([false, false, true]);
    expect(bench.log()).toBeNull();
    third.drop(0);
    other.add('d', 0);
    // The other one is full too, but nothing of theirs comes to it.
    expect([bench.log(), bench.log()]).toEqual(['q1:0', 'q0:0']);
  });

  it('waits for room at the levels that an answer may go on to', () => {
    const bench = new Bench([{}, 2, 1]);
    bench.first.add('a', 0);
    bench.asker.turn(0);
    bench.end('q0:0');
    expect([bench.log((level) => level !== 3), bench.log((level) => level === 3)]).toEqual([null, 'q0:0']);
  });

  it('hears nothing, asks nothing and holds nothing back when it is stopped', () => {
    const bench = new Bench([{ maxPending: 1, concurrency: 1 }, 0, 1]);
    bench.first.add('a', 0);
    bench.first.add('b', 0);
    bench.asker.turn(0);
    expect([bench.out.size, bench.asker.hasRoom(0)]).toEqual([1, false]);
    bench.asker.stop();
    expect([bench.out.size, bench.asker.turn(9), bench.out.size]).toEqual([0, false, 0]);
    expect([bench.asker.hasRoom(0), bench.asker.next(() => true)]).toEqual([true, null]);
    expect(bench.first.pendingCount).toBe(2);
  });

  it('makes a failure of an answer that cannot be kept, or is too long', () => {
    const bench = new Bench([{}, 0, 1]);
    const answers = ['x'.repeat(10), 'x'.repeat(MAX_RECORD_BYTES), () => 1];
    for (const [n, result] of answers.entries()) {
      bench.first.add(`k${n}`, 0);
      bench.asker.turn(0);
      bench.end(`q0:${n}`, { result, failure: null, attempts: 2 });
    }
    const found: unknown[] = [];
    for (let answer = bench.asker.next(() => true); answer !== null; answer = bench.asker.next(() => true)) {
      found.push(decoded(answer));
      bench.log();
    }
    const failure = (why: string): unknown => ({
      attempts: 2,
      isTimeout: false,
      errors: [expect.stringContaining(why)],
    });
    expect(found).toEqual([
      [0, 'xxxxxxxxxx'],
      [1, null, failure('the answer is too long')],
      [2, null, failure('the answer cannot be kept')],
    ]);
  });
});
