import { type Client, escapeLiteral } from 'pg';
import { LogSeal } from '../../ports/log-seal.js';
import { SEALED } from './failures.js';

/**
 * A seal is a trigger on the table of events, so that a log without one pays nothing for it. Making
 * it waits for the appends that are under way, and those that come behind meet it.
 */
export class PostgresLogSeal extends LogSeal {
  constructor(private readonly connect: () => Promise<Client>) {
    super();
  }

  async seal(note: string): Promise<void> {
    await this.#inTransaction(async (client) => {
      await client.query(REFUSE);
      await client.query(DROP);
      await client.query(`CREATE TRIGGER log_sealed BEFORE INSERT ON event FOR EACH STATEMENT
        EXECUTE FUNCTION refuse_append(${escapeLiteral(note)})`);
    });
  }

  async unseal(): Promise<void> {
    await this.#inTransaction(async (client) => {
      await client.query(DROP);
    });
  }

  async #inTransaction(work: (client: Client) => Promise<void>): Promise<void> {
    const client = await this.connect();
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } finally {
      // What was not committed goes with the connection.
      await client.end();
    }
  }
}

const REFUSE = `CREATE OR REPLACE FUNCTION refuse_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '${SEALED}';
END $$`;
const DROP = 'DROP TRIGGER IF EXISTS log_sealed ON event';
