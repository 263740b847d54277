import { describe, expect, it } from 'vitest';
import { eventCodecOf, isBatchType, NO_CODEC } from '../../src/ingress/media-type.ts';
import { CODEC_JSON, CODEC_MSGPACK } from '../../src/record/layout.ts';

describe('eventCodecOf', () => {
  it('knows JSON and msgpack, in any case and with UTF-8', () => {
    expect(eventCodecOf('application/json')).toBe(CODEC_JSON);
    expect(eventCodecOf('Application/JSON; charset="UTF-8"')).toBe(CODEC_JSON);
    expect(eventCodecOf('application/json ; boundary=x')).toBe(CODEC_JSON);
    expect(eventCodecOf('application/msgpack')).toBe(CODEC_MSGPACK);
  });

  it('knows nothing else', () => {
    for (const type of [
      '',
      'text/json',
      'application/json; charset=latin1',
      'application/x-ndjson',
      'application/jsonx',
    ]) {
      expect(eventCodecOf(type)).toBe(NO_CODEC);
    }
  });
});

describe('isBatchType', () => {
  it('knows NDJSON by its names', () => {
    expect(isBatchType('application/x-ndjson')).toBe(true);
    expect(isBatchType('application/ndjson; charset=utf-8')).toBe(true);
    expect(isBatchType('application/json')).toBe(false);
    expect(isBatchType('')).toBe(false);
  });
});
