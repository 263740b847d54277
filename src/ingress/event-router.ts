// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { type KeyedHash, partitionOf } from '../base/hash.ts';
import { MAX_KEY_BYTES } from '../base/limits.ts';
import { KeyScanner } from '../record/key-scanner.ts';
import { CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD } from '../record/layout.ts';
import { MsgpackKeyScanner } from '../record/msgpack-key-scanner.ts';
import { SCAN_OK, SCAN_TOO_DEEP } from '../record/scan-result.ts';
import { type Codec, createValueDecoder, type ValueDecoder } from '../record/value-codec.ts';
import type { StreamSpec } from '../topology/compiled.ts';

/**
 * Finds the partition of an event: the key's bytes, not the parsed value. Only a body whose key cannot be seen so (an
 * escape in it, or no key at all) is decoded, to learn the key or to say exactly what is wrong with it.
 */
export class EventRouter {
  // of the last event
  keyLow = 0;
  keyHigh = 0;
  partition = 0;
  /** After a `false`: the catalogue number and the words for the client. */
  errorId = 0;
  detail = '';

  readonly #spec: StreamSpec;
  readonly #hash: KeyedHash;
  readonly #partitionCount: number;
  readonly #json: KeyScanner;
  readonly #msgpack: MsgpackKeyScanner;
  readonly #decoders = new Map<number, ValueDecoder>();

  constructor(spec: StreamSpec, hash: KeyedHash, partitionCount: number) {
    this.#spec = spec;
    this.#hash = hash;
    this.#partitionCount = partitionCount;
    this.#json = new KeyScanner(spec.keyField);
    this.#msgpack = new MsgpackKeyScanner(spec.keyField, spec.fields.indexOf(spec.keyField));
  }

  /** Whether events of this stream can come in this codec. */
  takes(codec: number): boolean {
    if (codec === CODEC_MSGPACK_RECORD) return this.#spec.fields.includes(this.#spec.keyField);
    return codec === CODEC_JSON || codec === CODEC_MSGPACK;
  }

  /**
   * @param codec one that the stream takes.
   * @returns whether the event has a partition; else `errorId` says why not
   */
  route(bytes: Uint8Array, start: number, end: number, codec: number): boolean {
    if (codec === CODEC_JSON) {
      const scanner = this.#json;
      const result = scanner.scan(bytes, start, end);
      if (result !== SCAN_OK) return this.#routeDecoded(bytes, start, end, codec, result);
      return this.#routeKey(bytes, scanner.keyStart, scanner.keyEnd);
    }
    const scanner = this.#msgpack;
    const result = codec === CODEC_MSGPACK ? scanner.scanMap(bytes, start, end) : scanner.scanRecord(bytes, start, end);
    if (result !== SCAN_OK) return this.#routeDecoded(bytes, start, end, codec, result);
    if (scanner.isNumber) return this.#routeText(String(scanner.keyNumber));
    return this.#routeKey(bytes, scanner.keyStart, scanner.keyEnd);
  }

  #routeKey(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length === 0 || length > MAX_KEY_BYTES) return this.#refuseKey();
    const hash = this.#hash;
    hash.hashBytes(bytes, start, end);
    this.keyLow = hash.low;
    this.keyHigh = hash.high;
    this.partition = partitionOf(hash.low, hash.high, this.#partitionCount);
    return true;
  }

  #routeDecoded(bytes: Uint8Array, start: number, end: number, codec: number, result: number): boolean {
    const spec = this.#spec;
    if (start === end) return this.#refuse(ERRORS.ERR_EVENT_EMPTY.id, 'event bytes=0');
    let value: unknown;
    try {
      value = this.#decoder(codec).decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end);
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      return this.#refuse(ERRORS[error.code].id, error.message);
    }
    if (result === SCAN_TOO_DEEP) return this.#refuse(ERRORS.ERR_EVENT_TOO_DEEP.id, 'event nested too deeply');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.#refuse(ERRORS.ERR_EVENT_SCHEMA.id, JSON.stringify([{ pointer: '', detail: 'must be object' }]));
    }
    const key = (value as Record<string, unknown>)[spec.keyField];
    if (key === undefined) return this.#refuse(ERRORS.ERR_EVENT_KEY_MISSING.id, `key member=${spec.keyField} missing`);
    const isKey = typeof key === 'string' ? key !== '' && key.isWellFormed() : Number.isSafeInteger(key);
    const text = String(key);
    if (!isKey || Buffer.byteLength(text) > MAX_KEY_BYTES) return this.#refuseKey();
    return this.#routeText(text);
  }

  #routeText(key: string): boolean {
    const hash = this.#hash;
    hash.hashString(key);
    this.keyLow = hash.low;
    this.keyHigh = hash.high;
    this.partition = partitionOf(hash.low, hash.high, this.#partitionCount);
    return true;
  }

  #decoder(codec: number): ValueDecoder {
    let decoder = this.#decoders.get(codec);
    if (decoder === undefined) {
      decoder = createValueDecoder(codec as Codec, this.#spec.schema);
      this.#decoders.set(codec, decoder);
    }
    return decoder;
  }

  #refuseKey(): boolean {
    return this.#refuse(
      ERRORS.ERR_EVENT_KEY_INVALID.id,
      `key member=${this.#spec.keyField} must be a string of 1 to ${MAX_KEY_BYTES} bytes or an integer`,
    );
  }

  #refuse(errorId: number, detail: string): boolean {
    this.errorId = errorId;
    this.detail = detail;
    return false;
  }
}
