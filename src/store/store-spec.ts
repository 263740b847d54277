/** What makes a value of one version a value of the next, by the version that it takes. */
export type Upcasters = ReadonlyMap<number, (value: never) => unknown>;

/** What the events of a stream look like that a store holds. */
export interface EventForm {
  readonly stream: string;
  readonly version: number;
  /** JSON Schema. */
  readonly schema: unknown;
}

/** How an operator lays out what it keeps, in words, by what there is to say of it. */
export type StoreLayout = Readonly<Record<string, string>>;

/** State of one operator. `id` is dense, from 0; ids from FIRST_SYSTEM_STORE_ID on are the engine's own. */
export interface StoreSpec {
  readonly id: number;
  readonly name: string;
  /** Whether the store is scanned in key order. */
  readonly isOrdered: boolean;
  /** Whether a row bears a time beside its value. */
  readonly isTimed?: boolean;
  /** Version of the values that are written, 1 to 255; values of earlier ones are read through the upcasters. */
  readonly version?: number;
  readonly upcasters?: Upcasters;
  /** What is known of the events that are in its values. */
  readonly events?: readonly EventForm[];
  /** What is in the store can be read where all that both say is the same. */
  readonly layout?: StoreLayout;
}

export const FIRST_SYSTEM_STORE_ID = 0xff00;
/** Row counts of all stores, one row each. */
export const SIZES_STORE_ID = 0xff01;
/** Member names of the values of each store, so that a value need not repeat them. */
export const SHAPES_STORE_ID = 0xff02;
export const PRODUCERS_STORE_ID = 0xff03;
export const DEDUPE_STORE_ID = 0xff04;
/** A few numbers of each store, one row each. */
export const REGISTERS_STORE_ID = 0xff05;
/** Records on their way to other partitions. */
export const OUTBOX_STORE_ID = 0xff06;
/** What the checkpoint says of itself; holds the one row that is never deleted. */
export const META_STORE_ID = 0xffff;
