import type { EventOrigin } from './operator.ts';

/** What a look-up is told besides the event. */
export interface LookupContext {
  readonly key: string;
  readonly partition: number;
  /** When the event happened, in ms. */
  readonly eventTime: number;
  /** The same each time this question is asked, also after a restart: for who must know what was asked before. */
  readonly id: string;
  /** 1 at first. After a restart the counting begins anew. */
  readonly attempt: number;
  /** Aborted when the answer is waited for no longer: its time is over, or the engine ends. */
  readonly signal: AbortSignal;
}

/** Why there is no answer, after the last attempt. */
export interface LookupFailure {
  readonly attempts: number;
  /** Whether the last attempt was given up because its time was over. */
  readonly isTimeout: boolean;
  /** What the last attempt failed of: its message, then those of the causes. */
  readonly errors: readonly string[];
}

/** How the outside is asked. Nothing of this reaches the log, so it may be another at each start. */
export interface LookupRule {
  readonly lookup: (event: unknown, context: LookupContext) => unknown;
  /** @returns why a result cannot be taken; null if it can */
  readonly complaintAbout: (result: unknown) => string | null;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  readonly backoffMs: number;
  /** Questions that are out at once, in one partition. */
  readonly concurrency: number;
  /** Questions that may be pending in one partition before what makes more of them is held back. */
  readonly maxPending: number;
}

/** An event that waits for its answer. */
export interface Question {
  /** Of its operator in its partition, counted from 0. */
  readonly number: number;
  readonly key: string;
  readonly event: unknown;
  /** Event time in ms. */
  readonly time: number;
  /** Offset that it came up at: it may be asked when that is durable. */
  readonly offset: number;
  readonly origin: EventOrigin;
  /** Why the event, of an earlier version, could not be brought up to date; it goes nowhere then. */
  readonly unreadable?: string | undefined;
}

/** What an answer is in the log; a result is of no account if there is a failure. */
export type Answer = readonly [number: number, result: unknown, failure?: LookupFailure];

/**
 * An operator whose events wait for answers from outside. The questions are its state and the answers come out of the log,
 * each once: who asks, and how often, is not its business.
 */
export interface AskingOperator {
  readonly name: string;
  readonly rule: LookupRule;
  /** Number of the question that comes up next. */
  readonly nextNumber: number;
  readonly pendingCount: number;
  /** @returns null if it is not pending */
  question(number: number): Question | null;
  /** Those pending from this number on, in their order, at most `limit`. */
  questionsFrom(number: number, limit: number): Question[];
  /** Has the event go on with what was answered; nothing happens if it does not wait any more. */
  answer(answer: Answer): void;
  /** The event went nowhere with its answer, and was undone: it waits no more. */
  drop(number: number): void;
}
