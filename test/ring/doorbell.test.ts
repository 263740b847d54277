import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/ring/doorbell.ts';

const NO_WORK = (): boolean => false;

function bells(): { waiter: Doorbell; ringer: Doorbell; word: Int32Array } {
  const memory = Doorbell.allocate();
  return { waiter: new Doorbell(memory), ringer: new Doorbell(memory), word: new Int32Array(memory) };
}

/** Whether the promise resolves before everything that is already due. */
async function isResolvedSoon(promise: Promise<void>): Promise<boolean> {
  let isResolved = false;
  void promise.then(() => {
    isResolved = true;
  });
  for (let turn = 0; turn < 5 && !isResolved; turn++) await new Promise((next) => setImmediate(next));
  return isResolved;
}

describe('Doorbell.park', () => {
  it('does not sleep when there is work after all', () => {
    const { waiter, word } = bells();
    expect(waiter.park(() => true)).toBeNull();
    expect(word[0]).toBe(0);
  });

  it('says it is parked before it looks for work', () => {
    const { waiter, word } = bells();
    let seen = -1;
    waiter.park(() => {
      seen = Atomics.load(word, 0);
      return true;
    });
    expect(seen).toBe(1);
  });

  it('does not sleep when it is rung while it looks', () => {
    const { waiter, ringer } = bells();
    const parked = waiter.park(() => {
      ringer.ring();
      return false;
    });
    expect(parked).toBeNull();
  });

  it('sleeps until it is rung', async () => {
    const { waiter, ringer } = bells();
    const parked = waiter.park(NO_WORK) as Promise<void>;
    expect(await isResolvedSoon(parked)).toBe(false);
    ringer.ring();
    await parked;
  });

  it('keeps one wait outstanding when woken by something else', async () => {
    const { waiter, ringer } = bells();
    const first = waiter.park(NO_WORK);
    waiter.unpark();
    const second = waiter.park(NO_WORK);
    expect(second).toBe(first);
    ringer.ring();
    await second;
    expect(waiter.park(NO_WORK)).not.toBe(first);
  });
});

describe('Doorbell.ring', () => {
  it('leaves a thread alone that is awake', () => {
    const { ringer, word } = bells();
    ringer.ring();
    expect(word[0]).toBe(0);
  });

  it('wakes once, however many ring', async () => {
    const { waiter, ringer, word } = bells();
    const parked = waiter.park(NO_WORK) as Promise<void>;
    ringer.ring();
    ringer.ring();
    expect(word[0]).toBe(0);
    await parked;
    const again = waiter.park(NO_WORK) as Promise<void>;
    expect(await isResolvedSoon(again)).toBe(false);
    ringer.ring();
    await again;
  });
});
