import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, Length, Matches } from 'class-validator';
import { Max, Min, MinLength, ValidateBy } from 'class-validator';
import { IsEventstoreUrl } from './eventstore-url.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const EVENT_LOGS = ['postgres', 'memory', 'eventstoredb'] as const;
export const VIEW_STORES = ['postgres', 'memory'] as const;
export const SETUPS = ['auto', 'api'] as const;
const DAY_MS = 24 * 60 * 60 * 1000;

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

  /** With the log in EventStoreDB: its connection string, as its own clients take it. */
  @IsOptional()
  @IsEventstoreUrl()
  readonly eventstoreUrl?: string;

  /** With the log in EventStoreDB: where the views are. `memory` builds them anew at each start. */
  @IsIn(VIEW_STORES)
  readonly views: (typeof VIEW_STORES)[number] = 'postgres';

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

  /** How long a stop says "not ready" and still answers, so that whoever routes turns away. */
  @Whole(0, 600_000)
  readonly drainMs: number = 0;

  /** After that, how long a stop waits for requests that are under way. */
  @Whole(0, 600_000)
  readonly shutdownMs: number = 20_000;

  /** Requests worked on at once, uploads apart. */
  @Whole(1, 100_000)
  readonly requestsMax: number = 512;

  /** Uploads taken at once. */
  @Whole(1, 100_000)
  readonly uploadsMax: number = 128;

  /** Requests and uploads that wait for their turn; one more is answered 503. */
  @Whole(0, 100_000)
  readonly waitingMax: number = 1_024;

  /** How long one waits for its turn before it is answered 503. */
  @Whole(0, 600_000)
  readonly waitMsMax: number = 2_000;

  /** Connections at once; one more is closed. */
  @Whole(1, 1_000_000)
  readonly connectionsMax: number = 10_000;

  /** How long the headers of a request may take to arrive. */
  @Whole(100, 600_000)
  readonly headersMsMax: number = 30_000;

  /** How long a body of JSON may take to arrive. */
  @Whole(100, 600_000)
  readonly bodyMsMax: number = 30_000;

  /** An upload or a download that stands still for so long is ended; one that moves is not. */
  @Whole(1_000, 3_600_000)
  readonly stallMsMax: number = 60_000;

  /** An upload or a download that is slower than this, over `stallMsMax`, is ended too. */
  @Whole(1, 1024 * 1024)
  readonly bytesPerSecondMin: number = 256;

  /** How long a connection is kept for its next request; longer than a proxy before it keeps it. */
  @Whole(0, 3_600_000)
  readonly keepAliveMs: number = 75_000;

  /** Feeds of events open at once; one more is answered 503. */
  @Whole(0, 1_000_000)
  readonly feedsMax: number = 5_000;

  /** A feed says so often that it is there, and looks whether its reader still may read. */
  @Whole(100, 600_000)
  readonly feedHeartbeatMs: number = 15_000;

  /** A feed whose reader takes nothing of what waits for so long is ended. */
  @Whole(100, 3_600_000)
  readonly feedStallMs: number = 60_000;

  /** How long an issued physical address can be linked. */
  @Whole(1_000, 30 * DAY_MS)
  readonly addressTokenTtlMs: number = DAY_MS;

  /** How long a presigned URL can be used. */
  @Whole(1_000, 7 * DAY_MS)
  readonly presignTtlMs: number = 15 * 60 * 1000;

  /** How long a session lasts that `POST /auth/login` begins. */
  @Whole(1_000, 14 * DAY_MS)
  readonly sessionTtlMs: number = 7 * DAY_MS;

  /** Events that say what was not committed at one moment of the past, when somebody reads it. */
  @Whole(1, 1_000_000_000)
  readonly pastChangesMax: number = 1_000_000;

  /** Memory for what was not committed at moments of the past; twice, while some is read anew. */
  @Whole(1024 * 1024, 64 * 1024 * 1024 * 1024)
  readonly pastBytesMax: number = 512 * 1024 * 1024;

  /** Where clients reach this server, for presigned URLs. Left out: the `Host` of the request. */
  @IsOptional()
  @Matches(/^https?:\/\/[^/?#@\s]+$/, {
    message: 'publicUrl must be http:// or https:// and a host, with nothing behind it',
  })
  readonly publicUrl?: string;

  /** Whether objects may be imported from where they lie. */
  @TrueOrFalse()
  readonly importEnabled: boolean = false;

  /** With the local block store: absolute folders to import from, with commas between. */
  @IsOptional()
  @Matches(/^\s*\/[^,]*(,\s*\/[^,]*)*$/, {
    message: 'importFolders must be absolute paths with commas between them',
  })
  readonly importFolders?: string;

  /** `same`: `/metrics` beside the API; `off`: nowhere; host:port: there alone. */
  @IsMetricsPlace()
  readonly metrics: string = 'same';

  /** Where traces go by OTLP over HTTP, as http://127.0.0.1:4318/v1/traces. Left out: nowhere. */
  @IsOptional()
  @Matches(/^https?:\/\/./, { message: 'tracesUrl must begin with http:// or https://' })
  readonly tracesUrl?: string;

  /** The part of requests that are traced, unless a caller's `traceparent` has decided. */
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly tracesRatio: number = 1;

  /**
   * Where EventStoreDB's protocol is served: host:port, or `off`. Left out: 127.0.0.1:2113, and
   * nowhere when that is taken.
   */
  @IsOptional()
  @IsStreamsPlace()
  readonly streamsListen?: string;

  /** A file of PEM certificates, the server's own first; with the key, the protocol goes by TLS. */
  @IsOptional()
  @Length(1, 4096)
  readonly streamsTlsCertificate?: string;

  @IsOptional()
  @Length(1, 4096)
  readonly streamsTlsKey?: string;

  /** Nobody who speaks that protocol is asked who they are. */
  @TrueOrFalse()
  readonly streamsInsecure: boolean = false;

  /** Memory that the embedded Postgres keeps pages in. */
  @Whole(16 * 1024 * 1024, 64 * 1024 * 1024 * 1024)
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
  'eventstoreUrl',
  'views',
  'adminAccessKeyId',
  'adminSecretAccessKey',
  'setup',
  'secretKey',
  'logLevel',
  'drainMs',
  'shutdownMs',
  'requestsMax',
  'uploadsMax',
  'waitingMax',
  'waitMsMax',
  'connectionsMax',
  'headersMsMax',
  'bodyMsMax',
  'stallMsMax',
  'bytesPerSecondMin',
  'keepAliveMs',
  'feedsMax',
  'feedHeartbeatMs',
  'feedStallMs',
  'addressTokenTtlMs',
  'presignTtlMs',
  'sessionTtlMs',
  'pastChangesMax',
  'pastBytesMax',
  'publicUrl',
  'importEnabled',
  'importFolders',
  'metrics',
  'tracesUrl',
  'tracesRatio',
  'streamsListen',
  'streamsTlsCertificate',
  'streamsTlsKey',
  'streamsInsecure',
  'postgresCacheBytes',
];

/** What is never shown. */
export const SECRET_KEYS: readonly ConfigKey[] = ['adminSecretAccessKey', 'secretKey'];
/** What is shown less its password. */
export const URL_KEYS: readonly ConfigKey[] = ['databaseUrl', 'eventstoreUrl', 'tracesUrl'];
/** What can be in a file of its own, named by `MORAINE_…_FILE`. */
export const FILE_KEYS: readonly ConfigKey[] = [...SECRET_KEYS, 'databaseUrl', 'eventstoreUrl'];

/** lakeFS's names of what means the same here. */
export const LAKEFS_NAMES: Readonly<Record<string, ConfigKey>> = {
  LAKEFS_AUTH_ENCRYPT_SECRET_KEY: 'secretKey',
  LAKEFS_BLOCKSTORE_LOCAL_ALLOWED_EXTERNAL_PREFIXES: 'importFolders',
  LAKEFS_BLOCKSTORE_LOCAL_IMPORT_ENABLED: 'importEnabled',
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

/** A whole number from `min` to `max`, also as text. */
function Whole(min: number, max: number): PropertyDecorator {
  const parts = [Type(() => Number), IsInt(), Min(min), Max(max)];
  return (target, key) => {
    for (const decorate of parts) decorate(target, key);
  };
}

/** `true` or `false`, also as text. */
function TrueOrFalse(): PropertyDecorator {
  const texts: ReadonlyMap<unknown, boolean> = new Map([
    ['true', true],
    ['false', false],
  ]);
  const parts = [Transform(({ value }) => texts.get(value) ?? (value as unknown)), IsBoolean()];
  return (target, key) => {
    for (const decorate of parts) decorate(target, key);
  };
}

function IsMetricsPlace(): PropertyDecorator {
  return ValidateBy({
    name: 'isMetricsPlace',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        (['same', 'off'].includes(value) || listenAddress(value) !== undefined),
      defaultMessage: () => '$property must be same, off, or host:port',
    },
  });
}

function IsStreamsPlace(): PropertyDecorator {
  return ValidateBy({
    name: 'isStreamsPlace',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        (['', 'off'].includes(value) || listenAddress(value) !== undefined),
      defaultMessage: () => '$property must be off, or host:port, as 127.0.0.1:2113',
    },
  });
}

/** Returns whether nothing of an installation is in Postgres. */
export const isInMemory = ({ eventLog, views }: ServerConfig): boolean =>
  eventLog === 'memory' || (eventLog === 'eventstoredb' && views === 'memory');
