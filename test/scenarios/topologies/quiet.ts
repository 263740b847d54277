import { defineTopology, Type, tumbling } from 'moka';

const Scan = Type.Object({ door: Type.String() });

/** Windows that the clock closes, and rows that it tells. */
export const topology = defineTopology('quiet', (t) => {
  const scans = t.stream('scans', { schema: Scan, key: 'door', guarantee: 'at-least-once' }).groupByKey();
  scans
    .window(tumbling({ size: '2s', time: 'processing' }))
    .count('visitors', { emit: 'final' })
    .toStream()
    .toJournal('visitors', { keep: 1000 });
  scans.count('so-far').suppress('now-and-then', { every: '1s' }).toStream().toJournal('told', { keep: 1000 });
});
