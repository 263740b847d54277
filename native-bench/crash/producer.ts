import type { Random } from '../load/random.ts';
import type { Ledger, SentEvent, Violation } from './ledger.ts';
import type { Scenario } from './scenario.ts';

/** Where the engine takes orders at the moment; another port after every restart. */
export interface Target {
  host: string;
  port: number;
}

/**
 * A client that outlives the engine: it sends, notes what was acknowledged, and after a crash connects again and sends
 * once more, with the same identity and the same bytes, whatever it has no answer for, before anything new.
 */
export interface Producer {
  readonly name: string;
  /** Connects and goes on until `stop`, or until the engine is gone. */
  start(target: Target): void;
  /** Closes the connection; what is under way counts as unanswered. */
  stop(): void;
}

/** What every producer is given. */
export interface ProducerContext {
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly violation: (violation: Violation) => void;
}

/** Makes the next event of a producer and enters it in the ledger before it is sent. */
export function draftEvent(
  context: ProducerContext,
  producer: string,
  producerIndex: number,
  encode: (value: Record<string, unknown>) => Uint8Array,
): SentEvent {
  const { scenario, ledger, random } = context;
  const { key, value } = scenario.draft(producerIndex, random);
  const content = Buffer.from(encode(value)).toString('latin1');
  return ledger.add(producer, scenario.streamOf(producerIndex), key, content, value);
}

export function encodeJson(value: Record<string, unknown>): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
