import { assert } from '../base/assert.ts';
import { LEVEL_DURABLE, LEVEL_WRITTEN } from '../record/intake-message.ts';
import { CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD } from '../record/layout.ts';
import type { ValueDecoder } from '../record/value-codec.ts';
import { createValueDecoder } from '../record/value-codec.ts';
import type { CompiledTopology, StreamSpec } from '../topology/compiled.ts';
import { laneStoreId } from './lane-stores.ts';

/** What a lane needs of one stream, resolved once. */
export interface StreamRuntime {
  readonly spec: StreamSpec;
  /** By codec number. */
  readonly decoders: readonly ValueDecoder[];
  readonly keyField: string;
  readonly eventTimeField: string | null;
  readonly isDeduplicating: boolean;
  /** The level at which its acks leave, unless they left on receipt. */
  readonly ackLevel: number;
  /** Stores whose rows are fetched ahead by the event's key. */
  readonly keyedStores: readonly number[];
}

const CODECS = [CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD] as const;

export function streamRuntimes(topology: CompiledTopology): StreamRuntime[] {
  return topology.streams.map((spec, index) => {
    assert(spec.id === index, `stream id=${spec.id} expected=${index}`);
    return {
      spec,
      decoders: CODECS.map((codec) => createValueDecoder(codec, spec.schema)),
      keyField: spec.keyField,
      eventTimeField: spec.eventTimeField,
      isDeduplicating: spec.guarantee === 'exactly-once',
      ackLevel: spec.durability === 'os' ? LEVEL_WRITTEN : LEVEL_DURABLE,
      keyedStores: (topology.keyedStores[index] as readonly number[]).map(laneStoreId),
    };
  });
}
