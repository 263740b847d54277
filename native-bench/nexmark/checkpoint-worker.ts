import { workerData } from 'node:worker_threads';
import { type CheckpointThreadOptions, runCheckpointThread } from '../../src/store/checkpoint-thread.ts';

/** The thread that writes the checkpoints of a durable run. */
await runCheckpointThread(workerData as CheckpointThreadOptions);
