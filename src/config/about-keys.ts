import { type ConfigKey, CONFIG_KEYS, environmentName, FILE_KEYS } from './server.config.js';
import { flagName, LAKEFS_NAMES, SECRET_KEYS, ServerConfig } from './server.config.js';

/** What each key says, in a line; for `--help` and for the page of all keys. */
export const ABOUT_KEYS: Readonly<Record<ConfigKey, string>> = {
  listen: 'host:port to listen on; port 0: any that is free; no host: all of them',
  data: 'the folder of objects, the secret key and the embedded Postgres',
  databaseUrl: 'a Postgres of your own, 15 or newer, instead of the embedded one',
  eventLog: '`postgres`, `eventstoredb`, or `memory`, which forgets everything when it stops',
  eventstoreUrl: 'with eventLog eventstoredb: its connection string (docs/eventstoredb.md)',
  views: 'with eventLog eventstoredb: `postgres`, or `memory`, where each start builds them anew',
  adminAccessKeyId: "with the secret: the first administrator's keys; left out: made, shown once",
  adminSecretAccessKey: 'goes with adminAccessKeyId',
  setup: '`auto`; or `api`: the first administrator is made by `POST /setup_lakefs`',
  secretKey: 'seals credentials and signs tokens; left out: made, `<data>/secret.key`',
  logLevel: 'trace, debug, info, warn, error, fatal or silent; the log goes to stderr',
  drainMs: 'a stop says "not ready" for so long and still answers, so that traffic goes elsewhere',
  shutdownMs: 'after that, how long a stop waits for requests that are under way',
  requestsMax: 'requests worked on at once, uploads apart',
  uploadsMax: 'uploads taken at once',
  waitingMax: 'requests and uploads that wait for their turn; one more is answered 503',
  waitMsMax: 'how long one waits for its turn before it is answered 503',
  connectionsMax: 'connections at once; one more is closed',
  headersMsMax: 'how long the headers of a request may take to arrive',
  bodyMsMax: 'how long a body of JSON may take to arrive',
  stallMsMax: 'an upload or download that stands still for so long is ended; one that moves is not',
  bytesPerSecondMin: 'an upload or download slower than this, over stallMsMax, is ended too',
  keepAliveMs: 'a connection is kept for its next request; longer than a proxy before it does',
  feedsMax: 'feeds of events open at once; one more is answered 503',
  feedHeartbeatMs: 'a feed says so often that it is there, and looks whether its reader still may',
  feedStallMs: 'a feed whose reader takes nothing of what waits for so long is ended',
  addressTokenTtlMs: 'how long an issued physical address can be linked',
  presignTtlMs: 'how long a presigned URL can be used',
  sessionTtlMs: 'how long a session lasts that a login begins',
  pastChangesMax: 'a moment of the past with more uncommitted writes than this is not laid out',
  pastBytesMax: 'memory for such moments; while one is laid out, as much again',
  publicUrl: 'where clients reach this server, for presigned URLs; left out: the Host they ask by',
  importEnabled: '`true`: objects may be imported from where they lie, and stay there',
  importFolders: 'absolute folders that may be imported from, with commas between them',
  metrics: '`same`: /metrics beside the API; `off`; or host:port: there alone',
  tracesUrl: 'where traces go (OTLP over HTTP), as http://127.0.0.1:4318/v1/traces; left out: off',
  tracesRatio: "0 to 1: the part of requests traced, unless a caller's `traceparent` decides",
  streamsListen:
    "host:port of EventStoreDB's protocol, or `off`; left out: 127.0.0.1:2113 if that is free",
  streamsTlsCertificate: 'a PEM file of certificates; with the key, that protocol goes by TLS',
  streamsTlsKey: 'goes with streamsTlsCertificate',
  streamsInsecure: '`true`: nobody who speaks that protocol is asked who they are',
  postgresCacheBytes: 'memory that the embedded Postgres keeps pages in',
};

/** Returns docs/configuration.md: every key, by each of its names. */
export function configurationPage(): string {
  const defaults: Partial<Record<ConfigKey, unknown>> = new ServerConfig();
  const rows = CONFIG_KEYS.map((key) => [
    `\`${key}\``,
    `\`${environmentName(key)}\``,
    defaults[key] === undefined ? '' : `\`${String(defaults[key])}\``,
    ABOUT_KEYS[key],
  ]);
  const lakefs = Object.entries(LAKEFS_NAMES).map(([name, key]) => [`\`${name}\``, `\`${key}\``]);
  return [
    '# Configuration',
    '',
    INTRODUCTION,
    '',
    ...table(['key', 'in the environment', 'default', 'what it says'], rows),
    '',
    `Never shown or logged: ${SECRET_KEYS.map(code).join(', ')}. These can stand in a file`,
    `of their own, named by a variable that ends in \`_FILE\`: ${filesOf()}.`,
    '',
    "lakeFS's names for what means the same; ours win, and what is unknown is one warning:",
    '',
    ...table(['in the environment', 'key'], lakefs),
    '',
  ].join('\n');
}

const code = (text: string): string => `\`${text}\``;

const filesOf = (): string =>
  FILE_KEYS.map((key) => code(`${environmentName(key)}_FILE`)).join(', ');

const INTRODUCTION = `Every key can be set in a file (\`--config\`, else \`MORAINE_CONFIG\`, else
\`./moraine.yaml\` if it is there), over that in the environment, and over that by a flag:
\`logLevel: warn\` in the file, \`${environmentName('logLevel')}=warn\` and
\`--${flagName('logLevel')} warn\` say the same. An unknown key is an error that names the nearest
one. \`npx moraine config check\` prints what is in force and where each value came from, and ends
with code 2 when something is wrong.

Times are milliseconds, sizes are bytes. This page is printed by \`npx moraine config page\`.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, at) =>
    Math.max(3, ...[head, ...rows].map((row) => widthOf(row[at]))),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [
    line(head),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.map(line),
  ];
}

const widthOf = (cell: string | undefined): number => cell?.length ?? 0;
