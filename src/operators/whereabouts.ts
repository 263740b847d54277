// data plane

/** What a partition is in the middle of. A unit is done as a whole or not at all. */
export const AT_NOTHING = 0;
export const AT_EVENT = 1;
/** A change that another partition sent. */
export const AT_MOVED = 2;
/** What the outside answered. */
export const AT_ANSWER = 3;
export const AT_LOG_TIMER = 4;
export const AT_EVENT_TIMER = 5;
/** The outside is being asked; nothing is done to the state meanwhile. */
export const AT_QUESTION = 6;

/** Nobody's code is running. */
export const NO_OPERATOR = 0;
/** The function of a stream that says how far its event time has come. Nodes are numbered from 1. */
export const WATERMARK_FUNCTION = -1;

/** In the place of an operator's number: what brings up to date what it has kept. A row is read before its function runs. */
export function upcasterOf(operator: number): number {
  return -1 - operator;
}

/** @returns number of the operator whose upcaster that is; 0: it is none */
export function operatorOfUpcaster(code: number): number {
  return code < WATERMARK_FUNCTION ? -1 - code : NO_OPERATOR;
}

/** Of a longer key these many UTF-16 units are told. */
export const TOLD_KEY_LENGTH = 1024;

/**
 * What a partition's thread is in the middle of, for who finds that it does not go on. The thread writes plain words, a
 * store each, and never reads them; another one reads them when they have not changed for a long time.
 *
 * ```
 *   0      4          8           12      16    20     24       28          32         36       40
 *   +------+----------+-----------+-------+-----+------+--------+-----------+----------+--------+
 *   | unit | operator | unitCount | place | low | high | finger | keyLength | released | row    |   int32
 *   +------+----------+-----------+-------+-----+------+--------+-----------+----------+ Length +
 *   | stopped         | examined        |                                                           int32 to 48
 *   +-----------------+--------+--------+------------+---------------------+
 *   | offset                   | number              | releasedTime        |                        float64
 *   +--------------------------+---------------------+---------------------+
 *   | key, then the released row, in UTF-16 |
 *   +---------------------------------------+
 * ```
 * | unit      | place            | low, high         | finger               | number                       | key         |
 * |-----------|------------------|-------------------|----------------------|------------------------------|-------------|
 * | event     | stream           | hash of the key   | of the value's bytes |                              |             |
 * | moved     | level            | source, –         |                      | sequence on its way          | its own     |
 * | answer    | look-up          |                   |                      | of the question              | its own     |
 * | question  | look-up          |                   |                      | its own                      | its own     |
 * | timer     | node it drives   |                   |                      | the time that it was due, ms | first taken |
 *
 * `operator` is that whose code is running. Within a unit something may be *released* for another key, which fails by
 * itself: the operator that does it, the row, and the row's time. `stopped` is written by who looks on: nothing of what was
 * under way may leave any more.
 *
 * Between units `examined` says which event is being looked at before it is one: it is the n-th of those in the intake ring
 * that were not given back, or, if negative, that of the log at offset -n - 1, whose identities are told.
 */
export class Whereabouts {
  readonly words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #key: Uint16Array;
  readonly #row: Uint16Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WHEREABOUTS_BYTES);
  }

  /** @param memory missing: nobody else looks */
  constructor(memory: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(WHEREABOUTS_BYTES)) {
    this.words = new Int32Array(memory);
    this.#numbers = new Float64Array(memory, NUMBERS_START, 3);
    this.#key = new Uint16Array(memory, KEY_START, TOLD_KEY_LENGTH);
    this.#row = new Uint16Array(memory, KEY_START + 2 * TOLD_KEY_LENGTH, TOLD_KEY_LENGTH);
  }

  // ------------------------------------------------------------------ the partition's thread

  /** Its key is not told: to write it out would cost as much as all the rest, and it can be looked up. */
  beginEvent(offset: number, stream: number, keyLow: number, keyHigh: number, finger: number): void {
    const { words } = this;
    words[PLACE] = stream;
    words[LOW] = keyLow;
    words[HIGH] = keyHigh;
    words[FINGER] = finger;
    words[KEY_LENGTH] = KEY_UNTOLD;
    this.#begin(AT_EVENT, offset);
  }

  beginMoved(offset: number, level: number, source: number, sequence: number, key: string): void {
    this.words[PLACE] = level;
    this.words[LOW] = source;
    this.#numbers[NUMBER] = sequence;
    this.#setKey(key);
    this.#begin(AT_MOVED, offset);
  }

  beginAnswer(offset: number, lookup: number, question: number, key: string): void {
    this.words[PLACE] = lookup;
    this.#numbers[NUMBER] = question;
    this.#setKey(key);
    this.#begin(AT_ANSWER, offset);
  }

  beginQuestion(offset: number, lookup: number, question: number, key: string): void {
    this.words[PLACE] = lookup;
    this.#numbers[NUMBER] = question;
    this.#setKey(key);
    this.#begin(AT_QUESTION, offset);
  }

  /** Which operator is driven, and for which key, is known a little later: `drive`, `take`. */
  beginTimer(offset: number, isByLogTime: boolean, due: number): void {
    this.words[PLACE] = 0;
    this.words[KEY_LENGTH] = KEY_UNKNOWN;
    this.#numbers[NUMBER] = due;
    this.#begin(isByLogTime ? AT_LOG_TIMER : AT_EVENT_TIMER, offset);
  }

  /** @param operator number of the node that time moves */
  drive(operator: number): void {
    this.words[PLACE] = operator;
  }

  /** The key at hand is another one; that of a timer is the first that is told. */
  take(key: string): void {
    if (this.words[KEY_LENGTH] === KEY_UNKNOWN && key !== '') this.#setKey(key);
  }

  /** What comes now can fail by itself. @param operator number of the node that lets it go */
  beginRelease(operator: number, row: string, time: number): void {
    this.#numbers[RELEASED_TIME] = time;
    this.words[ROW_LENGTH] = write(row, this.#row);
    this.words[RELEASED] = operator;
  }

  endRelease(): void {
    this.words[RELEASED] = NO_OPERATOR;
  }

  end(): void {
    this.words[UNIT] = AT_NOTHING;
  }

  /**
   * Asked before anything is made durable, so that nothing leaves after `stop`. No unit is at hand. The fence between the
   * store and the load pairs with that of `stop`: either the unit is seen to be over there, or the stop is seen here.
   */
  get mayGoOn(): boolean {
    Atomics.store(this.words, UNIT, AT_NOTHING);
    return Atomics.load(this.words, STOPPED) === 0;
  }

  #begin(unit: number, offset: number): void {
    const { words } = this;
    this.#numbers[OFFSET] = offset;
    words[OPERATOR] = NO_OPERATOR;
    words[RELEASED] = NO_OPERATOR;
    words[UNIT_COUNT] = (words[UNIT_COUNT] as number) + 1;
    words[UNIT] = unit;
  }

  #setKey(key: string): void {
    this.words[KEY_LENGTH] = write(key, this.#key);
  }

  // ------------------------------------------------------------------ who looks on

  /** One of AT_…. */
  get unit(): number {
    return Atomics.load(this.words, UNIT);
  }

  /** Another number for every unit. */
  get unitCount(): number {
    return Atomics.load(this.words, UNIT_COUNT);
  }

  /** Whether code of a user may be running. */
  get isBusy(): boolean {
    return this.unit !== AT_NOTHING || this.examined !== 0 || operatorOfUpcaster(this.operator) !== NO_OPERATOR;
  }

  /** Number of the operator whose code is running. */
  get operator(): number {
    return Atomics.load(this.words, OPERATOR);
  }

  /** What is looked at before it is a unit; 0: nothing is. */
  get examined(): number {
    return Atomics.load(this.words, EXAMINED);
  }

  get place(): number {
    return this.words[PLACE] as number;
  }

  get low(): number {
    return (this.words[LOW] as number) >>> 0;
  }

  get high(): number {
    return (this.words[HIGH] as number) >>> 0;
  }

  get finger(): number {
    return (this.words[FINGER] as number) >>> 0;
  }

  get offset(): number {
    return this.#numbers[OFFSET] as number;
  }

  get number(): number {
    return this.#numbers[NUMBER] as number;
  }

  /** null: that of an event, or the timer has not said. */
  get key(): string | null {
    const length = this.words[KEY_LENGTH] as number;
    return length < 0 ? null : read(this.#key, length);
  }

  /** Number of the operator that releases something. */
  get released(): number {
    return this.words[RELEASED] as number;
  }

  get releasedRow(): string {
    return read(this.#row, this.words[ROW_LENGTH] as number);
  }

  get releasedTime(): number {
    return this.#numbers[RELEASED_TIME] as number;
  }

  /** From here on nothing that is not durable yet becomes so, whatever the thread still gets done. */
  stop(): void {
    Atomics.store(this.words, STOPPED, 1);
  }
}

const UNIT = 0;
/** Also written by `OperatorContext`. */
export const OPERATOR = 1;
const UNIT_COUNT = 2;
const PLACE = 3;
const LOW = 4;
const HIGH = 5;
const FINGER = 6;
const KEY_LENGTH = 7;
const RELEASED = 8;
const ROW_LENGTH = 9;
const STOPPED = 10;
/** Also written by who examines events. */
export const EXAMINED = 11;
const NUMBERS_START = 48;
const OFFSET = 0;
const NUMBER = 1;
const RELEASED_TIME = 2;
const KEY_START = 72;
const KEY_UNKNOWN = -1;
const KEY_UNTOLD = -2;
const WHEREABOUTS_BYTES = KEY_START + 4 * TOLD_KEY_LENGTH;

/** @returns how many units were written */
function write(text: string, units: Uint16Array): number {
  const length = Math.min(text.length, TOLD_KEY_LENGTH);
  for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
  return length;
}

function read(units: Uint16Array, length: number): string {
  return String.fromCharCode(...units.subarray(0, length));
}
