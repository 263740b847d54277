/** A broken invariant: a bug in moka, never a fault of input or environment. The process ends; recovery is fast. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(claim: boolean, message: string): asserts claim {
  if (!claim) throw new AssertionError(message);
}

/** For a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value=${String(value)}`);
}
