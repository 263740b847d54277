import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countUnconfirmed, type Outbox } from '../../src/store/outbox.ts';
import { OFFSET_BYTE } from '../../src/store/outbox-queue.ts';
import { PartitionState } from '../../src/store/partition-state.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { metaAt } from './state-fixtures.ts';

const CHANNELS = 3;

function open(checkpoints: SimulatedCheckpoints): PartitionState {
  return new PartitionState({
    stores: [],
    reader: checkpoints.openForRead(),
    cacheBytes: 1 << 20,
    eviction: 'lru',
    secret: 1,
    dedupe: { windowMs: 1000, maxEntries: 1000 },
    channels: { out: CHANNELS, in: 2 },
  });
}

/** A record of this size whose bytes tell it from others. */
function append(outbox: Outbox, channel: number, offset: number, size: number): void {
  const length = 40 + 8 * size;
  const queue = outbox.touch(channel);
  const position = queue.claim(length);
  queue.u8.fill(queue.tailSequence & 0xff, position, position + length);
  queue.u32[position >>> 2] = length;
  queue.f64[(position + OFFSET_BYTE) >>> 3] = offset;
  queue.commit(length);
}

interface Model {
  /** Offset and size of each record by sequence number, from 1. */
  records: { offset: number; size: number }[];
  head: number;
  sent: number;
}

const action = fc.oneof(
  fc.record({
    kind: fc.constant('event' as const),
    sends: fc.array(fc.record({ channel: fc.nat(CHANNELS - 1), size: fc.nat(600) }), { maxLength: 5 }),
    isUndone: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('send' as const), channel: fc.nat(CHANNELS - 1), behind: fc.nat(3) }),
  fc.record({ kind: fc.constant('confirm' as const), channel: fc.nat(CHANNELS - 1), upTo: fc.nat(20) }),
  fc.record({ kind: fc.constant('seen' as const), channel: fc.nat(1) }),
  fc.record({ kind: fc.constant('checkpoint' as const), isCommitted: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

it('an outbox is the list of what was sent and not confirmed, through undone events, checkpoints and restarts', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const checkpoints = new SimulatedCheckpoints();
      let state = open(checkpoints);
      let models: Model[] = Array.from({ length: CHANNELS }, () => ({ records: [], head: 0, sent: 0 }));
      let seen = [0, 0];
      let saved = structuredClone({ models, seen });
      let offset = 0;
      for (const step of actions) {
        const { outbox } = state;
        if (step.kind === 'event') {
          state.beginEvent();
          for (const { channel, size } of step.sends) append(outbox, channel, offset, size);
          if (step.isUndone) {
            state.undoEvent();
          } else {
            state.commitEvent();
            for (const { channel, size } of step.sends) models[channel]?.records.push({ offset, size });
          }
          offset += 1;
        } else if (step.kind === 'send') {
          const queue = outbox.queues[step.channel];
          const model = models[step.channel] as Model;
          const through = offset - 1 - step.behind;
          while (queue !== undefined && queue.next(through) >= 0) {
            const position = queue.next(through);
            const { size } = model.records[model.sent] as Model['records'][number];
            expect(queue.u32[position >>> 2]).toBe(40 + 8 * size);
            expect(queue.u8[position + 8]).toBe((model.sent + 1) & 0xff);
            queue.sent();
            model.sent += 1;
          }
          const next = model.records[model.sent];
          expect(next === undefined || next.offset > through).toBe(true);
        } else if (step.kind === 'confirm') {
          const model = models[step.channel] as Model;
          const upTo = Math.min(model.head + step.upTo, model.records.length);
          outbox.queues[step.channel]?.confirm(upTo);
          model.head = Math.max(model.head, upTo);
          model.sent = Math.max(model.sent, model.head);
        } else if (step.kind === 'seen') {
          seen[step.channel] = (seen[step.channel] ?? 0) + 1;
          outbox.lastSeen[step.channel] = seen[step.channel] as number;
        } else if (step.kind === 'checkpoint') {
          const sink = checkpoints.openSink(checkpoints.openForRead());
          sink.begin();
          state.beginCut();
          const frozen = structuredClone({ models, seen });
          while (!state.encodeSlice(sink, 500));
          if (!step.isCommitted) {
            state.abandonCut();
            continue;
          }
          sink.finish(metaAt(offset));
          expect(sink.result()).toBe('committed');
          state.confirmCut();
          saved = frozen;
        } else {
          state = open(checkpoints);
          ({ models, seen } = structuredClone(saved));
          for (const model of models) model.sent = model.head;
          const unconfirmed = models.reduce((sum, { records, head }) => sum + records.length - head, 0);
          expect(countUnconfirmed(checkpoints.openForRead())).toBe(unconfirmed);
        }
        models.forEach((model, channel) => {
          const queue = state.outbox.queues[channel];
          expect([queue?.headSequence, queue?.sentSequence, queue?.tailSequence]).toEqual([
            model.head + 1,
            model.sent + 1,
            model.records.length + 1,
          ]);
          const bytes = model.records.slice(model.head).reduce((sum, { size }) => sum + 40 + 8 * size, 0);
          expect(queue?.bytes).toBe(bytes);
        });
        expect([...state.outbox.lastSeen]).toEqual(seen);
        const isStale = saved.models.some(({ head, records }, channel) => {
          return head < records.length && head < (models[channel] as Model).head;
        });
        expect(state.outbox.isSaveStale).toBe(isStale);
      }
    }),
    { numRuns: 300 },
  );
});
