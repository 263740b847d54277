import { MokaError } from '../base/errors.ts';
import { Check } from '../base/typebox.ts';
import { contradictionsOf } from './config-rules.ts';
import { type ConfigShape, SETTINGS, type Setting } from './config-schema.ts';
import { type Assignments, readEnvironment, readFile, readObject } from './config-sources.ts';

/** Every setting, present and allowed. Sizes are bytes; meanings and ranges stand in `config-schema.ts`. */
export interface EngineConfig extends ConfigShape {}

/** Any part of a configuration. */
export type ConfigInput = { readonly [K in keyof EngineConfig]?: PartOf<EngineConfig[K]> | undefined };
type PartOf<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: T[K] | undefined }
    : T;

/** Where settings come from; a later one wins: defaults, `file`, `env`, `flags`. */
export interface ConfigSources {
  /** Path of a JSON file. */
  readonly file?: string | undefined;
  /** Variables such as `MOKA_HTTP_PORT`; others are not looked at. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly flags?: ConfigInput | undefined;
}

/**
 * One complete configuration from all sources.
 *
 * @throws MokaError ERR_CONFIG_INVALID whose message has a line for every mistake: key, value, source, what is allowed
 */
export function resolveConfig(sources: ConfigSources = {}): EngineConfig {
  const found: Assignments[] = [];
  if (sources.file !== undefined) found.push(readFile(sources.file));
  if (sources.env !== undefined) found.push(readEnvironment(sources.env));
  if (sources.flags !== undefined) found.push(readObject(sources.flags, 'option'));

  const mistakes = found.flatMap((source) => source.mistakes);
  const unclear = new Set(found.flatMap((source) => source.unclear));
  const config = defaults();
  for (const { setting, value, source } of found.flatMap(({ assignments }) => assignments)) {
    if (Check(setting.schema, value)) assign(config, setting.path, value);
    else {
      mistakes.push(`${setting.path}=${shown(value)} (${source}): must be ${allowed(setting)}`);
      unclear.add(setting.path);
    }
  }
  const resolved = config as unknown as EngineConfig;
  const isWorkersGiven = found.some(({ assignments }) => assignments.some(({ setting }) => setting.path === 'workers'));
  // only the default gives way: who asks for more workers than partitions is told
  if (!isWorkersGiven && resolved.partitions > 0) resolved.workers = Math.min(resolved.workers, resolved.partitions);
  mistakes.push(...contradictionsOf(resolved, unclear));
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    throw new MokaError('ERR_CONFIG_INVALID', `configuration has ${count}:\n  ${mistakes.join('\n  ')}`);
  }
  return resolved;
}

/** What a setting may be, in words. */
export function allowed({ schema }: Setting): string {
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list of at most ${schema.maxItems} web origins such as https://shop.example`;
    default:
      return `a text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
  }
}

function defaults(): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const { path, schema } of SETTINGS.values()) assign(config, path, structuredClone(schema.default));
  return config;
}

function assign(config: Record<string, unknown>, path: string, value: unknown): void {
  const [first, second] = path.split('.') as [string, string?];
  if (second === undefined) config[first] = value;
  else config[first] = { ...(config[first] as object | undefined), [second]: value };
}

/** Long values are cut: a message is for reading. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 64 ? `${text.slice(0, 61)}...` : text;
}
