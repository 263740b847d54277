import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { AckView } from '../../src/ingress/ack-view.ts';
import { NO_SLOT, PendingReplies, type Reply } from '../../src/ingress/pending-replies.ts';

class Waiting implements Reply {
  acks = 0;
  sweeps = 0;
  remaining: number;

  constructor(remaining = 1) {
    this.remaining = remaining;
  }

  onAck(): boolean {
    this.acks++;
    return --this.remaining === 0;
  }

  onSweep(): void {
    this.sweeps++;
  }
}

function ackFor(slot: number, generation: number): AckView {
  const ack = new AckView();
  ack.replySlot = slot;
  ack.generation = generation;
  return ack;
}

describe('PendingReplies', () => {
  it('frees a slot with its last ack and raises its generation', () => {
    const replies = new PendingReplies(2);
    const reply = new Waiting(2);
    const slot = replies.acquire(reply);
    const generation = replies.generationOf(slot);
    replies.answer(ackFor(slot, generation));
    expect([replies.count, reply.acks]).toEqual([1, 1]);
    replies.answer(ackFor(slot, generation));
    expect([replies.count, reply.acks]).toEqual([0, 2]);
    expect(replies.generationOf(slot)).toBe(generation + 1);
  });

  it('gives no more slots than it has', () => {
    const replies = new PendingReplies(2);
    expect(new Set([replies.acquire(new Waiting()), replies.acquire(new Waiting())]).size).toBe(2);
    expect(replies.acquire(new Waiting())).toBe(NO_SLOT);
  });

  it('takes an ack for a free slot, an older generation or a slot out of range as a bug', () => {
    const replies = new PendingReplies(2);
    const slot = replies.acquire(new Waiting());
    const generation = replies.generationOf(slot);
    expect(() => replies.answer(ackFor(slot, generation - 1))).toThrow(AssertionError);
    replies.answer(ackFor(slot, generation));
    expect(() => replies.answer(ackFor(slot, generation))).toThrow(AssertionError);
    expect(() => replies.answer(ackFor(99, 1))).toThrow(AssertionError);
  });

  it('sweeps those that wait and no others', () => {
    const replies = new PendingReplies(8);
    const waiting = [new Waiting(), new Waiting(), new Waiting()];
    const slots = waiting.map((reply) => replies.acquire(reply));
    replies.release(slots[1] as number);
    replies.sweep(0);
    expect(waiting.map(({ sweeps }) => sweeps)).toEqual([1, 0, 1]);
  });
});
