import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countTurns } from '../../../native-bench/canonical/turns.ts';
import { parseMetrics, sumOf } from '../../../native-bench/run/metrics-reader.ts';

let short = 0;
let long = 0;
let checkpoints = 0;

function exposition(): string {
  return `# HELP moka_turn_seconds How long one turn of the partition held its thread.
# TYPE moka_turn_seconds histogram
moka_turn_seconds_bucket{partition="0",le="0.016384"} ${short}
moka_turn_seconds_bucket{partition="0",le="0.065536"} ${short + long}
moka_turn_seconds_count{partition="0"} ${short + long}
moka_turn_seconds_bucket{partition="1",le="0.016384"} 7
moka_turn_seconds_count{partition="1"} 7
moka_checkpoints_total{partition="0",outcome="committed"} ${checkpoints}
moka_checkpoints_total{partition="0",outcome="abandoned"} 9
process_open_fds 31
`;
}

const server = createServer((_, response) => response.end(exposition()));

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.close();
});

it('sums the samples of one name, by their labels', () => {
  const samples = parseMetrics(exposition());
  expect(sumOf(samples, 'moka_turn_seconds_count')).toBe(7);
  expect(sumOf(samples, 'moka_checkpoints_total', 'outcome="abandoned"')).toBe(9);
  expect(sumOf(samples, 'process_open_fds')).toBe(31);
  expect(sumOf(samples, 'moka_turn_seconds')).toBe(0);
});

it('counts the turns of the load alone, and the long ones', async () => {
  short = 10;
  long = 1;
  checkpoints = 2;
  const { port } = server.address() as AddressInfo;
  const result = await countTurns(`http://127.0.0.1:${port}`, async () => {
    short += 100;
    long += 3;
    checkpoints += 4;
    return 5000;
  });
  expect(result).toEqual({ eventsPerSecond: 5000, checkpoints: 4, turns: 103, longTurns: 3 });
});
