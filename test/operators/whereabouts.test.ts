import { describe, expect, it } from 'vitest';
import { OperatorContext } from '../../src/operators/operator-context.ts';
import {
  AT_EVENT,
  AT_LOG_TIMER,
  AT_MOVED,
  AT_NOTHING,
  NO_OPERATOR,
  TOLD_KEY_LENGTH,
  WATERMARK_FUNCTION,
  Whereabouts,
} from '../../src/operators/whereabouts.ts';
import { LaneContext } from '../../src/worker/event-context.ts';

function pair(): { here: Whereabouts; there: Whereabouts } {
  const memory = Whereabouts.allocate();
  return { here: new Whereabouts(memory), there: new Whereabouts(memory) };
}

describe('Whereabouts', () => {
  it('tells another thread which unit is at hand, and when it is another one', () => {
    const { here, there } = pair();
    expect(there.unit).toBe(AT_NOTHING);
    here.beginEvent(2 ** 40, 3, -1, 7, 0xffffffff);
    expect([there.unit, there.offset, there.place, there.low, there.high, there.finger, there.key]).toEqual([
      AT_EVENT,
      2 ** 40,
      3,
      2 ** 32 - 1,
      7,
      2 ** 32 - 1,
      null,
    ]);
    const { unitCount } = there;
    here.beginMoved(8, 2, 1, 2 ** 50, 'schlüssel');
    expect([there.unit, there.number, there.key]).toEqual([AT_MOVED, 2 ** 50, 'schlüssel']);
    expect(there.unitCount).not.toBe(unitCount);
    here.end();
    expect(there.unit).toBe(AT_NOTHING);
  });

  it('takes the first key that a timer tells', () => {
    const { here, there } = pair();
    here.beginTimer(5, true, 1234);
    here.drive(9);
    expect([there.unit, there.number, there.place, there.key]).toEqual([AT_LOG_TIMER, 1234, 9, null]);
    for (const key of ['', 'first', 'second']) here.take(key);
    expect(there.key).toBe('first');
  });

  it('tells the beginning of a long key', () => {
    const { here, there } = pair();
    here.beginAnswer(5, 0, 1, 'k'.repeat(TOLD_KEY_LENGTH + 1));
    expect(there.key).toBe('k'.repeat(TOLD_KEY_LENGTH));
  });

  it('names what is released within a unit until it is over', () => {
    const { here, there } = pair();
    here.beginEvent(5, 0, 0, 0, 0);
    here.beginRelease(4, 'row', 99);
    expect([there.released, there.releasedRow, there.releasedTime]).toEqual([4, 'row', 99]);
    here.endRelease();
    expect(there.released).toBe(NO_OPERATOR);
  });

  it('lets nothing go on that was stopped', () => {
    const { here, there } = pair();
    expect(here.mayGoOn).toBe(true);
    here.beginEvent(5, 0, 0, 0, 0);
    there.stop();
    expect(there.unit).toBe(AT_EVENT);
    here.end();
    expect(here.mayGoOn).toBe(false);
  });
});

describe('OperatorContext.of', () => {
  it('shares what is at hand and tells whose code is running', () => {
    const { here, there } = pair();
    const root = new OperatorContext(new LaneContext(0), here);
    const one = root.of(1);
    const two = root.of(2);
    root.rowKey = 'a';
    one.enter('first', 10);
    expect([two.key, two.eventTime, root.running, there.operator]).toEqual(['a', 10, 'first', 1]);
    two.enter('second', 11);
    expect([root.running, there.operator]).toEqual(['second', 2]);
    two.running = '';
    expect(there.operator).toBe(NO_OPERATOR);
    root.running = 'watermark';
    expect(there.operator).toBe(WATERMARK_FUNCTION);
  });
});
