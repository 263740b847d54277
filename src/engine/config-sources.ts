import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { closestName } from '../base/closest-name.ts';
import { SETTINGS, type Setting } from './config-schema.ts';
import { duplicateMembers } from './duplicate-members.ts';

/** A value that somebody set, and where. */
export interface Assignment {
  readonly setting: Setting;
  readonly value: unknown;
  readonly source: string;
}

/** What a source says: the settings it knows, and a line for each thing in it that is none. */
export interface Assignments {
  readonly assignments: Assignment[];
  readonly mistakes: string[];
  /** Settings and sections of which it cannot be told what they should be; `EVERYTHING` if that is so of all. */
  readonly unclear: string[];
}

/** Stands for all settings: a file that cannot be read may say anything. */
export const EVERYTHING = '';

/** Variables that begin like ours and are not: test hooks, and what Kubernetes sets for a service named `moka`. */
const FOREIGN_VARIABLE = /^MOKA_(FAILPOINT|TEST_.*|SERVICE_.*|PORT|PORT_\d.*|.*_SEED)$/;

export function readFile(path: string): Assignments {
  const source = basename(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return unreadable(`file=${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return unreadable(`file=${path}: is not JSON: ${(error as Error).message}`);
  }
  const found = readObject(input, source, new Set(['$schema']));
  for (const member of duplicateMembers(text)) {
    found.mistakes.push(`${member} (${source}): stands there more than once; which of them is meant?`);
    found.unclear.push(member);
  }
  return found;
}

function unreadable(mistake: string): Assignments {
  return { assignments: [], mistakes: [mistake], unclear: [EVERYTHING] };
}

export function readObject(input: unknown, source: string, ignored: ReadonlySet<string> = new Set()): Assignments {
  if (!isRecord(input)) return unreadable(`${source}: must be an object of settings`);
  const found: Assignments = { assignments: [], mistakes: [], unclear: [] };
  collect(input, '', source, ignored, found);
  return found;
}

export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Assignments {
  const found: Assignments = { assignments: [], mistakes: [], unclear: [] };
  const byVariable = new Map([...SETTINGS.values()].map((setting) => [setting.variable, setting]));
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith('MOKA_')) continue;
    const setting = byVariable.get(name);
    if (setting) found.assignments.push({ setting, value: parseText(setting, text), source: name });
    else if (!FOREIGN_VARIABLE.test(name)) found.mistakes.push(unknown(name, 'environment', byVariable.keys()));
  }
  return found;
}

function collect(
  input: Record<string, unknown>,
  prefix: string,
  source: string,
  ignored: ReadonlySet<string>,
  found: Assignments,
): void {
  for (const [name, value] of Object.entries(input)) {
    const path = prefix + name;
    if (value === undefined || ignored.has(path)) continue;
    const setting = SETTINGS.get(path);
    if (setting) found.assignments.push({ setting, value, source });
    else if (!isSection(path)) found.mistakes.push(unknown(path, source, [...SETTINGS.keys(), ...sections()]));
    else if (isRecord(value)) collect(value, `${path}.`, source, ignored, found);
    else {
      found.mistakes.push(`${path}=${JSON.stringify(value)} (${source}): must be an object of settings`);
      found.unclear.push(path);
    }
  }
}

/** A text that does not read as the setting's type stays a text and fails the check as that. */
function parseText(setting: Setting, text: string): unknown {
  switch (setting.schema.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : text;
    case 'array':
      return text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
    default:
      return text;
  }
}

function unknown(name: string, source: string, candidates: Iterable<string>): string {
  const near = closestName(name, candidates);
  return `${name} (${source}): no such setting${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function sections(): Set<string> {
  return new Set([...SETTINGS.keys()].filter((path) => path.includes('.')).map((path) => path.split('.')[0] as string));
}

function isSection(path: string): boolean {
  return sections().has(path);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
