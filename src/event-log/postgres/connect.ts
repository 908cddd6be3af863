import { Client, types, type ClientConfig } from 'pg';

/** Opens a connection; `name` tells people who look at the server what it is for. */
export type Connect = (name: string) => Promise<Client>;

/**
 * Returns the settings of one of this service's connections.
 *
 * The planner is left one plan for each of our statements, nested loops over indexes. It plans once
 * and for all values, and a skewed table's statistics have made it read all of it for ten rows.
 */
export function configOf(config: ClientConfig, name: string): ClientConfig {
  return {
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    statement_timeout: STATEMENT_MS_MAX,
    idle_in_transaction_session_timeout: TRANSACTION_IDLE_MS_MAX,
    ...config,
    application_name: `moraine ${name}`,
    options: [config.options, ...PLANNER.map((setting) => `-c ${setting}`)].join(' ').trim(),
    types: { getTypeParser },
  };
}

export function connectorOf(config: ClientConfig): Connect {
  return async (name) => {
    const client = new Client(configOf(config, name));
    // A lost connection is told by its queries, which reject; nobody else needs to hear of it.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
}

/** Ends a connection at once, whatever is under way on it. */
export async function hangUp(client: Client): Promise<void> {
  // With a query in flight this destroys the socket, and the query rejects.
  await client.end().catch(() => undefined);
}

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  // Positions and revisions: safe integers, and 2^53 events are out of anybody's reach.
  if (oid === types.builtins.INT8 && format !== 'binary') return Number;
  return types.getTypeParser(oid, format);
}

const PLANNER = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
];
const CONNECT_MS_MAX = 2_000;
const KEEP_ALIVE_MS = 5_000;
/** Longer than a swap of views may hold the lock, so that an append outlasts it. */
const STATEMENT_MS_MAX = 15_000;
const TRANSACTION_IDLE_MS_MAX = 15_000;
