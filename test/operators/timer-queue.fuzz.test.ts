import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimerQueue } from '../../src/operators/timer-queue.ts';
import { windowKey } from '../../src/operators/window-key.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';

const timer = {
  time: fc.integer({ min: -5, max: 30 }),
  key: fc.constantFrom('a', 'b', 'é', '☕', windowKey('a', 0, 10)),
  name: fc.constantFrom('', 'x'),
};
const action = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), ...timer }),
  fc.record({ kind: fc.constant('delete' as const), ...timer }),
  fc.record({ kind: fc.constant('take' as const), now: fc.integer({ min: -5, max: 35 }), isUndone: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

const rowOf = ({ time, key, name }: { time: number; key: string; name: string }): string =>
  JSON.stringify([time, key, name]);

function byOrder(a: string, b: string): number {
  const [timeA, keyA, nameA] = JSON.parse(a) as [number, string, string];
  const [timeB, keyB, nameB] = JSON.parse(b) as [number, string, string];
  return timeA - timeB || Buffer.compare(Buffer.from(`${keyA}\u0000${nameA}`), Buffer.from(`${keyB}\u0000${nameB}`));
}

it('timers come out in the order of time, key and name, whatever was deleted, undone or restarted meanwhile', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const store = new MemoryStore();
      let queue = new TimerQueue(store);
      const model = new Set<string>();
      for (const step of actions) {
        if (step.kind === 'set') {
          queue.set(step.time, step.key, step.name);
          model.add(rowOf(step));
          store.commitEvent();
        } else if (step.kind === 'delete') {
          expect(queue.delete(step.time, step.key, step.name)).toBe(model.delete(rowOf(step)));
          store.commitEvent();
        } else if (step.kind === 'restart') {
          queue = new TimerQueue(store);
        } else {
          const first = [...model].sort(byOrder)[0];
          const isDue = first !== undefined && (JSON.parse(first) as [number])[0] <= step.now;
          const taken = queue.take(step.now);
          expect(taken === null ? undefined : rowOf(taken)).toBe(isDue ? first : undefined);
          if (step.isUndone) {
            store.undoEvent();
          } else {
            if (taken !== null) model.delete(rowOf(taken));
            store.commitEvent();
          }
        }
        const least = Math.min(Infinity, ...[...model].map((row) => (JSON.parse(row) as [number])[0]));
        expect(queue.next).toBeLessThanOrEqual(least);
      }
    }),
    { numRuns: 500 },
  );
});
