import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Length, Matches, Max, Min, MinLength } from 'class-validator';
import { ValidateBy } from 'class-validator';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const EVENT_LOGS = ['postgres', 'memory', 'eventstoredb'] as const;
export const SETUPS = ['auto', 'api'] as const;

/** What `serve` can be told, and what it does untold. In the environment: `MORAINE_LISTEN` … */
export class ServerConfig {
  /** host:port; port 0 lets the system choose, no host means all of them. */
  @IsListenAddress()
  readonly listen: string = '127.0.0.1:8000';

  /** The folder of objects, the secret key and the embedded Postgres. */
  @Length(1, 4096)
  readonly data: string = './data';

  /** A Postgres of your own, 15 or newer, instead of the embedded one. */
  @IsOptional()
  @Matches(/^postgres(ql)?:\/\/./, { message: 'databaseUrl must begin with postgres://' })
  readonly databaseUrl?: string;

  /** `memory` forgets everything when it stops. */
  @IsIn(EVENT_LOGS)
  readonly eventLog: (typeof EVENT_LOGS)[number] = 'postgres';

  /** With the secret: the key pair of the first administrator. Left out: made on the first run. */
  @IsOptional()
  @Matches(/^[\x21-\x39\x3b-\x7e]{3,128}$/, {
    message: 'adminAccessKeyId must be 3 to 128 visible characters without a colon',
  })
  readonly adminAccessKeyId?: string;

  @IsOptional()
  @Length(8, 256)
  readonly adminSecretAccessKey?: string;

  /** `api`: there is no administrator until somebody asks for one by `POST /setup_lakefs`. */
  @IsIn(SETUPS)
  readonly setup: (typeof SETUPS)[number] = 'auto';

  /** Seals credentials and signs tokens. Left out: made on the first run, `<data>/secret.key`. */
  @IsOptional()
  @MinLength(16)
  readonly secretKey?: string;

  @IsIn(LOG_LEVELS)
  readonly logLevel: (typeof LOG_LEVELS)[number] = 'info';

  /** How long a stop waits for requests that are under way. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(600_000)
  readonly shutdownMs: number = 20_000;

  /** Memory that the embedded Postgres keeps pages in. */
  @Type(() => Number)
  @IsInt()
  @Min(16 * 1024 * 1024)
  @Max(64 * 1024 * 1024 * 1024)
  readonly postgresCacheBytes: number = 256 * 1024 * 1024;
}

/** A key by its name in the class; in a file too. */
export type ConfigKey = keyof ServerConfig;

/** Every key there is, also those that have no default. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  'listen',
  'data',
  'databaseUrl',
  'eventLog',
  'adminAccessKeyId',
  'adminSecretAccessKey',
  'setup',
  'secretKey',
  'logLevel',
  'shutdownMs',
  'postgresCacheBytes',
];

/** What is never shown, and what is shown less its password. */
export const SECRET_KEYS: readonly ConfigKey[] = ['adminSecretAccessKey', 'secretKey'];

/** lakeFS's names of what means the same here. */
export const LAKEFS_NAMES: Readonly<Record<string, ConfigKey>> = {
  LAKEFS_AUTH_ENCRYPT_SECRET_KEY: 'secretKey',
  LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING: 'databaseUrl',
  LAKEFS_INSTALLATION_ACCESS_KEY_ID: 'adminAccessKeyId',
  LAKEFS_INSTALLATION_SECRET_ACCESS_KEY: 'adminSecretAccessKey',
  LAKEFS_LISTEN_ADDRESS: 'listen',
  LAKEFS_LOGGING_LEVEL: 'logLevel',
};

/** Returns a key as the environment has it: `databaseUrl` is `MORAINE_DATABASE_URL`. */
export function environmentName(key: ConfigKey): string {
  return `MORAINE_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Returns a key as a flag has it, without the dashes: `databaseUrl` is `database-url`. */
export function flagName(key: ConfigKey): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[::1]:port` or `:port`; undefined when it is none of them. */
export function listenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) return undefined;
  return { host: bracketed ?? (plain === '' ? '0.0.0.0' : plain), port };
}

function IsListenAddress(): PropertyDecorator {
  return ValidateBy({
    name: 'isListenAddress',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && listenAddress(value) !== undefined,
      defaultMessage: () => '$property must be host:port, as 127.0.0.1:8000',
    },
  });
}
