/** What `describe()` tells about a topology; plain data under `JSON.stringify`. */
export interface StreamDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly key: string;
  readonly partitionedBy: string;
  readonly guarantee: string;
  readonly durability: string;
  readonly identities: readonly string[];
  readonly eventTime: string;
}

export interface OperatorDescription {
  readonly name: string;
  readonly kind: string;
  readonly isStateful: boolean;
  /** `<operator>` or `<operator>.<output>` of what flows in. */
  readonly inputs: readonly string[];
  readonly stores: readonly string[];
}

export interface StoreDescription {
  readonly name: string;
  readonly owner: string;
  readonly order: 'by key' | 'none';
}

export interface ViewDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly store: string;
  readonly key: string;
  readonly readFrom: 'the partition of the key' | 'all partitions';
}

export interface TopologyDescription {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly streams: readonly StreamDescription[];
  readonly operators: readonly OperatorDescription[];
  readonly stores: readonly StoreDescription[];
  readonly views: readonly ViewDescription[];
  toText(): string;
  toMermaid(): string;
}
