import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A source file, by its path from the root of the project. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** What it imports, as written. */
  readonly specifiers: readonly string[];
  /** The files of the project that it imports, by path from the root. */
  readonly imports: readonly string[];
  /** Those, and the files it names to be loaded elsewhere: threads, topologies. */
  readonly references: readonly string[];
}

/** Every file below a directory of the project, by path from the root; nothing if there is no such directory. */
export function filesBelow(directory: string): string[] {
  const absolute = join(ROOT, directory);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

export function sourceFilesBelow(directory: string): SourceFile[] {
  return filesBelow(directory)
    .filter((path) => /\.c?ts$/.test(path))
    .map(readSource);
}

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\()'([^'\s]+)'/g;
/** `new URL('./worker-entry.js', import.meta.url)`: how a module for a thread is named, as it is called once compiled. */
const NAMED_MODULE = /new URL\(\s*'(\.{1,2}\/[^']+)\.(?:ts|js)'/g;

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  const specifiers = [...code.matchAll(IMPORT)].map((match) => match[1] as string);
  const named = [...code.matchAll(NAMED_MODULE)].map((match) => `${match[1]}.ts`);
  const imports = existing(
    path,
    specifiers.filter((name) => name.startsWith('.')),
  );
  return { path, text, specifiers, imports, references: [...imports, ...existing(path, named)] };
}

function existing(from: string, names: readonly string[]): string[] {
  return names
    .map((name) => relative(ROOT, resolve(ROOT, dirname(from), name)))
    .filter((name) => existsSync(join(ROOT, name)));
}

/** Good enough for imports: a comment marker inside a string would hide the rest of its line only. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
