import { describe, expect, it } from 'vitest';
import { checkLog } from '../../../native-bench/crash/check-log.ts';
import { Ledger, type LoggedEvent } from '../../../native-bench/crash/ledger.ts';

/** Three acked events of key a, two of key b, one of key c that nobody acknowledged. */
function soundRun(): { ledger: Ledger; logged: LoggedEvent[] } {
  const ledger = new Ledger();
  for (const [key, partition, offset] of [
    ['a', 0, 0],
    ['b', 1, 0],
    ['a', 0, 1],
    ['b', 1, 3],
    ['a', 0, 2],
  ] as const) {
    ledger.acked(ledger.add('http-0', 'orders', key, `event ${ledger.events.length}`, {}), partition, offset);
  }
  ledger.add('http-0', 'orders', 'c', 'event 5', {});
  const logged = ledger.events
    .filter((event) => event.isAcked)
    .map(({ partition, offset, content }) => ({ partition, offset, content }))
    .sort((left, right) => left.partition - right.partition || left.offset - right.offset);
  return { ledger, logged };
}

function kindsOf(ledger: Ledger, logged: LoggedEvent[]): string[] {
  return checkLog(ledger, logged).violations.map((violation) => violation.kind);
}

describe('checkLog', () => {
  it('finds nothing wrong with a log that holds what was acknowledged', () => {
    const { ledger, logged } = soundRun();
    const match = checkLog(ledger, logged);
    expect(match.violations).toEqual([]);
    expect(match.inOrder.map((event) => event.number)).toEqual([0, 2, 4, 1, 3]);
    expect(match.placeOf.get(3)).toEqual(logged[4]);
  });

  it('accepts an event that was never acknowledged, there or not', () => {
    const { ledger, logged } = soundRun();
    expect(kindsOf(ledger, [...logged, { partition: 1, offset: 4, content: 'event 5' }])).toEqual([]);
  });

  it('reports an acknowledged event that is missing', () => {
    const { ledger, logged } = soundRun();
    expect(kindsOf(ledger, logged.slice(0, -1))).toEqual(['lost']);
  });

  it('reports an event of which only the position was lost with the rest of the log', () => {
    const { ledger, logged } = soundRun();
    const event = ledger.add('ws-4', 'orders', 'd', 'event 6', {});
    ledger.acked(event, -1, -1);
    expect(kindsOf(ledger, logged)).toEqual(['lost']);
  });

  it('reports an event that is there twice', () => {
    const { ledger, logged } = soundRun();
    expect(kindsOf(ledger, [...logged, { partition: 1, offset: 9, content: 'event 3' }])).toEqual(['duplicated']);
  });

  it('reports events of a key in another order than they were sent', () => {
    const { ledger, logged } = soundRun();
    const swapped = [logged[1], logged[0], ...logged.slice(2)].map((event, index) => {
      return { ...(event as LoggedEvent), ...(index < 2 && { offset: index }) };
    });
    expect(kindsOf(ledger, swapped)).toContain('reordered');
  });

  it('reports a hole before a later event of the same key', () => {
    const { ledger, logged } = soundRun();
    expect(kindsOf(ledger, logged.toSpliced(1, 1)).sort()).toEqual(['lost', 'reordered']);
  });

  it('reports an event that is not where its ack said', () => {
    const { ledger, logged } = soundRun();
    const moved = logged.with(4, { ...(logged[4] as LoggedEvent), offset: 4 });
    expect(kindsOf(ledger, moved)).toEqual(['misplaced']);
  });

  it('reports a key that lies in two partitions', () => {
    const { ledger, logged } = soundRun();
    ledger.add('http-0', 'orders', 'a', 'event 6', {});
    expect(kindsOf(ledger, [...logged, { partition: 1, offset: 4, content: 'event 6' }])).toEqual(['misplaced']);
  });

  it('reports bytes that nobody sent', () => {
    const { ledger, logged } = soundRun();
    expect(kindsOf(ledger, [...logged, { partition: 1, offset: 4, content: 'event 3 ' }])).toEqual(['phantom']);
  });
});
