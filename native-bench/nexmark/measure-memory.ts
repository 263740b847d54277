// data plane
import { PRELUDE_STREAM } from './check.ts';
import { type Measure, ProcessCost, Stopwatch } from './measure.ts';
import { MemoryLane } from './memory-lane.ts';
import { type Auction, BID, type Bid, type Kind, type Person } from './model.ts';
import { type NexmarkQuery, topologyOf } from './query.ts';
import { sendRowsTo } from './sink.ts';
import { WARMUP_EVENTS, Workload, type WorkloadOptions } from './workload.ts';

/** Events that are made before they are processed: few enough to stay in the cache, enough to take the time of. */
const CHUNK_EVENTS = 500;
const CLOSING_MS = 60_000;

/** Without durability: generator and query by turns, on one thread. */
export const measureInMemory: Measure = async (query, workload) => {
  run(query, { ...workload, events: Math.min(workload.events, WARMUP_EVENTS) });
  return run(query, workload);
};

function run(query: NexmarkQuery, options: WorkloadOptions): Awaited<ReturnType<Measure>> {
  let rows = 0;
  sendRowsTo(() => {
    rows += 1;
  });
  const lane = new MemoryLane(topologyOf(query));
  const workload = new Workload(options);
  for (const { event } of query.prelude ?? []) lane.process(PRELUDE_STREAM, String(event['key']), event, 0, 0);
  const isByProcessingTime = query.isByProcessingTime === true;
  const kinds = new Array<Kind>(CHUNK_EVENTS).fill(BID);
  const events = new Array<Person | Auction | Bid | null>(CHUNK_EVENTS).fill(null);
  const sender = new Stopwatch();
  const cost = new ProcessCost();
  for (let left = workload.size; left > 0; ) {
    const count = Math.min(left, CHUNK_EVENTS);
    left -= count;
    sender.start();
    for (let i = 0; i < count; i++) {
      events[i] = workload.next();
      kinds[i] = workload.kind;
    }
    sender.stop();
    // At the end of the input time goes on: what is open by processing time closes too.
    const now = Date.now() + (workload.isTail ? CLOSING_MS : 0);
    for (let i = 0; i < count; i++) {
      const event = events[i] as Person | Auction | Bid;
      const kind = kinds[i] as Kind;
      const key = String(kind === BID ? (event as Bid).auction : (event as Auction).id);
      lane.process(kind, key, event, isByProcessingTime ? now : event.dateTime, now);
    }
  }
  const spent = cost.read();
  sendRowsTo(() => {});
  return {
    query: query.name,
    isDurable: false,
    density: options.density,
    events: workload.size,
    rows,
    ...spent,
    senderSeconds: sender.seconds,
    checkpoints: 0,
  };
}
