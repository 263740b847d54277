import type { HttpMethod } from './server.ts';

/**
 * Which patterns exist, for the requests that no route took: says whether a path is known under another method.
 * The native router has matched everything else before; this is not on the path of a good request.
 */
export class RouteTable {
  readonly #routes: { segments: readonly string[]; methods: Set<string>; isWebSocket: boolean }[] = [];

  add(method: HttpMethod, pattern: string): void {
    const methods = this.#entry(pattern).methods;
    methods.add(method.toUpperCase());
    if (method === 'get') methods.add('HEAD');
  }

  addWebSocket(pattern: string): void {
    const entry = this.#entry(pattern);
    entry.isWebSocket = true;
    entry.methods.add('GET');
  }

  /** Methods that the path knows, sorted; empty for an unknown path. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.#matching(path)) for (const method of route.methods) methods.add(method);
    return [...methods].sort();
  }

  isWebSocket(path: string): boolean {
    return this.#matching(path).some((route) => route.isWebSocket);
  }

  #entry(pattern: string): { methods: Set<string>; isWebSocket: boolean } {
    const segments = pattern.split('/');
    const known = this.#routes.find((route) => route.segments.join('/') === pattern);
    if (known !== undefined) return known;
    const added = { segments, methods: new Set<string>(), isWebSocket: false };
    this.#routes.push(added);
    return added;
  }

  #matching(path: string): { methods: Set<string>; isWebSocket: boolean }[] {
    const segments = path.split('/');
    return this.#routes.filter((route) => isMatch(route.segments, segments));
  }
}

function isMatch(pattern: readonly string[], path: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const expected = pattern[index];
    if (expected === '*') return path.length > index;
    const actual = path[index];
    if (actual === undefined) return false;
    if (expected?.startsWith(':') ? actual === '' : expected !== actual) return false;
  }
  return pattern.length === path.length;
}

/** Number of `:name` segments of a pattern. */
export function parameterCount(pattern: string): number {
  return pattern.split('/').filter((segment) => segment.startsWith(':')).length;
}
