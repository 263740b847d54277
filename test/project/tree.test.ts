import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT, sourceFilesBelow } from './source-tree.ts';

const TOP_LEVEL = [
  'Dockerfile',
  'LICENSE',
  'README.md',
  'config',
  'native-bench',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
];
/** Made by installing, building and running; none of it is kept. */
const MADE = ['node_modules', 'dist', 'data'];
const MAX_LINES = 500;

const OWN = ['src', 'test', 'native-bench', 'config'].flatMap(filesBelow);
const SOURCES = ['src', 'test', 'native-bench'].flatMap(sourceFilesBelow);

describe('the top level', () => {
  it('holds what it should and nothing else', () => {
    const names = readdirSync(ROOT).filter((name) => !name.startsWith('.') && !MADE.includes(name));
    expect(names.sort()).toEqual(TOP_LEVEL);
  });
});

describe('files', () => {
  it('have names in kebab case', () => {
    const names = SOURCES.map(({ path }) => path).filter(
      (path) => !/^[a-z0-9-]+(\/[a-z0-9-]+)*(\.[a-z]+)*$/.test(path),
    );
    expect(names).toEqual([]);
  });

  it('are not named for being left over', () => {
    const vague = /(^|\/)(utils?|helpers?|common|internals?|misc)(\/|\.ts$)|-impl\.ts$|-manager\.ts$|\/abstract-/;
    expect(OWN.filter((path) => vague.test(path))).toEqual([]);
  });

  it('are short enough to read', () => {
    expect(SOURCES.filter(({ text }) => text.split('\n').length > MAX_LINES).map(({ path }) => path)).toEqual([]);
  });

  it('of tests stand in a room that src has, or hold the project together', () => {
    const rooms = readdirSync(join(ROOT, 'src')).map((name) => name.replace(/\.c?ts$/, ''));
    const groups = readdirSync(join(ROOT, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const others = ['project', 'scenarios', 'crash', 'native-bench', 'types'];
    expect(groups.map(({ name }) => name).filter((name) => !rooms.includes(name) && !others.includes(name))).toEqual(
      [],
    );
  });
});

describe('words', () => {
  const texts = [...OWN, 'package.json', 'tsconfig.json', 'Dockerfile', 'README.md', '.ci/run', '.npmrc']
    .filter((path) => existsSync(join(ROOT, path)) && !/\.(png|ico|node|bin)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

  function linesWith(pattern: RegExp): string[] {
    return texts.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
  }

  it('leave nothing for later', () => {
    const marks = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'];
    expect(linesWith(new RegExp(`\\b(${marks.join('|')})\\b`))).toEqual([]);
  });

  it('name no directory of somebody’s machine and no package registry', () => {
    expect(linesWith(/(^|[\s'"`(=])\/(root|work|Users)\/|\/home\/[a-z]/)).toEqual([]);
    expect(linesWith(/https?:\/\/[a-z.-]*(npm|debian)[a-z.-]*\//)).toEqual([]);
  });
});
