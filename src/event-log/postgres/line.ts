import type { Client } from 'pg';
import { StoreUnavailable } from '../../ports/store-errors.js';
import { hangUp, type Connect } from './connect.js';

interface Backend {
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * One connection that is made anew when it is lost. Before the new one is used the old backend is
 * ended on the server: what it was doing has then happened or never will, so a statement that is
 * sent again is never overtaken by its first sending.
 */
export class Line {
  readonly #connect: Connect;
  readonly #name: string;
  #client: Client | undefined;
  #backend: Backend | undefined;

  constructor(connect: Connect, name: string) {
    this.#connect = connect;
    this.#name = name;
  }

  /** @throws whatever connecting throws; ask again later */
  async client(): Promise<Client> {
    if (this.#client) return this.#client;
    const client = await this.#connect(this.#name);
    try {
      if (this.#backend) await endBackend(client, this.#backend);
      this.#backend = await backendOf(client);
    } catch (error) {
      await hangUp(client);
      throw error;
    }
    client.once('end', () => {
      if (this.#client === client) this.#client = undefined;
    });
    this.#client = client;
    return client;
  }

  /** Breaks the connection; a statement in flight rejects. */
  async hangUp(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client) await hangUp(client);
  }
}

async function backendOf(client: Client): Promise<Backend> {
  const { rows } = await client.query<Backend>(
    `SELECT pid, backend_start::text AS "startedAt" FROM pg_stat_activity
      WHERE pid = pg_backend_pid()`,
  );
  if (!rows[0]) throw new StoreUnavailable('the server does not list this session');
  return rows[0];
}

async function endBackend(client: Client, { pid, startedAt }: Backend): Promise<void> {
  const { rows } = await client.query<{ isGone: boolean }>(
    `SELECT pg_terminate_backend(pid, ${END_MS_MAX}) AS "isGone" FROM pg_stat_activity
      WHERE pid = $1 AND backend_start = $2::timestamptz`,
    [pid, startedAt],
  );
  if (rows[0]?.isGone === false) throw new StoreUnavailable('the old session does not end');
}

const END_MS_MAX = 2_000;
