import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { SpscRing } from '../../src/ring/spsc-ring.ts';
import { ROW_DELETED } from '../../src/store/checkpoint.ts';
import { CheckpointResult, CheckpointSender } from '../../src/store/checkpoint-channel.ts';
import { CheckpointReceiver } from '../../src/store/checkpoint-receiver.ts';
import { RowBatch } from '../../src/store/row-batch.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { metaAt } from './state-fixtures.ts';

interface Row {
  storeId: number;
  key: Buffer;
  value: Buffer | null;
}

function channel(): {
  sender: CheckpointSender;
  receiver: CheckpointReceiver;
  batch: RowBatch;
  result: CheckpointResult;
} {
  const ring = SpscRing.allocate(512 * 1024);
  const memory = CheckpointResult.allocate();
  const batch = new RowBatch();
  const reader = new SimulatedCheckpoints().openForRead();
  return {
    sender: new CheckpointSender(new SpscRing(ring), new Doorbell(Doorbell.allocate()), memory, reader),
    receiver: new CheckpointReceiver(new SpscRing(ring), batch),
    batch,
    result: new CheckpointResult(memory),
  };
}

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => {
    const size = i % 50 === 49 ? 200_000 + i : i % 90;
    return {
      storeId: i % 3,
      key: Buffer.from(`key-${String(i).padStart(5, '0')}`),
      value: i % 7 === 6 ? null : Buffer.alloc(size, i),
    };
  });
}

function send(sender: CheckpointSender, { storeId, key, value }: Row): boolean {
  // Rows stand somewhere in larger memory.
  const memory = Buffer.concat([Buffer.of(1, 2, 3), key, value ?? Buffer.alloc(0)]);
  return sender.tryRow(
    storeId,
    memory,
    3,
    key.length,
    memory,
    3 + key.length,
    value === null ? ROW_DELETED : value.length,
  );
}

function rowsIn(batch: RowBatch): Row[] {
  batch.sort();
  return Array.from({ length: batch.count }, (_, i) => {
    const value = batch.select(i);
    const { bytes, start, length } = batch.key;
    const key = Buffer.from(bytes.subarray(start, start + length));
    return {
      storeId: key.readUInt16BE(0),
      key: key.subarray(2),
      value: value === null ? null : Buffer.from(value.subarray(value.start, value.end)),
    };
  });
}

function digest(rows: Row[]): string {
  const hash = createHash('sha256');
  for (const { storeId, key, value } of rows) {
    hash
      .update(`${storeId} ${key.length} ${value?.length ?? 'gone'}\n`)
      .update(key)
      .update(value ?? '');
  }
  return hash.digest('hex');
}

function inOrder(rows: Row[]): Row[] {
  return [...rows].sort((a, b) => a.storeId - b.storeId || Buffer.compare(a.key, b.key));
}

describe('CheckpointSender and CheckpointReceiver', () => {
  it('carry rows larger than the ring has room for, however often it is full', () => {
    const { sender, receiver, batch } = channel();
    const rows = rowsOf(300);
    sender.begin();
    let refusals = 0;
    for (const row of rows) {
      while (!send(sender, row)) {
        refusals += 1;
        expect(receiver.gather(3)).toBe(true);
      }
    }
    while (!sender.finish(metaAt(41))) receiver.gather(3);
    while (receiver.meta === null) expect(receiver.gather(5)).toBe(true);
    expect(refusals).toBeGreaterThan(10);
    expect(receiver.meta).toEqual(metaAt(41));
    expect(digest(rowsIn(batch))).toBe(digest(inOrder(rows)));
  });

  it('begin drops what was sent of a checkpoint that was given up, also half a row', () => {
    const { sender, receiver, batch } = channel();
    const large: Row = { storeId: 0, key: Buffer.from('large'), value: Buffer.alloc(2_000_000, 1) };
    sender.begin();
    expect(send(sender, { storeId: 0, key: Buffer.from('given-up'), value: Buffer.of(1) })).toBe(true);
    expect(send(sender, large)).toBe(false);
    expect(sender.hasRoom()).toBe(false);

    sender.begin();
    const row: Row = { storeId: 1, key: Buffer.from('kept'), value: Buffer.of(7) };
    while (!send(sender, row)) receiver.gather(1);
    while (!sender.finish(metaAt(2))) receiver.gather(1);
    while (receiver.meta === null) receiver.gather(100);
    expect(rowsIn(batch)).toEqual([row]);
    expect(sender.hasRoom()).toBe(true);
  });

  it('result is pending until settled, and again after the next begin', () => {
    const { sender, result } = channel();
    sender.begin();
    expect(sender.result()).toBe('pending');
    expect(sender.floorOffset).toBe(-1);
    result.previousOffset = 17;
    result.settle(true);
    expect([sender.result(), sender.floorOffset]).toEqual(['committed', 17]);
    sender.begin();
    expect(sender.result()).toBe('pending');
    result.settle(false);
    expect(sender.result()).toBe('failed');
  });

  it('gather leaves the next checkpoint on the ring until the one at hand is taken', () => {
    const { sender, receiver, batch } = channel();
    for (const offset of [1, 2]) {
      sender.begin();
      send(sender, { storeId: 0, key: Buffer.of(offset), value: Buffer.of(offset) });
      sender.finish(metaAt(offset));
    }
    expect(receiver.gather(100)).toBe(true);
    expect(receiver.meta?.offset).toBe(1);
    expect(receiver.gather(100)).toBe(false);
    expect(rowsIn(batch)).toHaveLength(1);
    receiver.meta = null;
    expect(receiver.gather(100)).toBe(true);
    expect((receiver.meta as { offset: number } | null)?.offset).toBe(2);
    expect(rowsIn(batch)[0]?.key).toEqual(Buffer.of(2));
  });
});
