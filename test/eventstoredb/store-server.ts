import { streamsServer } from '../support/streams-server.js';

/** An EventStoreDB to test with. */
export interface StoreServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The real one that `EVENTSTORE_URL` names, else a log in memory served by its protocol. */
export async function storeServer(): Promise<StoreServer> {
  const url = process.env['EVENTSTORE_URL'];
  return url === undefined ? streamsServer() : { url, close: async () => undefined };
}
