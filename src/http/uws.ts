import type * as uws from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { MokaError } from '../base/errors.ts';

export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
/** The types call the listen option an enum of its own; the module has it as a plain member. */
export type Uws = typeof uws & { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number };

/**
 * The one place that loads uWebSockets.js. Its package holds a loader only; the binary is another package, named after
 * platform, processor and Node's major version. Only what the binaries 20.51.4 and 20.69.0 share may be used: in the
 * newer one, for example, a WebSocket's remote address is empty; the response of its upgrade still has it.
 *
 * @throws MokaError ERR_NATIVE_MISSING naming what was looked for and what would do
 */
export function loadUws(load: (name: string) => unknown = createRequire(import.meta.url)): Uws {
  try {
    return load('uWebSockets.js') as Uws;
  } catch (cause) {
    throw new MokaError('ERR_NATIVE_MISSING', missingBinary(cause), { cause });
  }
}

function missingBinary(cause: unknown): string {
  const major = process.versions.node.split('.')[0];
  const wanted = `@uwsjs/${process.platform}-${process.arch}-${major}`;
  return (
    `uWebSockets.js has no binary that loads here: package=${wanted} node=${process.versions.node} ` +
    `glibc=${glibcVersion()}${reasonOf(String(cause), wanted)}; ` +
    'Node 20 runs with glibc >= 2.28, Node 22, 24 and 26 with glibc >= 2.38, Node 22 also with 2.28 where ' +
    'package.json has "overrides": {"@uwsjs/linux-x64-22": "20.51.4"} (musl is not supported)'
  );
}

function reasonOf(cause: string, wanted: string): string {
  const needed = /GLIBC_[0-9.]+/.exec(cause)?.[0];
  if (needed !== undefined) return ` needed=${needed}`;
  // npm leaves out the binaries of other Nodes than the one it runs on
  if (cause.includes(`Cannot find module '${wanted}'`)) return ' installed=no (npm ci with this Node installs it)';
  return '';
}

function glibcVersion(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ?? 'none';
}
