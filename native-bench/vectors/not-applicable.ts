/** Thrown for a vector that cannot be held against moka; the message says why, and is shown. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** The operator will be there one day. */
export function notBuiltYet(what: string): NotApplicable {
  return new NotApplicable(`not built yet: ${what}`);
}

/** A rule in words that nobody here has read before. */
export function unknownWords(what: string, words: unknown): NotApplicable {
  return new NotApplicable(`words not understood: ${what} ${JSON.stringify(words)}`);
}
