import type { ClientConfig } from 'pg';
import {
  openEventStoreStores,
  type EventStoreStoresOptions,
} from '../../src/app/event-store-stores.js';
import type { InlineProjection } from '../../src/ports/event-log.js';
import type { OpenedLog } from '../contract/event-log/opened-log.js';

/** Opens a node on a store: a log, and views of its own or those of a Postgres. */
export async function openNode(
  options: {
    connectionString: string;
    project: InlineProjection;
    connection?: ClientConfig;
  } & Partial<EventStoreStoresOptions>,
): Promise<OpenedLog> {
  return openEventStoreStores({
    connection: undefined,
    onFatal: fail,
    onTrouble: (error) => console.error(error),
    ...options,
  });
}

function fail(error: unknown): never {
  throw error;
}
