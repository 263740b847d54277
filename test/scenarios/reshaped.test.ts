import { type CompiledTopology, TopologyTestDriver } from 'moka';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const HOUR = Date.parse('2026-03-01T12:00Z');

interface Sent {
  readonly stream: 'sales' | 'others';
  readonly k: string;
  readonly cents: number;
  readonly at: number;
}

const BEFORE: readonly Sent[] = [
  { stream: 'others', k: 'a', cents: 3, at: 1000 },
  { stream: 'sales', k: 'a', cents: 5, at: 2000 },
  { stream: 'others', k: 'a', cents: 4, at: 2500 },
  { stream: 'sales', k: 'b', cents: 7, at: 3000 },
  { stream: 'others', k: 'c', cents: 9, at: 3500 },
  { stream: 'others', k: 'c', cents: 2, at: 1200 },
];
const AFTER: readonly Sent[] = [
  { stream: 'sales', k: 'a', cents: 9, at: 4000 },
  { stream: 'others', k: 'b', cents: 2, at: 5000 },
  { stream: 'others', k: 'a', cents: 6, at: 1500 },
  { stream: 'sales', k: 'd', cents: 1, at: 60_000 },
  { stream: 'others', k: 'd', cents: 8, at: 61_000 },
];
const VIEWS = [
  'greatest',
  'top',
  'tumbling',
  'hopping',
  'top-hopping',
  'first',
  'rises',
  'pairs',
  'calm',
  'rows',
  'copied',
  'held',
  'kept',
  'late',
  'matches',
  'greatest-odd',
  'least-odd',
  'any-odd',
];

const earlier = ({ k, cents, at }: Sent): object => ({ k, cents, at: HOUR + at });
const now = ({ k, cents, at }: Sent): object => ({ k, amount: { cents }, at: HOUR + at });

async function send(engine: EngineProcess, events: readonly Sent[], form: (sent: Sent) => object): Promise<void> {
  for (const sent of events) {
    expect((await engine.batch(`/v1/streams/${sent.stream}`, [form(sent)])).status).toBe(200);
  }
}

/** Values of the rows in their order; of a journal without their offsets, which other records take too. */
async function valuesOf(engine: EngineProcess, view: string): Promise<unknown[]> {
  const { json } = await engine.get(`/v1/views/${view}?limit=100`);
  return (json['rows'] as { value: unknown }[]).map(({ value }) => withoutOffset(value));
}

function withoutOffset(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('offset' in value)) return value;
  const { offset: _, ...entry } = value;
  return entry;
}

describe('streams whose events have another form than those that are kept', () => {
  it('go on as if all of them had always had it', async () => {
    const data = freshPath();
    const first = await EngineProcess.start({ data, topology: topologyFile('reshaped-1'), partitions: 1 });
    await send(first, BEFORE, earlier);
    expect((await first.stop()).code).toBe(0);

    const topology = topologyFile('reshaped-2');
    const second = await EngineProcess.start({ data, topology, partitions: 1 });
    await send(second, AFTER, now);
    const { topology: compiled } = (await import(topology)) as { topology: CompiledTopology };
    const driver = new TopologyTestDriver(compiled, { now: HOUR });
    for (const sent of [...BEFORE, ...AFTER]) driver.send(sent.stream, now(sent));
    for (const view of VIEWS) {
      const expected = driver
        .view(view)
        .rows()
        .map(([, value]) => withoutOffset(value));
      expect([view, await valuesOf(second, view)]).toEqual([view, expected]);
    }
    await expect.poll(() => valuesOf(second, 'later'), { timeout: 10_000 }).toHaveLength(4);
    const later = (await valuesOf(second, 'later')) as { value: number }[];
    expect(later.map(({ value }) => value)).toEqual([5, 7, 9, 1]);
    const asked = (await valuesOf(second, 'asked')) as { value: number }[];
    expect(asked.map(({ value }) => value).sort((a, b) => a - b)).toEqual([101, 505, 707, 909]);
    expect(await valuesOf(second, 'dead-letters')).toEqual([]);
    await second.kill();

    const third = await EngineProcess.start({ data, topology, partitions: 1 });
    expect(await valuesOf(third, 'greatest')).toEqual(
      driver
        .view('greatest')
        .rows()
        .map(([, value]) => value),
    );
    expect((await third.stop()).code).toBe(0);
  });
});
