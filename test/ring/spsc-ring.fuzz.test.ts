import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EMPTY, INSUFFICIENT_CAPACITY, SpscRing } from '../../src/ring/spsc-ring.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const CAPACITY = 256;

interface ModelMessage {
  readonly bytes: number[];
  /** Where its frame ends, in bytes since the start. */
  readonly end: number;
}

/** What a ring is: a queue of messages, laid end to end but never across a multiple of the capacity. */
class Model {
  readonly messages: ModelMessage[] = [];
  published = 0;
  polled = 0;
  /** Ends of what is committed, and of what is given back. */
  committedEnd: number;
  freeEnd: number;

  constructor(startPosition: number) {
    this.committedEnd = startPosition;
    this.freeEnd = startPosition;
  }

  /** Where a payload of this length would begin; -1 if it does not fit. */
  claim(length: number): number {
    const frame = frameBytes(length);
    const toWrap = CAPACITY - (this.committedEnd % CAPACITY);
    const start = this.committedEnd + (toWrap < frame ? toWrap : 0);
    return start + frame - this.freeEnd <= CAPACITY ? start + 8 : -1;
  }
}

type Step =
  | { kind: 'send'; claim: number; length: number; isAborted: boolean }
  | { kind: 'publish' | 'receive' | 'acknowledge' };

const send: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('send' as const),
  claim: fc.nat(120),
  length: fc.nat(120),
  isAborted: fc.boolean(),
});
const other = (kind: 'publish' | 'receive' | 'acknowledge'): fc.Arbitrary<Step> => fc.constant({ kind });
const step = fc.oneof(
  { weight: 4, arbitrary: send },
  { weight: 3, arbitrary: other('receive') },
  { weight: 1, arbitrary: other('publish') },
  { weight: 1, arbitrary: other('acknowledge') },
);

it('SpscRing is a bounded queue of messages under any order of calls', () => {
  const start = fc.constantFrom(0, 8, 128, 2 ** 31 - 512, 2 ** 32 - 512);
  const property = fc.property(start, fc.array(step, { maxLength: 200 }), (startPosition, steps) => {
    const memory = SpscRing.allocate(CAPACITY, startPosition);
    const producer = new SpscRing(memory);
    const consumer = new SpscRing(memory);
    const model = new Model(startPosition);
    for (const [number, next] of steps.entries()) {
      if (next.kind === 'send') sendOne(producer, model, next.claim, next.length, next.isAborted, number);
      else if (next.kind === 'receive') receiveOne(consumer, model);
      else if (next.kind === 'publish') publishAll(producer, model);
      else acknowledgeAll(consumer, model);
      expect(consumer.isEmpty()).toBe(model.polled === model.published);
      expect(producer.usedBytes()).toBe(model.committedEnd - model.freeEnd);
    }
    publishAll(producer, model);
    while (model.polled < model.published) receiveOne(consumer, model);
    expect(consumer.poll()).toBe(EMPTY);
    consumer.acknowledge();
    expect(producer.freeBytes()).toBe(CAPACITY);
  });
  fc.assert(property, fuzzRuns(1000));
});

function sendOne(
  producer: SpscRing,
  model: Model,
  claim: number,
  wish: number,
  isAborted: boolean,
  number: number,
): void {
  const at = producer.tryClaim(claim);
  const payload = model.claim(claim);
  // an empty payload may stand at the very end, where its header was the last that fitted
  expect(at).toBe(payload < 0 ? INSUFFICIENT_CAPACITY : ((payload - 8) % CAPACITY) + 8);
  if (at < 0) return;
  const bytes = Array.from({ length: Math.min(claim, wish) }, (_, i) => (number + i) & 0xff);
  producer.u8.fill(0xee, at, at + claim);
  producer.u8.set(bytes, at);
  if (isAborted) {
    producer.abort();
    return;
  }
  producer.commit(bytes.length);
  model.committedEnd = payload - 8 + frameBytes(bytes.length);
  model.messages.push({ bytes, end: model.committedEnd });
}

function publishAll(producer: SpscRing, model: Model): void {
  producer.publish();
  model.published = model.messages.length;
}

function receiveOne(consumer: SpscRing, model: Model): void {
  const at = consumer.poll();
  if (model.polled === model.published) {
    expect(at).toBe(EMPTY);
    return;
  }
  const { bytes } = model.messages[model.polled] as ModelMessage;
  expect([...consumer.u8.subarray(at, at + consumer.polledLength)]).toEqual(bytes);
  consumer.release();
  model.polled++;
}

function acknowledgeAll(consumer: SpscRing, model: Model): void {
  consumer.acknowledge();
  model.freeEnd = model.messages[model.polled - 1]?.end ?? model.freeEnd;
}

function frameBytes(length: number): number {
  return 8 + ((length + 7) & ~7);
}
