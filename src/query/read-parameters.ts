import { closestName } from '../base/closest-name.ts';
import { MokaError } from '../base/errors.ts';
import type { RangeQuery } from './key-range.ts';

export const BOUNDS: readonly string[] = ['prefix', 'from', 'to', 'key'];
export const WATCH_PARAMETERS: readonly string[] = [...BOUNDS, 'resume'];

/**
 * The query parameters of a request, each at most once and none that means nothing here: a misspelt `limit` must not
 * pass for no limit.
 *
 * @throws MokaError ERR_VIEW_QUERY
 */
export function readParameters(parameters: URLSearchParams, allowed: readonly string[]): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (!allowed.includes(name)) throw unknownParameter(name, allowed);
    if (read.has(name)) throw new MokaError('ERR_VIEW_QUERY', `parameter given twice: name=${name}`);
    // The decoder puts this character in place of bytes that are no UTF-8.
    if (value.includes('\ufffd')) throw new MokaError('ERR_VIEW_QUERY', `parameter is not valid UTF-8: name=${name}`);
    read.set(name, value);
  }
  return read;
}

export function readBounds(parameters: ReadonlyMap<string, string>): RangeQuery {
  const [prefix, from, to, key] = BOUNDS.map((name) => parameters.get(name));
  return { prefix, from, to, key };
}

/** A whole number as a parameter; `undefined` if it was not given. @throws MokaError ERR_VIEW_QUERY */
export function readNumber(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new MokaError('ERR_VIEW_QUERY', `${name} is not a whole number`);
  return Number(text);
}

/** Percent-decoding of one piece of a path. @throws MokaError ERR_VIEW_QUERY */
export function decodePiece(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch (cause) {
    throw new MokaError('ERR_VIEW_QUERY', 'path has a malformed percent-escape', { cause });
  }
}

const MAX_ECHO_CHARACTERS = 64;

function unknownParameter(name: string, allowed: readonly string[]): MokaError {
  const meant = closestName(name, allowed);
  const hint = meant === undefined ? `known: ${allowed.join(', ')}` : `did you mean ${meant}`;
  return new MokaError('ERR_VIEW_QUERY', `no such parameter: name=${name.slice(0, MAX_ECHO_CHARACTERS)}; ${hint}`);
}
