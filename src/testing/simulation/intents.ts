import type { SeededRandom } from '../seeded-random.ts';
import { POISON_DELTA, type SimEvent } from './sim-topology.ts';

/** What must become of an event that is sent. */
export type Fate = 'accepted' | 'invalid' | 'mismatch';

/** One thing the simulated client wants, with its identity; it is sent again until it is answered. */
export interface Intent {
  readonly index: number;
  readonly event: SimEvent;
  readonly bytes: Buffer;
  readonly fate: Fate;
  readonly idempotencyKey: string;
  /** Sequence of the client's one producer, -1 without. */
  readonly sequence: number;
  /** Offset from the ack; -1 while it has none. */
  offset: number;
  isAnswered: boolean;
}

const KEYS = 12;

/** Makes up what a client sends: most of it good, some of it broken, some of it the same identity with other content. */
export class IntentSource {
  readonly all: Intent[] = [];
  readonly #random: SeededRandom;
  #sequence = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Intent {
    const random = this.#random;
    const index = this.all.length;
    const earlier = index === 0 ? undefined : random.pick(this.all);
    let fate: Fate = 'accepted';
    const event: SimEvent = {
      key: `k${random.below(KEYS)}`,
      id: `i${index}`,
      kind: random.chance(0.1) ? 'drop' : 'add',
      delta: random.chance(0.03) ? POISON_DELTA : random.below(100),
      // Not quite in order, without a draw of its own.
      at: 1_763_600_000_000 + index * 3 - ((index * 7919) % 30),
    };
    if (random.chance(0.2)) event.padding = 'x'.repeat(random.below(random.chance(0.1) ? 4096 : 200));
    let bytes = Buffer.from(JSON.stringify(event));
    const isInvalid = random.chance(0.04);
    const isMismatch = random.chance(0.04);
    if (isInvalid) {
      fate = 'invalid';
      bytes = Buffer.from(JSON.stringify({ ...event, delta: 'many' }));
    } else if (earlier !== undefined && earlier.fate === 'accepted' && isMismatch) {
      fate = 'mismatch';
      bytes = Buffer.from(JSON.stringify({ ...earlier.event, delta: earlier.event.delta + 1 }));
    }
    const isProduced = fate === 'accepted' && random.chance(0.5);
    const intent: Intent = {
      index,
      event: fate === 'mismatch' ? (JSON.parse(bytes.toString()) as SimEvent) : event,
      bytes,
      fate,
      idempotencyKey: fate === 'accepted' && random.chance(0.3) ? `idem-${index}` : '',
      sequence: isProduced ? this.#sequence++ : -1,
      offset: -1,
      isAnswered: false,
    };
    this.all.push(intent);
    return intent;
  }
}
