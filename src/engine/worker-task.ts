import type { MessagePort } from 'node:worker_threads';
import type { EngineConfig } from './config.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { PastHangs } from './past-hangs.ts';
import type { TopologyModule } from './topology-loader.ts';

/** What a worker thread is started with. Piscina holds the thread; the task ends when the engine closes. */
export type WorkerTask = LanesTask | CheckpointTask;

export interface LanesTask {
  readonly kind: 'lanes';
  readonly name: string;
  readonly dataDir: string;
  readonly config: EngineConfig;
  readonly topology: TopologyModule;
  readonly fingerprint: string;
  readonly loggedFingerprint: string | null;
  /** By partition, the last offset that another topology has written; empty if none has. */
  readonly loggedSince: readonly number[];
  readonly routingSecret: Uint8Array;
  readonly identitySecret: Uint8Array;
  readonly lanes: readonly LaneMemory[];
  /** What did not return in an earlier life, of each of them. */
  readonly pastHangs: readonly PastHangs[];
  /** Those of all workers, by partition. */
  readonly allLanes: readonly LaneMemory[];
  /** By partition, int32: how many levels of what moves between partitions it has done with, while all drain. */
  readonly drained: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly mainBell: SharedArrayBuffer;
  readonly checkpointBell: SharedArrayBuffer;
  readonly failure: SharedArrayBuffer;
  readonly heartbeat: SharedArrayBuffer;
  readonly heartbeatIndex: number;
  /** Control and reports; one query port per lane. */
  /** Memory of the `SharedClock` that log time goes by; null: the system's. */
  readonly clock: SharedArrayBuffer | null;
  readonly port: MessagePort;
  readonly queryPorts: readonly MessagePort[];
}

export interface CheckpointTask {
  readonly kind: 'checkpoints';
  readonly dataDir: string;
  /** Log that a partition may keep; what is beyond it waits for a copy of its environment. */
  readonly retentionBytes: number;
  /** Into one environment. */
  readonly maxCommits: number;
  readonly lanes: readonly LaneMemory[];
  readonly bell: SharedArrayBuffer;
  readonly stop: SharedArrayBuffer;
  readonly failure: SharedArrayBuffer;
  readonly heartbeat: SharedArrayBuffer;
  readonly heartbeatIndex: number;
  readonly port: MessagePort;
}

/**
 * Main thread to worker. `abandon`: end at once, as in a crash; a partition that does not open would be waited for.
 * `profile`: say what the thread's CPU goes into.
 */
export type ControlMessage =
  | { readonly kind: 'start' | 'drain' | 'checkpoint' | 'abandon' }
  | { readonly kind: 'profile'; readonly durationMs: number };

/**
 * Worker to main thread: something for the log of the process. `recovered`: its partitions are as they were, and wait for
 * `start`. `open`: they take events.
 */
export interface ReportMessage {
  readonly kind: 'report' | 'recovered' | 'open';
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** Worker to main thread: what was asked for with `profile`, as JSON, or why there is none. */
export interface ProfileMessage {
  readonly kind: 'profile';
  readonly profile: string | null;
  readonly failure: string;
}

export type WorkerMessage = ReportMessage | ProfileMessage;
