import { CODEC_JSON, CODEC_MSGPACK } from '../record/layout.ts';

/** A media type that is none of the intake's. */
export const NO_CODEC = -1;

const EVENT_CODECS: ReadonlyMap<string, number> = new Map([
  ['application/json', CODEC_JSON],
  ['application/msgpack', CODEC_MSGPACK],
  ['application/vnd.msgpack', CODEC_MSGPACK],
  ['application/x-msgpack', CODEC_MSGPACK],
]);
const BATCH_TYPES: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

/** The codec of a body with one event. */
export function eventCodecOf(contentType: string): number {
  if (contentType === 'application/json') return CODEC_JSON;
  const type = plainType(contentType);
  return type === null ? NO_CODEC : (EVENT_CODECS.get(type) ?? NO_CODEC);
}

export function isBatchType(contentType: string): boolean {
  const type = plainType(contentType);
  return type !== null && BATCH_TYPES.has(type);
}

/** The type in lower case; null if its charset is anything but UTF-8. */
function plainType(contentType: string): string | null {
  const [type, ...parameters] = contentType.toLowerCase().split(';');
  for (const parameter of parameters) {
    const [name, value] = parameter.split('=');
    if (name?.trim() === 'charset' && value?.trim().replaceAll('"', '') !== 'utf-8') return null;
  }
  return (type as string).trim();
}
