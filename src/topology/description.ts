export interface StreamDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly key: string;
  readonly partitionedBy: string;
  readonly guarantee: string;
  /** How far an event has come when it is acknowledged. */
  readonly ackLevel: 'received' | 'written' | 'durable';
  readonly identities: readonly string[];
  readonly eventTime: string;
}

export interface OperatorDescription {
  readonly name: string;
  readonly kind: string;
  readonly emits: 'stream' | 'table' | 'nothing';
  /** References to what flows in: `stream:<name>`, `operator:<name>`, `operator:<name>.<way>`. */
  readonly inputs: readonly string[];
  readonly stores: readonly string[];
  /** Its changes go on in other partitions: how many hops between partitions an event has then been through. 0: none. */
  readonly hopLevel: number;
  /** Its events wait for the outside, which may be asked again about the same event; the event goes on once. */
  readonly asks?: 'the outside, at least once';
  /** Its events wait until event time is past them by so much, in ms, and go on in the order in which they happened. */
  readonly graceMs?: number;
}

export interface StoreDescription {
  readonly name: string;
  /** Reference to the only writer. */
  readonly owner: string;
  readonly order: 'by key' | 'none';
}

export interface ViewDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly input: string;
  readonly store: string;
  readonly key: 'the key of the table' | 'its own';
  /** Where a row is looked for. */
  readonly readFrom: 'the partition of the key' | 'all partitions';
}

export interface DescribedTopology {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly streams: readonly StreamDescription[];
  readonly operators: readonly OperatorDescription[];
  readonly stores: readonly StoreDescription[];
  readonly views: readonly ViewDescription[];
}

/** What `describe()` tells: plain data under `JSON.stringify`, and two ways to show it to a person. */
export interface TopologyDescription extends DescribedTopology {
  toText(): string;
  /** A Mermaid flowchart. */
  toMermaid(): string;
}
