import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parse } from 'yaml';
import { nearest } from '../shared/nearest.js';
import { ConfigError } from './config-error.js';
import { CONFIG_KEYS, type ConfigKey, environmentName, FILE_KEYS } from './server.config.js';
import { LAKEFS_NAMES, ServerConfig } from './server.config.js';

const DEFAULT_FILE = './moraine.yaml';
const FILE_VARIABLE = 'MORAINE_CONFIG';

export interface ConfigSources {
  /** By key; `config` names the file. */
  readonly flags: Readonly<Partial<Record<ConfigKey | 'config', string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface InForce {
  readonly config: ServerConfig;
  /** Where each value came from: `default`, a file's path, a variable, a flag. */
  readonly origins: Readonly<Record<ConfigKey, string>>;
  readonly warnings: readonly string[];
}

interface Found {
  readonly value: unknown;
  readonly origin: string;
}

/**
 * Reads what the process was told: the file under the environment under the flags.
 *
 * @throws ConfigError  one line a wrong or unknown key; the process must not start
 */
export function readConfig({ flags, environment }: ConfigSources): InForce {
  const faults: string[] = [];
  const found = new Map<ConfigKey, Found>();
  readFile(flags.config ?? environment[FILE_VARIABLE], found, faults);
  const warnings = readEnvironment(environment, found, faults);
  for (const key of CONFIG_KEYS) {
    const value = flags[key];
    if (value !== undefined) found.set(key, { value, origin: 'flag' });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  const config = readServerConfig(
    Object.fromEntries([...found].map(([key, { value }]) => [key, value])),
  );
  const origins = Object.fromEntries(
    CONFIG_KEYS.map((key) => [key, found.get(key)?.origin ?? 'default']),
  ) as Record<ConfigKey, string>;
  return { config, origins, warnings };
}

/** @throws ConfigError  one line a wrong or unknown key; the process must not start */
export function readServerConfig(keys: Readonly<Record<string, unknown>>): ServerConfig {
  const config = plainToInstance(ServerConfig, keys, { exposeDefaultValues: true });
  const faults = validateSync(config, { whitelist: true, forbidNonWhitelisted: true }).flatMap(
    ({ constraints }) => Object.values(constraints ?? {}),
  );
  const hasId = config.adminAccessKeyId !== undefined;
  if (hasId !== (config.adminSecretAccessKey !== undefined)) {
    faults.push('adminAccessKeyId and adminSecretAccessKey go together: one is missing');
  }
  const hasCertificate = config.streamsTlsCertificate !== undefined;
  if (hasCertificate !== (config.streamsTlsKey !== undefined)) {
    faults.push('streamsTlsCertificate and streamsTlsKey go together: one is missing');
  }
  if (config.eventLog === 'eventstoredb' && config.eventstoreUrl === undefined) {
    faults.push('eventLog eventstoredb needs eventstoreUrl, as esdb://127.0.0.1:2113?tls=false');
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function readFile(path: string | undefined, found: Map<ConfigKey, Found>, faults: string[]): void {
  const origin = path ?? DEFAULT_FILE;
  let text: string;
  try {
    text = readFileSync(origin, 'utf8');
  } catch (error) {
    // The default file need not be there; one that was asked for must.
    if (path !== undefined) faults.push(`${origin} cannot be read: ${String(error)}`);
    return;
  }
  const keys = parseYaml(text, origin, faults);
  for (const [key, value] of keys) {
    if (!isConfigKey(key)) faults.push(`${origin}: ${unknown(key, CONFIG_KEYS)}`);
    // A key with nothing after it is as good as none.
    else if (value !== null) found.set(key, { value, origin });
  }
}

function parseYaml(text: string, origin: string, faults: string[]): Map<unknown, unknown> {
  try {
    const content: unknown = parse(text, { mapAsMap: true }) ?? new Map();
    if (content instanceof Map) return content;
    faults.push(`${origin} is no list of keys and values`);
  } catch (error) {
    faults.push(`${origin} is not valid YAML: ${String(error).split('\n')[0]}`);
  }
  return new Map();
}

function readEnvironment(
  environment: ConfigSources['environment'],
  found: Map<ConfigKey, Found>,
  faults: string[],
): string[] {
  const ours = new Map(CONFIG_KEYS.map((key) => [environmentName(key), key]));
  const theirs = new Map(Object.entries(LAKEFS_NAMES));
  const ignored: string[] = [];
  const set = Object.entries(environment).filter(([, value]) => value !== undefined);
  for (const [name, value] of set) {
    const key = theirs.get(name);
    if (key !== undefined) found.set(key, { value: translated(key, value), origin: name });
    else if (name.startsWith('LAKEFS_')) ignored.push(name);
  }
  const files = new Map(FILE_KEYS.map((key) => [`${environmentName(key)}_FILE`, key]));
  // After lakeFS's names, so that ours win.
  for (const [name, value = ''] of set) {
    const key = ours.get(name);
    const inFile = files.get(name);
    if (key !== undefined) found.set(key, { value, origin: name });
    else if (inFile !== undefined) {
      if (environment[environmentName(inFile)] === undefined) {
        found.set(inFile, { value: contentOf(value, name, faults), origin: name });
      } else faults.push(`${environmentName(inFile)} and ${name} are both set: take one`);
    } else if (name.startsWith('MORAINE_') && name !== FILE_VARIABLE) {
      faults.push(unknown(name, [...ours.keys(), ...files.keys(), FILE_VARIABLE]));
    }
  }
  if (ignored.length === 0) return [];
  return [`no such setting here, so these are not used: ${ignored.sort().join(', ')}`];
}

/** A secret in a file of its own, as containers are given it; a newline at its end is not meant. */
function contentOf(path: string, name: string, faults: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    faults.push(`${name}: ${path} cannot be read: ${String(error)}`);
    return undefined;
  }
}

/** lakeFS writes some values in another way. */
function translated(key: ConfigKey, value: string | undefined): string | undefined {
  if (key !== 'logLevel') return value;
  const level = value?.toLowerCase() ?? '';
  return { none: 'silent', null: 'silent', panic: 'fatal', warning: 'warn' }[level] ?? level;
}

function unknown(name: unknown, known: readonly string[]): string {
  return `there is no ${String(name)}; did you mean ${nearest(String(name), known)}?`;
}

function isConfigKey(key: unknown): key is ConfigKey {
  return CONFIG_KEYS.some((known) => known === key);
}
