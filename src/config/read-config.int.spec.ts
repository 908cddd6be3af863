import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-error.js';
import { type ConfigSources, readConfig } from './read-config.js';
import { CONFIG_KEYS, environmentName, flagName, listenAddress } from './server.config.js';
import { ServerConfig } from './server.config.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moraine-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(folder, 'moraine.yaml');
  writeFileSync(path, content);
  return path;
}

const read = (sources: Partial<ConfigSources>) =>
  readConfig({ flags: {}, environment: {}, ...sources });

function faultsOf(sources: Partial<ConfigSources>): readonly string[] {
  try {
    read(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('what the server is told', () => {
  it('is the defaults when nobody says anything', () => {
    const { config, origins } = read({});
    expect(config).toMatchObject({
      listen: '127.0.0.1:8000',
      data: './data',
      eventLog: 'postgres',
      setup: 'auto',
      logLevel: 'info',
    });
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
  });

  it('comes from the file, under the environment, under the flags', () => {
    const path = file('listen: 127.0.0.1:1\ndata: from-file\nlogLevel: warn\nshutdownMs: 5\n');
    const { config, origins } = read({
      flags: { config: path, logLevel: 'debug' },
      environment: { MORAINE_LISTEN: '127.0.0.1:2', MORAINE_LOG_LEVEL: 'error', PATH: '/bin' },
    });
    expect(config).toMatchObject({
      listen: '127.0.0.1:2',
      data: 'from-file',
      logLevel: 'debug',
      shutdownMs: 5,
    });
    expect(origins).toMatchObject({
      listen: 'MORAINE_LISTEN',
      data: path,
      logLevel: 'flag',
      shutdownMs: path,
      setup: 'default',
    });
  });

  it('comes by the names of lakeFS too, and ours win', () => {
    const { config, origins, warnings } = read({
      environment: {
        MORAINE_LISTEN: '127.0.0.1:2',
        LAKEFS_LISTEN_ADDRESS: '127.0.0.1:1',
        LAKEFS_AUTH_ENCRYPT_SECRET_KEY: 'some random secret string',
        LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING: 'postgres://u:p@h/d',
        LAKEFS_LOGGING_LEVEL: 'NONE',
        LAKEFS_STATS_ENABLED: 'false',
        LAKEFS_BLOCKSTORE_TYPE: 'local',
      },
    });
    expect(config).toMatchObject({
      listen: '127.0.0.1:2',
      secretKey: 'some random secret string',
      databaseUrl: 'postgres://u:p@h/d',
      logLevel: 'silent',
    });
    expect(origins.secretKey).toBe('LAKEFS_AUTH_ENCRYPT_SECRET_KEY');
    expect(warnings).toEqual([
      'no such setting here, so these are not used: LAKEFS_BLOCKSTORE_TYPE, LAKEFS_STATS_ENABLED',
    ]);
  });

  it('reads a secret from a file that a variable names, and not from two places', () => {
    const path = file('a secret in a file\n');
    const { config, origins } = read({ environment: { MORAINE_SECRET_KEY_FILE: path } });
    expect(config.secretKey).toBe('a secret in a file');
    expect(origins.secretKey).toBe('MORAINE_SECRET_KEY_FILE');
    const both = { MORAINE_SECRET_KEY_FILE: path, MORAINE_SECRET_KEY: 'another secret, as long' };
    expect(faultsOf({ environment: both })).toEqual([
      'MORAINE_SECRET_KEY and MORAINE_SECRET_KEY_FILE are both set: take one',
    ]);
    const none = { MORAINE_DATABASE_URL_FILE: join(folder, 'none') };
    expect(faultsOf({ environment: none })[0]).toMatch(/^MORAINE_DATABASE_URL_FILE: .* cannot be/);
  });

  it('is refused under an unknown name, with the nearest one', () => {
    expect(faultsOf({ environment: { MORAINE_LISTN: 'x', MORAINE_DATABSE_URL: 'y' } })).toEqual([
      'there is no MORAINE_LISTN; did you mean MORAINE_LISTEN?',
      'there is no MORAINE_DATABSE_URL; did you mean MORAINE_DATABASE_URL?',
    ]);
    const path = file('lissten: 1\n');
    expect(faultsOf({ environment: { MORAINE_CONFIG: path } })).toEqual([
      `${path}: there is no lissten; did you mean listen?`,
    ]);
    const polluted = file('__proto__: {listen: "0.0.0.0:1"}\n');
    expect(faultsOf({ flags: { config: polluted } })[0]).toContain('there is no __proto__');
  });

  it.each([
    [{ listen: 'nowhere' }, /listen must be host:port/],
    [{ listen: '127.0.0.1:65536' }, /listen must be host:port/],
    [{ data: '' }, /data must be longer/],
    [{ databaseUrl: 'mysql://x' }, /databaseUrl must begin with postgres/],
    [{ eventLog: 'kafka' }, /eventLog must be one of/],
    [{ eventLog: 'eventstoredb' }, /needs eventstoreUrl/],
    [{ eventstoreUrl: 'http://a' }, /eventstoreUrl must be esdb:/],
    [{ setup: 'later' }, /setup must be one of/],
    [{ secretKey: 'short' }, /secretKey must be longer/],
    [{ logLevel: 'loud' }, /logLevel must be one of/],
    [{ shutdownMs: 'soon' }, /shutdownMs must be an integer/],
    [{ shutdownMs: '-1' }, /shutdownMs must not be less/],
    [{ requestsMax: '0' }, /requestsMax must not be less than 1/],
    [{ waitMsMax: '1.5' }, /waitMsMax must be an integer/],
    [{ bytesPerSecondMin: '' }, /bytesPerSecondMin must not be less than 1/],
    [{ addressTokenTtlMs: '9e99' }, /addressTokenTtlMs must not be greater/],
    [{ metrics: 'on' }, /metrics must be same, off, or host:port/],
    [{ tracesUrl: 'localhost:4318' }, /tracesUrl must begin with http/],
    [{ tracesRatio: '1.1' }, /tracesRatio must not be greater than 1/],
    [{ adminAccessKeyId: 'AKIA' }, /go together/],
    [{ adminSecretAccessKey: 'a long secret' }, /go together/],
    [{ adminAccessKeyId: 'a:b', adminSecretAccessKey: 'a long secret' }, /without a colon/],
  ])('is refused as %j', (flags, fault) => {
    expect(faultsOf({ flags })).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });

  it('is refused in a file that is not there, or no YAML, or no map', () => {
    expect(faultsOf({ flags: { config: join(folder, 'none') } })[0]).toMatch(/cannot be read/);
    expect(faultsOf({ flags: { config: file('a: [') } })[0]).toMatch(/not valid YAML/);
    expect(faultsOf({ flags: { config: file('- a\n') } })[0]).toMatch(/no list of keys/);
  });

  it('names every fault at once', () => {
    expect(faultsOf({ flags: { listen: 'x', setup: 'y' } })).toHaveLength(2);
  });

  it('has one list of keys, which holds every default', () => {
    expect(CONFIG_KEYS).toEqual(expect.arrayContaining(Object.keys(new ServerConfig())));
    expect(environmentName('adminSecretAccessKey')).toBe('MORAINE_ADMIN_SECRET_ACCESS_KEY');
    expect(flagName('adminSecretAccessKey')).toBe('admin-secret-access-key');
  });

  it('reads addresses with and without a host', () => {
    expect(listenAddress(':8000')).toEqual({ host: '0.0.0.0', port: 8000 });
    expect(listenAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
    expect(listenAddress('localhost:80')).toEqual({ host: 'localhost', port: 80 });
    for (const text of ['', '8000', 'a:b:1', '::1:8000', 'a b:1', 'host:']) {
      expect(listenAddress(text)).toBeUndefined();
    }
  });
});
